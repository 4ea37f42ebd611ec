"""Looks after the kernels of pages: who is connected, what they take, when they must end."""

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

LOOK_EVERY_SECONDS = 3.0
BUSY_SHARE = 0.05
"""Of a core: a kernel that takes more than this computes; one among many may get no more."""

ENDED = 4001
"""The code with which a line is closed whose kernel was ended; the reason is for the visitor."""

_LOG = logging.getLogger(__name__)


class KernelWatch:
    """Knows which kernels are looked at, and ends those that must not go on.

    Args:
        manager: the server's kernels.
        owners: those that were given to a page.
        limits: what they may take.
        forget: called with the id of a kernel that has ended.
        visitors: the folder of the folders that kernels write to.
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
        self._lines: dict[str, set[WebSocketHandler]] = {}
        self._met: set[str] = set()  # those that a page has been connected to
        self._alone_since: dict[str, float] = {}
        self._seconds: dict[str, tuple[float, float]] = {}
        self._timer = PeriodicCallback(self.look, 1000 * LOOK_EVERY_SECONDS)

    def start(self) -> None:
        """Look from now on, every few seconds."""
        self._timer.start()

    def opened(self, kernel_id: str, line: WebSocketHandler) -> None:
        """A page is connected."""
        self._lines.setdefault(kernel_id, set()).add(line)
        self._met.add(kernel_id)
        self._alone_since.pop(kernel_id, None)

    def closed(self, kernel_id: str, line: WebSocketHandler) -> None:
        """A line was closed, or broke."""
        lines = self._lines.get(kernel_id, set())
        lines.discard(line)
        if not lines:
            self.sent(kernel_id)

    def sent(self, kernel_id: str) -> None:
        """The page was sent; the visitor connects soon, or is gone."""
        if not self._lines.get(kernel_id):
            self._alone_since.setdefault(kernel_id, time.monotonic())

    def lines(self, kernel_id: str) -> int:
        """How many lines a page has to its kernel."""
        return len(self._lines.get(kernel_id, ()))

    async def look(self) -> None:
        """Once at each kernel that was given to a page."""
        if self._visitors is not None:
            remove_stale_folders(self._visitors)
        for kernel_id in self.owners.kernels:
            if kernel_id not in self.manager:
                self.forget(kernel_id)
                continue
            with contextlib.suppress(psutil.Error, KeyError):
                await self._look_at(kernel_id)

    async def _look_at(self, kernel_id: str) -> None:
        taken, busy = self._measured(kernel_id)
        most = self.limits.megabytes
        if most and taken > most:
            await self.end(
                kernel_id, f"This page took {taken:.0f} MB of memory, more than a visitor may have."
            )
        alone = self._alone_since.get(kernel_id)
        if alone is not None and self._over(kernel_id, time.monotonic() - alone, busy):
            await self.end(kernel_id, "The page was closed.")

    def _over(self, kernel_id: str, seconds: float, busy: bool) -> bool:
        """Whether nobody has been connected for too long: a place is free, or a core."""
        soon = busy or kernel_id not in self._met
        return seconds > (self.limits.orphan_seconds if soon else self.limits.absent_seconds)

    def _measured(self, kernel_id: str) -> tuple[float, bool]:
        """Memory in MB, and whether it computes; of the kernel and all that it started."""
        provisioner = self.manager.get_kernel(kernel_id).provisioner
        pid = getattr(provisioner, "pid", None)
        if pid is None:  # it runs on another machine, say
            return 0.0, False
        taken = seconds = 0.0
        kernel = psutil.Process(pid)
        for process in (kernel, *kernel.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                taken += process.memory_info().rss / 2**20
                seconds += sum(process.cpu_times()[:2])
        now = time.monotonic()
        before, then = self._seconds.get(kernel_id, (seconds, now))
        self._seconds[kernel_id] = seconds, now
        return taken, seconds - before > BUSY_SHARE * (now - then) > 0

    async def end(self, kernel_id: str, why: str) -> None:
        """End a kernel, whatever it does, and say why to its page."""
        _LOG.warning("A kernel is ended. %s", why)
        for line in list(self._lines.get(kernel_id, ())):
            line.close(ENDED, why[:120])
        with contextlib.suppress(KeyError):
            await ensure_async(self.manager.shutdown_kernel(kernel_id, now=True))
        self.forget(kernel_id)

    def forget(self, kernel_id: str) -> None:
        """The kernel has ended."""
        self.owners.forget(kernel_id)
        self._met.discard(kernel_id)
        for known in (self._lines, self._alone_since, self._seconds):
            known.pop(kernel_id, None)
        self._forget(kernel_id)
