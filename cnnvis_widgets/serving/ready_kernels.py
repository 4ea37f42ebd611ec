"""Preheats kernels for visitors.

Voilà has a pool of kernels in which a page's cells have run, and starts a new one a second after a
visitor took one. A class opens its page within a minute, so one kernel is not enough. Here the
pool's size depends on the machine's memory, and kernels beyond Voilà's first are started one by
one, while no page is being opened and a processor is idle.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import psutil
from tornado.ioloop import PeriodicCallback

from cnnvis_widgets.serving.limits import MEMORY_PER_VISITOR, MEMORY_RESERVED

SHARE_OF_MEMORY = 0.1
"""The share of the visitors' memory for preheated kernels."""

MAX_WAITING_KERNELS = 12
"""More would not be ready when a class arrives: each takes a second of processor time."""

CHECK_INTERVAL_SECONDS = 0.5
BUSY_PERCENT = 60.0
"""The load of all processors above which no kernel is started."""

_LOG = logging.getLogger(__name__)


def waiting_kernels(memory: int, shared: bool, first: str, others: list[str]) -> dict[str, int]:
    """How many kernels to preheat for each page.

    Args:
        memory: of the machine, in bytes.
        shared: whether the visitors share an engine. Otherwise each kernel loads TensorFlow, and
            one for each page is enough.
        first: the start page.
        others: further pages, the most visited first.

    Returns:
        Page → number; at least one for the start page and one other page.

    Example:
        >>> others = ["00_index.ipynb", "glossary.ipynb"]
        >>> waiting_kernels(24 * 2**30, True, "explorer.ipynb", others)
        {'explorer.ipynb': 12, '00_index.ipynb': 1, 'glossary.ipynb': 1}
        >>> waiting_kernels(2 * 2**30, False, "explorer.ipynb", others)
        {'explorer.ipynb': 1, '00_index.ipynb': 1}
    """
    megabytes = memory / 2**20 - MEMORY_RESERVED[shared]
    count = int(SHARE_OF_MEMORY * megabytes / MEMORY_PER_VISITOR[shared])
    names = [first, *(name for name in others if name != first)]
    sizes = {name: 1 for index, name in enumerate(names) if index < max(2, count)}
    if shared:
        extra = count - len(sizes)
        sizes[first] += max(0, min(extra, MAX_WAITING_KERNELS - 1))
    return sizes


class ReadyKernels:
    """Fills the pools beyond Voilà's one kernel while the server is idle.

    Args:
        manager: Voilà's kernel manager, with a pool for each page.
        sizes: the target size of each page's pool.
        opening: returns whether a page is being opened.
    """

    def __init__(self, manager: Any, sizes: Mapping[str, int], opening: Callable[[], bool]) -> None:
        self._manager, self._sizes, self._opening = manager, dict(sizes), opening
        self._broken: set[str] = set()
        self._timer = PeriodicCallback(self.look, 1000 * CHECK_INTERVAL_SECONDS)

    def start(self) -> None:
        """Check twice a second, but not while a kernel is being started."""
        psutil.cpu_percent()  # the first value is meaningless
        self._timer.start()

    def missing(self) -> str | None:
        """A page whose pool is not full, or None."""
        pool_size = self._manager.get_pool_size
        candidates = ((n, size) for n, size in self._sizes.items() if n not in self._broken)
        return next((name for name, size in candidates if pool_size(name) < size), None)

    async def look(self) -> None:
        """Start one kernel if one is missing and the server is idle."""
        busy = psutil.cpu_percent() > BUSY_PERCENT
        name = self.missing()
        if name is not None and not busy and not self._opening():
            await self._make_one(name)

    async def _make_one(self, name: str) -> None:
        manager, size = self._manager, self._manager.get_pool_size(name) + 1
        configuration = manager.kernel_pools_config
        manager.kernel_pools_config = {
            **configuration,
            name: {**configuration.get(name, {}), "pool_size": size},
        }
        try:
            manager.fill_if_needed(delay=0, notebook_name=name)
        finally:
            manager.kernel_pools_config = configuration
        pending_kernel = manager._pools[name][-1]  # Voilà has no public name for it
        try:
            await (await pending_kernel)["task"]
        except Exception as error:  # a visitor of the page will see the error
            self._broken.add(name)
            _LOG.warning("No kernel could be made ready for %s: %s", name, error)
