"""The lines from a page to its kernel, and what ends a kernel: for the page that owns it alone."""

from __future__ import annotations

import logging
import re
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from cnnvis_widgets.errors import without_paths
from cnnvis_widgets.serving.frames import (
    BYTES_A_SECOND,
    BYTES_AT_ONCE,
    MESSAGES_A_SECOND,
    MESSAGES_AT_ONCE,
    OPENINGS,
    SUBPROTOCOL,
    Allowance,
    BadFrameError,
    check_frame,
)
from cnnvis_widgets.serving.guarded import Guarded

MOST_LINES = 6
"""Lines to one kernel at once: a page has one, a second one while it connects anew."""

REMEMBERED = 5000
"""Messages' ids."""

MOST_UNREAD = 64 * 2**20
"""Bytes that wait for a page that does not read."""

REFUSED = 1008
"""WebSocket's code for what a server does not take."""

_SESSION = re.compile(r"[\w-]{1,64}")
_LOG = logging.getLogger(__name__)


class KernelLine(Guarded, VoilaKernelWebsocketHandler):
    """The line that carries a page's messages to its kernel, and the answers."""

    _unread = 0
    _kernel = ""

    async def get(self, kernel_id: str) -> None:
        """Connect, where the page is the kernel's own and speaks the one protocol."""
        self.only_its_owner(kernel_id)
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if SUBPROTOCOL not in (name.strip() for name in offered):
            # Without it Voilà reads the older form as if it were this one, and hangs for ever.
            raise HTTPError(400, "The subprotocol %s is needed", SUBPROTOCOL)
        session = self.get_argument("session_id", "")
        if session and not _SESSION.fullmatch(session):
            raise HTTPError(400, "A session's id is up to 64 letters and digits")
        if self.guard.watch.lines(kernel_id) >= MOST_LINES:
            raise HTTPError(429)
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        self._messages = Allowance(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        self._bytes = Allowance(BYTES_A_SECOND, BYTES_AT_ONCE)
        self._seen: set[str] = set()
        self._openings = 0
        await super().get(kernel_id)  # type: ignore[misc]

    async def open(self, kernel_id: str) -> None:
        """The page is connected."""
        self._kernel = kernel_id
        self.guard.watch.opened(kernel_id, self)
        await super().open(kernel_id)

    def on_message(self, ws_message: str | bytes) -> None:
        """Hand on what a page of ours may send; end the line if it sends something else."""
        if self.connection is None:
            return
        try:
            self._check(ws_message)
        except BadFrameError as error:
            _LOG.warning("A page's line is closed: it sent %s.", error)
            self.close(REFUSED, f"The server does not take this: {error}."[:120])
            return
        super().on_message(ws_message)

    def on_ping(self, data: bytes) -> None:
        """A ping counts as a message: each is answered."""
        if not self._messages.take():
            self.close(REFUSED, "More pings than a browser sends.")

    def _check(self, frame: str | bytes) -> None:
        if not self._messages.take() or not self._bytes.take(len(frame)):
            raise BadFrameError("more than a page sends in that time")
        message = check_frame(frame)
        if message.number in self._seen:  # the kernel would write a traceback of it
            raise BadFrameError("one message twice")
        self._seen = {message.number} if len(self._seen) > REMEMBERED else self._seen
        self._seen.add(message.number)
        self._openings += message.kind == "comm_open"
        if self._openings > OPENINGS:
            raise BadFrameError("more comms than a page opens")

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send, unless the page has not read what was sent before."""
        size = len(message) if isinstance(message, str | bytes) else 0
        if self._unread + size > MOST_UNREAD:
            _LOG.warning("A page's line is cut: it does not read what it asked for.")
            if self.ws_connection is not None:
                self.ws_connection.client_terminated = True
                self.ws_connection.stream.close()
            return None
        sent = super().write_message(message, binary)
        if sent is not None and size:
            self._unread += size
            sent.add_done_callback(lambda _done: self._read(size))
        return sent

    def _read(self, size: int) -> None:
        self._unread -= size

    def on_close(self) -> None:
        """The page is closed, or its line broke."""
        if self._kernel:
            self.guard.watch.closed(self._kernel, self)
        super().on_close()


class Connection(ZMQChannelsWebsocketConnection):
    """From the kernel to the page: without the server's paths in what is said of errors."""

    def _on_error(self, channel: str | None, msg: dict[str, Any], msg_list: list[Any]) -> None:
        super()._on_error(channel, msg, msg_list)
        if channel != "iopub":
            return
        msg["header"] = self.get_part("header", msg["header"], msg_list)
        if msg["header"]["msg_type"] != "stream" or self.multi_kernel_manager.allow_tracebacks:
            return
        content = self.get_part("content", None, msg_list)
        if content.get("name") == "stderr":
            content["text"] = without_paths(content.get("text", ""))
            msg_list[3] = self.session.pack(content)


class KernelState(Guarded, KernelHandler):
    """Tells a page how its kernel is, and ends it."""

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """For the owner alone."""
        self.only_its_owner(self.path_kwargs.get("kernel_id", ""))
        return super().prepare(*args, **kwargs)

    async def delete(self, kernel_id: str) -> None:
        """End the kernel."""
        await super().delete(kernel_id)  # type: ignore[misc]
        self.guard.watch.forget(kernel_id)


class Goodbye(Guarded, VoilaShutdownKernelHandler):
    """What a page says when it is closed: its kernel may end."""

    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        self.only_its_owner(kernel_id)
        if kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id))
        self.guard.watch.forget(kernel_id)
        self.set_status(204)
        self.finish()
