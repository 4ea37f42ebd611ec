from __future__ import annotations

import asyncio
from typing import Any

import own_loop
import pytest

from cnnvis_widgets.serving import ready_kernels
from cnnvis_widgets.serving.ready_kernels import ReadyKernels, waiting_kernels

GIB = 2**30
OTHERS = ["00_index.ipynb", "explorer.ipynb", "glossary.ipynb"]


@pytest.mark.parametrize(
    ("gib", "shared", "expected"),
    [
        # (GiB − 6000 MB) / 10 in kernels of 120 MB: 4 GiB has none to spare, 10 GiB 3, 16 GiB 8.
        (4, True, {"page.ipynb": 1, "00_index.ipynb": 1}),
        (10, True, {"page.ipynb": 1, "00_index.ipynb": 1, "explorer.ipynb": 1}),
        (16, True, {"page.ipynb": 5, **dict.fromkeys(OTHERS, 1)}),
        (24, True, {"page.ipynb": 12, **dict.fromkeys(OTHERS, 1)}),
        (512, True, {"page.ipynb": 12, **dict.fromkeys(OTHERS, 1)}),
        # Each holds a TensorFlow: (24 GiB − 2000 MB) / 10 in kernels of 700 MB.
        (2, False, {"page.ipynb": 1, "00_index.ipynb": 1}),
        (24, False, {"page.ipynb": 1, "00_index.ipynb": 1, "explorer.ipynb": 1}),
        (512, False, {"page.ipynb": 1, **dict.fromkeys(OTHERS, 1)}),
    ],
)
def test_the_memory_decides_how_many_wait(gib: int, shared: bool, expected: dict[str, int]) -> None:
    assert waiting_kernels(gib * GIB, shared, "page.ipynb", OTHERS) == expected


def test_the_first_page_is_not_counted_twice() -> None:
    assert waiting_kernels(24 * GIB, True, "explorer.ipynb", OTHERS) == {
        "explorer.ipynb": 12,
        "00_index.ipynb": 1,
        "glossary.ipynb": 1,
    }


class Manager:
    """Makes kernels as Voilà's manager does, but at once.

    Attributes:
        broken: pages that cannot be made.
    """

    def __init__(self, **pools: int) -> None:
        self.kernel_pools_config: dict[str, dict[str, Any]] = {"default": {"pool_size": 0}}
        self._pools: dict[str, list[asyncio.Task[Any]]] = {}
        self.broken: set[str] = set()
        for name, size in pools.items():
            self.kernel_pools_config[name] = {"pool_size": size}

    def get_pool_size(self, name: str) -> int:
        return len(self._pools.get(name, []))

    def fill_if_needed(self, delay: float, notebook_name: str) -> None:
        assert delay == 0
        pool = self._pools.setdefault(notebook_name, [])
        while len(pool) < self.kernel_pools_config[notebook_name]["pool_size"]:
            pool.append(asyncio.create_task(self._initialize(notebook_name)))

    async def _initialize(self, name: str) -> dict[str, Any]:
        if name in self.broken:
            raise OSError("no such notebook")
        return {"task": asyncio.create_task(asyncio.sleep(0))}


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_kernels.psutil, "cpu_percent", lambda: 10.0)


@pytest.mark.usefixtures("idle")
def test_kernels_are_made_one_by_one_and_no_more_than_wanted() -> None:
    async def run() -> None:
        manager = Manager(a=1, b=1)
        ready = ReadyKernels(manager, {"a": 3, "b": 1}, lambda: False)
        sizes = []
        for _ in range(6):
            await ready.look()
            sizes.append((manager.get_pool_size("a"), manager.get_pool_size("b")))
        assert sizes == [(1, 0), (2, 0), (3, 0), (3, 1), (3, 1), (3, 1)]
        assert manager.kernel_pools_config["a"] == {"pool_size": 1}  # Voilà's own stays as it was
        manager._pools["a"].pop(0)
        assert ready.missing() == "a"
        await ready.look()
        assert ready.missing() is None

    own_loop.run(run())


def test_nothing_is_made_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        manager = Manager(a=1)
        opening, load = True, 10.0
        monkeypatch.setattr(ready_kernels.psutil, "cpu_percent", lambda: load)
        ready = ReadyKernels(manager, {"a": 2}, lambda: opening)
        await ready.look()
        assert manager.get_pool_size("a") == 0
        opening, load = False, 95.0
        await ready.look()
        assert manager.get_pool_size("a") == 0
        load = 10.0
        await ready.look()
        assert manager.get_pool_size("a") == 1

    own_loop.run(run())


@pytest.mark.usefixtures("idle")
def test_a_page_that_cannot_be_made_is_told_once_and_keeps_no_other_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        manager = Manager(a=1, b=1)
        manager.broken.add("a")
        ready = ReadyKernels(manager, {"a": 2, "b": 1}, lambda: False)
        for _ in range(3):
            await ready.look()
        assert manager.get_pool_size("b") == 1
        assert [r.getMessage() for r in caplog.records] == [
            "No kernel could be made ready for a: no such notebook"
        ]

    own_loop.run(run())
