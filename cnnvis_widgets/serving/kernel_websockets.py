"""WebSockets between a page and its kernel, and requests that end a kernel, for its owner only."""

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
    BURST_BYTES,
    BYTES_PER_SECOND,
    MAX_COMM_OPENS,
    MESSAGE_BURST,
    MESSAGES_PER_SECOND,
    SUBPROTOCOL,
    BadFrameError,
    TokenBucket,
    check_frame,
)
from cnnvis_widgets.serving.guarded import Guarded

MAX_CONNECTIONS = 6
"""Connections to one kernel: a page has one, and a second one while it reconnects."""

MAX_MESSAGE_IDS = 5000
"""The most message ids that are remembered."""

MAX_UNREAD_BYTES = 64 * 2**20
"""Bytes that may be queued for a page that does not read."""

POLICY_VIOLATION = 1008
"""WebSocket's close code for messages that a server does not accept."""

_SESSION = re.compile(r"[\w-]{1,64}")
_LOG = logging.getLogger(__name__)


class KernelWebSocket(Guarded, VoilaKernelWebsocketHandler):
    """The WebSocket between a page and its kernel."""

    _unread = 0
    _kernel = ""

    async def get(self, kernel_id: str) -> None:
        """Connect the kernel's owner, if it uses the supported protocol."""
        self.only_its_owner(kernel_id)
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if SUBPROTOCOL not in (name.strip() for name in protocols):
            # Without it Voilà reads the older form as if it were this one, and hangs for ever.
            raise HTTPError(400, "The subprotocol %s is needed", SUBPROTOCOL)
        session = self.get_argument("session_id", "")
        if session and not _SESSION.fullmatch(session):
            raise HTTPError(400, "A session's id is up to 64 letters and digits")
        if self.guard.watch.connections(kernel_id) >= MAX_CONNECTIONS:
            raise HTTPError(429)
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        self._messages = TokenBucket(MESSAGES_PER_SECOND, MESSAGE_BURST)
        self._bytes = TokenBucket(BYTES_PER_SECOND, BURST_BYTES)
        self._message_ids: set[str] = set()
        self._openings = 0
        await super().get(kernel_id)  # type: ignore[misc]

    async def open(self, kernel_id: str) -> None:
        """Register the connection."""
        self._kernel = kernel_id
        self.guard.watch.opened(kernel_id, self)
        await super().open(kernel_id)

    def on_message(self, ws_message: str | bytes) -> None:
        """Forward a valid message; close the connection after an invalid one."""
        if self.connection is None:
            return
        try:
            self._check(ws_message)
        except BadFrameError as error:
            _LOG.warning("A page's connection is closed: it sent %s.", error)
            self.close(POLICY_VIOLATION, f"The server does not take this: {error}."[:120])
            return
        super().on_message(ws_message)

    def on_ping(self, data: bytes) -> None:
        """Count a ping as a message, as each is answered."""
        if not self._messages.take():
            self.close(POLICY_VIOLATION, "More pings than a browser sends.")

    def _check(self, frame: str | bytes) -> None:
        if not self._messages.take() or not self._bytes.take(len(frame)):
            raise BadFrameError("more than a page sends in that time")
        message = check_frame(frame)
        if message.number in self._message_ids:  # the kernel would log a traceback
            raise BadFrameError("one message twice")
        self._message_ids = (
            {message.number} if len(self._message_ids) > MAX_MESSAGE_IDS else self._message_ids
        )
        self._message_ids.add(message.number)
        self._openings += message.kind == "comm_open"
        if self._openings > MAX_COMM_OPENS:
            raise BadFrameError("more comms than a page opens")

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send, unless too much is unread."""
        size = len(message) if isinstance(message, str | bytes) else 0
        if self._unread + size > MAX_UNREAD_BYTES:
            _LOG.warning("A page's line is cut: it does not read what it asked for.")
            if self.ws_connection is not None:
                self.ws_connection.client_terminated = True
                self.ws_connection.stream.close()
            return None
        future = super().write_message(message, binary)
        if future is not None and size:
            self._unread += size
            future.add_done_callback(lambda _done: self._mark_read(size))
        return future

    def _mark_read(self, size: int) -> None:
        self._unread -= size

    def on_close(self) -> None:
        """Unregister the connection."""
        if self._kernel:
            self.guard.watch.closed(self._kernel, self)
        super().on_close()


class Connection(ZMQChannelsWebsocketConnection):
    """Messages from the kernel to the page, without the server's paths in errors."""

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
    """Requests for a kernel's state, and to end it."""

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Allow only the owner."""
        self.only_its_owner(self.path_kwargs.get("kernel_id", ""))
        return super().prepare(*args, **kwargs)

    async def delete(self, kernel_id: str) -> None:
        """End the kernel."""
        await super().delete(kernel_id)  # type: ignore[misc]
        self.guard.watch.forget(kernel_id)


class KernelShutdown(Guarded, VoilaShutdownKernelHandler):
    """The request of a closed page to end its kernel."""

    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        self.only_its_owner(kernel_id)
        if kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id))
        self.guard.watch.forget(kernel_id)
        self.set_status(204)
        self.finish()
