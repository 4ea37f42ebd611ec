"""Monitors the kernels of pages: connections, memory, and when to end them."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_core.utils import ensure_async
from tornado.ioloop import PeriodicCallback

from cnnvis_widgets.serving.limits import Limits
from cnnvis_widgets.serving.owners import Owners
from cnnvis_widgets.write_sandbox import remove_stale_folders

if TYPE_CHECKING:
    from tornado.websocket import WebSocketHandler

CHECK_INTERVAL_SECONDS = 3.0
BUSY_SHARE = 0.05
"""The share of a core above which a kernel counts as busy; low, as many kernels share cores."""

ENDED = 4001
"""The close code of a WebSocket whose kernel was ended; the reason is for the visitor."""

_LOG = logging.getLogger(__name__)


class KernelWatch:
    """Tracks the connections of kernels, and ends abandoned or oversized kernels.

    Args:
        manager: the server's kernel manager.
        owners: the kernels that are assigned to pages.
        limits: of kernels.
        forget: called with the id of a kernel that has ended.
        visitors: the parent of the folders that kernels write to.
    """

    def __init__(
        self,
        manager: Any,
        owners: Owners,
        limits: Limits,
        forget: Callable[[str], None],
        visitors: Path | None = None,
    ) -> None:
        self.manager, self.owners, self.limits = manager, owners, limits
        self._visitors = visitors
        self._forget = forget
        self._websockets: dict[str, set[WebSocketHandler]] = {}
        self._once_connected: set[str] = set()
        self._alone_since: dict[str, float] = {}
        self._seconds: dict[str, tuple[float, float]] = {}
        self._timer = PeriodicCallback(self.look, 1000 * CHECK_INTERVAL_SECONDS)

    def start(self) -> None:
        """Check every few seconds."""
        self._timer.start()

    def opened(self, kernel_id: str, websocket: WebSocketHandler) -> None:
        """Register a connection."""
        self._websockets.setdefault(kernel_id, set()).add(websocket)
        self._once_connected.add(kernel_id)
        self._alone_since.pop(kernel_id, None)

    def closed(self, kernel_id: str, websocket: WebSocketHandler) -> None:
        """Unregister a connection."""
        websockets = self._websockets.get(kernel_id, set())
        websockets.discard(websocket)
        if not websockets:
            self.page_sent(kernel_id)

    def page_sent(self, kernel_id: str) -> None:
        """Start the time within which a page must connect."""
        if not self._websockets.get(kernel_id):
            self._alone_since.setdefault(kernel_id, time.monotonic())

    def connections(self, kernel_id: str) -> int:
        """The number of connections to a kernel."""
        return len(self._websockets.get(kernel_id, ()))

    async def look(self) -> None:
        """Check each kernel that is assigned to a page."""
        if self._visitors is not None:
            remove_stale_folders(self._visitors)
        for kernel_id in self.owners.kernels:
            if kernel_id not in self.manager:
                self.forget(kernel_id)
                continue
            with contextlib.suppress(psutil.Error, KeyError):
                await self._look_at(kernel_id)

    async def _look_at(self, kernel_id: str) -> None:
        megabytes, busy = self._measure(kernel_id)
        limit = self.limits.megabytes
        if limit and megabytes > limit:
            await self.end(
                kernel_id,
                f"This page took {megabytes:.0f} MB of memory, more than a visitor may have.",
            )
        alone_since = self._alone_since.get(kernel_id)
        if alone_since is not None and self._is_overdue(
            kernel_id, time.monotonic() - alone_since, busy
        ):
            await self.end(kernel_id, "The page was closed.")

    def _is_overdue(self, kernel_id: str, seconds: float, busy: bool) -> bool:
        """Whether the kernel has been without a connection for too long."""
        soon = busy or kernel_id not in self._once_connected
        return seconds > (self.limits.orphan_seconds if soon else self.limits.absent_seconds)

    def _measure(self, kernel_id: str) -> tuple[float, bool]:
        """The memory in MB of a kernel and its child processes, and whether they are busy."""
        provisioner = self.manager.get_kernel(kernel_id).provisioner
        pid = getattr(provisioner, "pid", None)
        if pid is None:  # e.g. on another machine
            return 0.0, False
        megabytes = seconds = 0.0
        kernel = psutil.Process(pid)
        for process in (kernel, *kernel.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                megabytes += process.memory_info().rss / 2**20
                seconds += sum(process.cpu_times()[:2])
        now = time.monotonic()
        seconds_before, measured_at = self._seconds.get(kernel_id, (seconds, now))
        self._seconds[kernel_id] = seconds, now
        return megabytes, seconds - seconds_before > BUSY_SHARE * (now - measured_at) > 0

    async def end(self, kernel_id: str, reason: str) -> None:
        """End a kernel at once, and send the reason to its page."""
        _LOG.warning("A kernel is ended. %s", reason)
        for websocket in list(self._websockets.get(kernel_id, ())):
            websocket.close(ENDED, reason[:120])
        with contextlib.suppress(KeyError):
            await ensure_async(self.manager.shutdown_kernel(kernel_id, now=True))
        self.forget(kernel_id)

    def forget(self, kernel_id: str) -> None:
        """Remove a kernel that has ended."""
        self.owners.forget(kernel_id)
        self._once_connected.discard(kernel_id)
        for by_kernel in (self._websockets, self._alone_since, self._seconds):
            by_kernel.pop(kernel_id, None)
        self._forget(kernel_id)
