"""What a page's line to its kernel may carry: one form of frame, within bounds.

The form is Jupyter's `v1.kernel.websocket.jupyter.org`: the number of offsets, the offsets (all of
them 8 bytes, little-endian), then channel, header, parent header, metadata, content and buffers.
The server's own decoder believes the numbers: a count of 2^62 makes a list of that length. So they
are looked at first.
"""

from __future__ import annotations

import itertools
import json
import struct
import time
from typing import Any, NamedTuple

from cnnvis_widgets.policy import LINE_BYTES_A_SECOND, LINE_BYTES_AT_ONCE

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"

MOST_BYTES = 9 * 2**20
"""Of a frame: an upload of 8 MB, and what goes with it."""

MOST_BUFFERS = 16
MOST_HEADER = 8 * 2**10
MOST_CONTENT = 512 * 2**10

CHANNELS = ("shell", "control")
METHODS = ("update", "request_state", "request_states", "custom")
LONGEST_NAME = 100
_FIXED = 6  # offsets of a message without buffers: five parts' beginnings, and the end of the last

MESSAGES_A_SECOND = 60
MESSAGES_AT_ONCE = 300
OPENINGS = 200  # of comms, by one page; ours opens one
BYTES_A_SECOND, BYTES_AT_ONCE = LINE_BYTES_A_SECOND, LINE_BYTES_AT_ONCE


class BadFrameError(ValueError):
    """A frame that no page of ours sends."""


class Message(NamedTuple):
    """What a frame is.

    Attributes:
        kind: the type of its message.
        number: the message's id; no page sends one twice.
    """

    kind: str
    number: str


def check_frame(frame: str | bytes) -> Message:
    """Look at a frame before it is decoded.

    Raises:
        BadFrameError: it is not in the one form, or larger than anything that a page sends.
    """
    if not isinstance(frame, bytes):
        raise BadFrameError("text in place of a binary frame")
    if not 8 * (1 + _FIXED) <= len(frame) <= MOST_BYTES:
        raise BadFrameError(f"{len(frame)} bytes")
    (count,) = struct.unpack_from("<Q", frame)
    if not _FIXED <= count <= _FIXED + MOST_BUFFERS or 8 * (1 + count) > len(frame):
        raise BadFrameError(f"{count} offsets")
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    rising = all(a <= b for a, b in itertools.pairwise(offsets))
    if offsets[0] != 8 * (1 + count) or not rising or offsets[-1] != len(frame):
        raise BadFrameError("offsets that do not follow each other to the end")
    channel, header, parent, metadata, content = (
        frame[a:b] for a, b in itertools.pairwise(offsets[:_FIXED])
    )
    if channel.decode("latin-1") not in CHANNELS:
        raise BadFrameError("an unknown channel")
    if max(len(header), len(parent), len(metadata)) > MOST_HEADER or len(content) > MOST_CONTENT:
        raise BadFrameError("too long a header or content")
    first, _, _, said = (_object(part) for part in (header, parent, metadata, content))
    _check_content(said)
    return Message(_name(first, "msg_type"), _name(first, "msg_id"))


def _name(record: dict[str, Any], field: str) -> str:
    name = record.get(field)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise BadFrameError(f"{field} that is no name")
    return name


def _check_content(said: dict[str, Any]) -> None:
    """What the kernel would write into its log, at any length, were it not as it should be."""
    for field in ("comm_id", "target_name"):
        if field in said:
            _name(said, field)
    data = said.get("data")
    if not isinstance(data, dict) or "method" not in data:
        return  # not to a widget
    if data["method"] not in METHODS:
        raise BadFrameError("a method that widgets do not have")
    if data["method"] == "update" and not isinstance(data.get("state"), dict):
        raise BadFrameError("an update without values")
    if data["method"] == "custom" and "content" not in data:
        raise BadFrameError("a message without content")


def _object(part: bytes) -> dict[str, Any]:
    try:
        record = json.loads(part)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise BadFrameError(f"not JSON ({type(error).__name__})") from None
    if not isinstance(record, dict):
        raise BadFrameError("JSON that is no object")
    return record


class Allowance:
    """What may come in a time: a store that refills at a steady rate.

    Args:
        a_second: how much it refills.
        at_once: how much it holds.
    """

    def __init__(self, a_second: float, at_once: float) -> None:
        self.a_second, self.at_once = a_second, at_once
        self._left, self._then = at_once, time.monotonic()

    def take(self, much: float = 1) -> bool:
        """Whether so much is left; then it is taken."""
        now = time.monotonic()
        self._left = min(self.at_once, self._left + (now - self._then) * self.a_second)
        self._then = now
        if much > self._left:
            return False
        self._left -= much
        return True

    @property
    def full(self) -> bool:
        """Whether nothing was taken for so long that it need not be remembered."""
        return self._left + (time.monotonic() - self._then) * self.a_second >= self.at_once
