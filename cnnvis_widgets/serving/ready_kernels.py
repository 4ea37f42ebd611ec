"""How many kernels wait for visitors, and when they are made.

Voilà keeps kernels in which a page's cells have run already, and makes a new one a second after a
visitor took one. A class opens its page in one minute: one kernel is gone with the first student.
Here the memory of the machine decides how many wait, and those beyond Voilà's first are made one by
one, while no page is being opened and a processor is free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import psutil
from tornado.ioloop import PeriodicCallback

from cnnvis_widgets.serving.limits import MEMORY_OF_A_VISITOR, MEMORY_OF_THE_REST

SHARE_OF_MEMORY = 0.1
"""Of what visitors may take: this much may go to kernels that nobody uses yet."""

MOST_OF_THE_FIRST = 12
"""More would be made long after a class has come: each takes about a second of processor time."""

LOOK_EVERY_SECONDS = 0.5
BUSY_PERCENT = 60.0
"""Of all processors: above it, somebody waits for them."""

_LOG = logging.getLogger(__name__)


def waiting_kernels(memory: int, shared: bool, first: str, others: list[str]) -> dict[str, int]:
    """How many kernels wait for each page.

    Args:
        memory: of the machine, in bytes.
        shared: whether the visitors share an engine. Otherwise each waiting kernel holds a
            TensorFlow, and one for each page is enough.
        first: the page that opens first.
        others: pages that may have one, the most visited first.

    Returns:
        At least one for the first page and the first of the others.

    Example:
        >>> others = ["00_index.ipynb", "glossary.ipynb"]
        >>> waiting_kernels(24 * 2**30, True, "explorer.ipynb", others)
        {'explorer.ipynb': 12, '00_index.ipynb': 1, 'glossary.ipynb': 1}
        >>> waiting_kernels(2 * 2**30, False, "explorer.ipynb", others)
        {'explorer.ipynb': 1, '00_index.ipynb': 1}
    """
    left = memory / 2**20 - MEMORY_OF_THE_REST[shared]
    places = int(SHARE_OF_MEMORY * left / MEMORY_OF_A_VISITOR[shared])
    names = [first, *(name for name in others if name != first)]
    sizes = {name: 1 for index, name in enumerate(names) if index < max(2, places)}
    if shared:
        more = places - len(sizes)
        sizes[first] += max(0, min(more, MOST_OF_THE_FIRST - 1))
    return sizes


class ReadyKernels:
    """Makes kernels beyond the one that Voilà keeps for a page, while nobody waits.

    Args:
        manager: Voilà's kernels, with a pool for each page.
        sizes: how many shall wait, by page.
        opening: whether a page is being opened now.
    """

    def __init__(self, manager: Any, sizes: Mapping[str, int], opening: Callable[[], bool]) -> None:
        self._manager, self._sizes, self._opening = manager, dict(sizes), opening
        self._broken: set[str] = set()
        self._timer = PeriodicCallback(self.look, 1000 * LOOK_EVERY_SECONDS)

    def start(self) -> None:
        """Look from now on, twice a second; the next time only when a kernel is made."""
        psutil.cpu_percent()  # the first answer says nothing
        self._timer.start()

    def missing(self) -> str | None:
        """The page whose pool is not full; None where all are."""
        pool_size = self._manager.get_pool_size
        wanted = ((n, size) for n, size in self._sizes.items() if n not in self._broken)
        return next((name for name, size in wanted if pool_size(name) < size), None)

    async def look(self) -> None:
        """Make one kernel, if one is missing and nobody waits."""
        busy = psutil.cpu_percent() > BUSY_PERCENT
        name = self.missing()
        if name is not None and not busy and not self._opening():
            await self._make_one(name)

    async def _make_one(self, name: str) -> None:
        manager, size = self._manager, self._manager.get_pool_size(name) + 1
        usual = manager.kernel_pools_config
        manager.kernel_pools_config = {**usual, name: {**usual.get(name, {}), "pool_size": size}}
        try:
            manager.fill_if_needed(delay=0, notebook_name=name)
        finally:
            manager.kernel_pools_config = usual
        made = manager._pools[name][-1]  # Voilà has no public name for it
        try:
            await (await made)["task"]
        except Exception as error:  # a page that cannot be made says so when it is asked for
            self._broken.add(name)
            _LOG.warning("No kernel could be made ready for %s: %s", name, error)
