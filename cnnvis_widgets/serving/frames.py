"""Validates the frames that a page sends to its kernel.

Their format is Jupyter's `v1.kernel.websocket.jupyter.org`: the number of offsets, the offsets (all
8 bytes, little-endian), then channel, header, parent header, metadata, content and buffers. The
server's decoder trusts the numbers: a count of 2^62 creates a list of that length. So they are
checked first.
"""

from __future__ import annotations

import itertools
import json
import struct
import time
from typing import Any, NamedTuple

from cnnvis_widgets.policy import SOCKET_BURST_BYTES, SOCKET_BYTES_PER_SECOND

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"

MAX_FRAME_BYTES = 9 * 2**20
"""An upload of 8 MB with its metadata."""

MAX_BUFFERS = 16
MAX_HEADER_BYTES = 8 * 2**10
MAX_CONTENT_BYTES = 512 * 2**10

CHANNELS = ("shell", "control")
METHODS = ("update", "request_state", "request_states", "custom")
LONGEST_NAME = 100
_FIXED = 6  # offsets without buffers: the starts of five parts, and the end of the last

MESSAGES_PER_SECOND = 60
MESSAGE_BURST = 300
MAX_COMM_OPENS = 200  # by one page; ours opens one
BYTES_PER_SECOND, BURST_BYTES = SOCKET_BYTES_PER_SECOND, SOCKET_BURST_BYTES


class BadFrameError(ValueError):
    """A frame that our pages never send."""


class Message(NamedTuple):
    """The facts of a valid frame.

    Attributes:
        kind: the message's type.
        number: the message's id, which must be unique.
    """

    kind: str
    number: str


def check_frame(frame: str | bytes) -> Message:
    """Validate a frame before it is decoded.

    Raises:
        BadFrameError: it has the wrong format, or is too large.
    """
    if not isinstance(frame, bytes):
        raise BadFrameError("text in place of a binary frame")
    if not 8 * (1 + _FIXED) <= len(frame) <= MAX_FRAME_BYTES:
        raise BadFrameError(f"{len(frame)} bytes")
    (count,) = struct.unpack_from("<Q", frame)
    if not _FIXED <= count <= _FIXED + MAX_BUFFERS or 8 * (1 + count) > len(frame):
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
    if (
        max(len(header), len(parent), len(metadata)) > MAX_HEADER_BYTES
        or len(content) > MAX_CONTENT_BYTES
    ):
        raise BadFrameError("too long a header or content")
    header_record, _, _, content_record = (
        _object(part) for part in (header, parent, metadata, content)
    )
    _check_content(content_record)
    return Message(_name(header_record, "msg_type"), _name(header_record, "msg_id"))


def _name(record: dict[str, Any], field: str) -> str:
    name = record.get(field)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise BadFrameError(f"{field} that is no name")
    return name


def _check_content(content: dict[str, Any]) -> None:
    """Validate the content; the kernel would log invalid content of any length."""
    for field in ("comm_id", "target_name"):
        if field in content:
            _name(content, field)
    data = content.get("data")
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


class TokenBucket:
    """A token bucket for rate limits.

    Args:
        per_second: the refill rate.
        capacity: the most tokens.
    """

    def __init__(self, per_second: float, capacity: float) -> None:
        self.per_second, self.capacity = per_second, capacity
        self._tokens, self._updated = capacity, time.monotonic()

    def take(self, amount: float = 1) -> bool:
        """Take tokens if there are enough; returns whether there were."""
        now = time.monotonic()
        self._tokens = min(self.capacity, self._tokens + (now - self._updated) * self.per_second)
        self._updated = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True

    @property
    def full(self) -> bool:
        """Whether the bucket is full, so that it can be removed."""
        return self._tokens + (time.monotonic() - self._updated) * self.per_second >= self.capacity
