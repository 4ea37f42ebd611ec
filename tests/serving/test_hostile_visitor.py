"""One visitor who does what he likes: the server goes on answering all the others."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import psutil
import pytest
from visitors import (
    SUBPROTOCOL,
    AppServer,
    Visitor,
    app,
    closed,
    frame,
    message,
    reply,
    write_page,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus

WIDGET = """
import anywidget, traitlets
class Echo(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    said = traitlets.Bytes(b"x" * 2_000_000).tag(sync=True)
echo = Echo()
import sys, warnings
sys.stderr.write("read /srv/secret/pictures/cat.png\\n")
warnings.warn("look into '/srv/secret/other file.py'")
print("ready", 6 * 7, "model", echo.model_id)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder = tmp_path_factory.mktemp("served") / "notebooks"
    write_page(folder / "page.ipynb", WIDGET)
    write_page(folder / "other.ipynb", "print(1)")
    with app(folder, "page.ipynb") as running:
        yield running


@pytest.fixture(scope="module")
def visitor(server: AppServer) -> Visitor:
    guest = Visitor.of(server, "page.ipynb")
    assert "ready 42" in guest.page.text
    return guest


def test_a_page_speaks_to_its_kernel(visitor: Visitor) -> None:
    with visitor.line() as line:
        line.send(frame(message("kernel_info_request", {})))
        assert reply(line, "kernel_info_reply")["status"] == "ok"


def test_only_the_page_that_opened_it_speaks_to_a_kernel(server: AppServer) -> None:
    mine, other = Visitor.of(server, "page.ipynb"), Visitor.of(server, "other.ipynb")
    theirs = other.cookie(f"api/kernels/{other.kernel}")["Cookie"]
    for cookie in ("", theirs, "cnnvis-kernel=", "cnnvis-kernel=x"):
        with pytest.raises(InvalidStatus, match="404"), mine.line(Cookie=cookie):
            pass
        for path, method in (
            (f"api/kernels/{mine.kernel}", "GET"),
            (f"api/kernels/{mine.kernel}", "DELETE"),
            (f"voila/api/shutdown/{mine.kernel}", "POST"),
        ):
            assert server.ask(path, method, Cookie=cookie).status == 404
    path = f"api/kernels/{mine.kernel}"
    state = server.ask(path, **mine.cookie(path))
    assert (state.status, mine.kernel in state.text) == (200, True)
    running = len(server.kernels())
    assert server.ask(path, "DELETE", **mine.cookie(path)).status == 204
    server.await_kernels(running - 1)
    assert server.ask(path, **mine.cookie(path)).status == 404
    farewell = f"voila/api/shutdown/{other.kernel}"
    assert server.ask(farewell, "POST", **other.cookie(farewell)).status == 204
    server.await_kernels(running - 2)


def test_the_cookie_is_for_the_kernels_own_addresses_and_no_script(visitor: Visitor) -> None:
    lines = [c for c in visitor.page.headers.get_all("Set-Cookie") or [] if "cnnvis" in c]
    assert len(lines) == 3
    for line in lines:
        assert f"/{visitor.kernel}" in line
        assert "HttpOnly" in line
        assert "SameSite=Strict" in line
    assert visitor.cookies[lines[0].split("=")[0], f"/api/kernels/{visitor.kernel}"]


@pytest.mark.parametrize("offered", [(), ("v0.kernel.websocket.jupyter.org",), ("x", "y")])
def test_without_the_subprotocol_there_is_no_line(
    visitor: Visitor, server: AppServer, offered: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidStatus, match="400"), visitor.line(subprotocols=offered):
        pass
    assert server.answers()


def test_a_session_that_is_no_name_is_refused(visitor: Visitor, server: AppServer) -> None:
    path = f"api/kernels/{visitor.kernel}/channels"
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec_WebSocket_Protocol": SUBPROTOCOL,
    }  # fmt: skip
    for odd in ("x" * 5000, "..%2F", "a%20b"):
        query = f"{path}?session_id={odd}"
        assert server.ask(query, **upgrade, **visitor.cookie(path)).status == 400


whole = frame(message())
HOSTILE = {
    "a count of 2^62": struct.pack("<Q", 2**62) + whole[8:],
    "a count of 2^30": struct.pack("<Q", 2**30) + whole[8:],
    "hundreds of overlapping offsets": struct.pack("<801Q", 800, *[6408] * 400, *[2**21] * 400)
    + bytes(2**21),
    "offsets beyond": whole[:16] + struct.pack("<Q", 2**40) + whole[24:],
    "nothing": b"",
    "text": "x" * 1000,
    "deep lists": frame([*message()[:3], b"[" * 200_000]),
    "iopub": frame(message("stream"), b"iopub"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_frame_ends_its_own_line_alone(
    visitor: Visitor, server: AppServer, name: str
) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with visitor.line() as hostile, visitor.line() as honest:
        hostile.send(HOSTILE[name])
        code, reason = closed(hostile)
        assert (code, "does not take this" in reason) == (1008, True)
        assert server.answers()
        honest.send(frame(message("kernel_info_request", {})))
        assert reply(honest, "kernel_info_reply")["status"] == "ok"
    assert process.memory_info().rss - before < 100 * 2**20


def test_a_frame_of_more_bytes_than_any_upload_ends_its_line(
    visitor: Visitor, server: AppServer
) -> None:
    with pytest.raises(ConnectionClosed), visitor.line() as line:
        line.send(frame(message("comm_msg", None, bytes(11 * 2**20))))
        line.recv(timeout=20)
    assert server.answers()


def test_whoever_sends_without_end_is_stopped(visitor: Visitor, server: AppServer) -> None:
    why = "more than a page sends in that time"
    with visitor.line() as line:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1500):
                line.send(frame(message("comm_info_request", {})))
        assert closed(line, 120) == (1008, f"The server does not take this: {why}.")
    assert server.answers(20)
    with visitor.line() as line:
        for _ in range(2):
            line.send(whole)
        assert closed(line)[1] == "The server does not take this: one message twice."


def test_code_is_never_run_for_a_visitor(visitor: Visitor, server: AppServer) -> None:
    with visitor.line() as line:
        for channel in (b"shell", b"control"):
            asked = {"code": "print('run')", "silent": False}
            line.send(frame(message("execute_request", asked), channel))
        line.send(frame(message("kernel_info_request", {})))
        assert reply(line, "kernel_info_reply")["status"] == "ok"
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                assert b"execute_reply" not in line.recv(timeout=0.3)
            except TimeoutError:
                break


@pytest.mark.parametrize(
    "query",
    [
        'theme="><script>alert(1)</script>', "theme=x", "template=python", "template=latex",
        "template=script", "template=.", "template=..", "template=lab", "template=/etc",
        "theme=%22onload%3D%22alert(1)", "template=cnnvis&theme=nothing", "template=",
    ],
)  # fmt: skip
def test_a_look_that_there_is_not_answers_404_and_starts_nothing(
    server: AppServer, query: str
) -> None:
    before = {p.pid for p in server.kernels()}
    quoted = query.replace("<", "%3C").replace(">", "%3E").replace('"', "%22")
    answer = server.ask(f"voila/render/page.ipynb?{quoted}", seconds=10)
    assert answer.status == 404
    assert "script" not in answer.text
    assert {p.pid for p in server.kernels()} <= before


def test_a_look_that_there_is_works(server: AppServer) -> None:
    page = Visitor.of(server, "page.ipynb?theme=dark&template=cnnvis")
    assert 'data-jp-theme-name="JupyterLab Dark"' in page.page.text


@pytest.mark.parametrize(
    "path",
    [
        "voila/templates/x", "voila/templates/a/b/c", "voila/files/x%00.png", "voila/static/%00",
        "voila/templates/..%2f..%2fx/static/y", "nothing", "api/kernels", "api/contents",
        "voila/api/shutdown/x", "voila/execution/x", "api/kernels/x/channels",
        f"voila/files/{'x' * 4000}.png", "voila/render/%0d%0aSet-Cookie:%20a=b.ipynb",
        "voila/render/no.ipynb", "login?next=//example.org", "logout", "voila/api/themes/x%00",
        "voila/api/themes/..%2f..%2fx", "voila/labextensions/..%2f..%2f..%2fetc/passwd",
    ],
)  # fmt: skip
def test_odd_addresses_are_not_there(server: AppServer, path: str) -> None:
    answer = server.ask(path, seconds=10)
    assert answer.status in (403, 404, 405)
    assert "Traceback" not in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_headers_say_what_a_browser_may_do(server: AppServer, visitor: Visitor) -> None:
    for answer in (visitor.page, server.ask("voila/static/voila.js"), server.ask("nothing")):
        rules = dict(
            rule.strip().split(" ", 1)
            for rule in answer.headers["Content-Security-Policy"].split(";")
        )
        assert rules["frame-ancestors"] == "'self'"
        assert rules["object-src"] == "'none'"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Tornado" not in answer.headers["Server"]


def test_a_page_names_no_path_of_the_server(visitor: Visitor, server: AppServer) -> None:
    text = visitor.page.text
    assert "ready 42" in text
    for secret in ("/srv/secret", str(server.log.parent), "site-packages", "ipykernel_"):
        assert secret not in text, secret


def test_what_is_sent_too_long_is_not_read(server: AppServer) -> None:
    headers = {"X_Long": "x" * 60_000}
    with contextlib.suppress(OSError):
        assert server.ask("voila/render/page.ipynb", **headers).status in (400, 431)
    assert server.answers()


@pytest.mark.parametrize("host", ["", "x:y", "a:99999999", "[::1", "a b", "é", "x" * 3000, "a;b"])
def test_odd_names_of_the_server_harm_nobody(server: AppServer, host: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        asked = f"GET /voila/render/no.ipynb HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        line.sendall(asked.encode())
        answer = line.recv(65536)
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert b"\n\n" not in answer.split(b"\r\n\r\n")[0]
    assert server.answers()


def test_pings_without_end_close_the_line(visitor: Visitor, server: AppServer) -> None:
    with visitor.line() as line:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1200):
                line.ping()
        assert closed(line, 120) == (1008, "More pings than a browser sends.")
    assert server.answers(20)


def test_a_page_that_does_not_read_is_cut_off(visitor: Visitor, server: AppServer) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    model = visitor.page.text.split("model ")[1][:32]
    path = f"/api/kernels/{visitor.kernel}/channels?session_id={'a' * 32}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        cookie = visitor.cookie(path)["Cookie"]
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
            f"Cookie: {cookie}\r\n\r\n".encode()
        )
        time.sleep(2)
        asked = {"comm_id": model, "data": {"method": "request_state"}}
        with contextlib.suppress(OSError):
            for _ in range(80):  # each answer has 2 MB
                data = frame(message("comm_msg", asked))
                line.sendall(b"\x82" + struct.pack(">BH", 0xFE, len(data)) + bytes(4) + data)
                time.sleep(0.05)
        end = time.monotonic() + 30
        while "does not read what it asked for" not in server.log.read_text("utf-8"):
            assert time.monotonic() < end
            time.sleep(0.2)
    assert process.memory_info().rss - before < 250 * 2**20
    assert server.answers()
