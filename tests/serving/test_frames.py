from __future__ import annotations

import contextlib
import json
import random
import struct
import time
import tracemalloc

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from visitors import frame

from cnnvis_widgets.serving import frames
from cnnvis_widgets.serving.frames import BadFrameError, TokenBucket, check_frame


def message(kind: str = "comm_msg", content: object = None, *buffers: bytes) -> list[bytes]:
    header = {"msg_type": kind, "msg_id": "1"}
    body = {"comm_id": "a", "data": {}} if content is None else content
    return [*(json.dumps(part).encode() for part in (header, {}, {}, body)), *buffers]


def test_what_jupyter_writes_is_taken() -> None:
    session = Session()
    made = session.msg("comm_msg", content={"comm_id": "a", "data": {"method": "custom"}})
    made["content"]["data"]["content"] = {}
    accepted = check_frame(serialize_msg_to_ws_v1(made, "shell", session.pack))
    assert accepted == ("comm_msg", made["header"]["msg_id"])
    assert check_frame(frame(message("kernel_info_request"))).kind == "kernel_info_request"
    assert check_frame(frame(message("comm_msg", None, b"x" * 8_000_000, b""))).kind == "comm_msg"
    assert check_frame(frame(message("shutdown_request"), b"control")).kind == "shutdown_request"


good = frame(message())
BAD = {
    "empty": b"",
    "text": good.decode("latin-1"),
    "short": good[:40],
    "cut": good[:-3],
    "a count of 2^62": struct.pack("<Q", 2**62) + good[8:],
    "a count of 2^63 and more": b"\xff" * 8 + good[8:],
    "no offsets": struct.pack("<Q", 0) + good[8:],
    "more offsets than bytes": struct.pack("<Q", 15) + bytes(8 * 8),
    "offsets beyond": good[:16] + struct.pack("<Q", 2**40) + good[24:],
    "hundreds of overlapping offsets": struct.pack("<801Q", 800, *[6408] * 400, *[2**21] * 400)
    + bytes(2**21),
    "falling offsets": struct.pack("<7Q", 6, 56, 90, 80, 70, 60, 100) + bytes(60),
    "17 buffers": frame(message("comm_msg", None, *[b"x"] * 17)),
    "another channel": frame(message(), b"iopub"),
    "an unreadable channel": frame(message(), b"\xff\xfe"),
    "a long header": frame([b"{}" + b" " * 9000, b"{}", b"{}", b"{}"]),
    "a long content": frame(message("comm_msg", {"data": "x" * 600_000})),
    "a list for a header": frame([b"[]", b"{}", b"{}", b"{}"]),
    "no type": frame([b"{}", b"{}", b"{}", b"{}"]),
    "a number for a type": frame([b'{"msg_type": 3}', b"{}", b"{}", b"{}"]),
    "deep lists": frame([*message()[:3], b"[" * 200_000]),
    "a number of 100,000 digits": frame([*message()[:3], b'{"a": ' + b"9" * 100_000 + b"}"]),
    "a name of 5,000 letters": frame(message("comm_msg", {"comm_id": "x" * 5000, "data": {}})),
    "no name": frame(message("comm_msg", {"comm_id": {}, "data": {}})),
    "an unknown method": frame(
        message("comm_msg", {"comm_id": "a", "data": {"method": "y" * 999}})
    ),
    "a method that is a list": frame(message("comm_msg", {"comm_id": "a", "data": {"method": []}})),
    "no values": frame(message("comm_msg", {"comm_id": "a", "data": {"method": "update"}})),
    "a message's id of 5,000 letters": frame(
        [b'{"msg_type": "comm_msg", "msg_id": "' + b"z" * 5000 + b'"}', b"{}", b"{}", b"{}"]
    ),
    "not UTF-8": frame([*message()[:3], b'{"a": "\xff"}']),
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_page_sends_is_refused_at_once(name: str) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(BadFrameError):
        check_frame(BAD[name])  # type: ignore[arg-type]
    assert time.perf_counter() - start < 0.2
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def test_no_changed_byte_does_more_than_be_refused() -> None:
    rng = random.Random(11)
    whole = frame(message("comm_msg", None, b"buffer"))
    taken = 0
    for _ in range(5000):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        with contextlib.suppress(BadFrameError):
            taken += bool(check_frame(bytes(changed)))
    assert 0 < taken < 5000  # a changed letter of a value may be a value


def test_an_allowance_refills(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(frames.time, "monotonic", lambda: now[0])
    store = TokenBucket(per_second=2, capacity=6)
    assert [store.take() for _ in range(7)] == [True] * 6 + [False]
    assert not store.full
    now[0] += 1.25
    assert store.take(2.5)
    assert not store.take(0.01)
    now[0] += 1000
    assert store.full
    assert not store.take(6.5)
    assert store.take(6)
