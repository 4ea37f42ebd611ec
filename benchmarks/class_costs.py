"""What a visit costs, as seconds of a core, process by process: what `class_model` is driven by."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psutil
from class_model import Costs
from crowd import Outcome, crowd
from sharing import NETWORK, PICTURE, answered
from visitor import QUICK

from cnnvis_widgets.engine import InProcessEngine
from cnnvis_widgets.engine.requests import Explain, Predict
from cnnvis_widgets.zoo import images

VISITORS, EVERY, STAY = 10, 2.0, 20.0
PROCESSES = ("server", "kernel", "scheduler", "client")
FROM_SAMPLE = {
    "server": ("server", "nursery"),
    "kernel": ("kernels",),
    "scheduler": ("scheduler",),
}


def pages(
    url: str, pid: int, page: str, upload: bytes
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of a core for opening a page, and for a choice with its answer, by process.

    Ten visitors open the page and leave; ten more make choices meanwhile, and the difference is
    shared among their choices. Workers are left out, see `work`.

    Args:
        url: of a server whose networks are compiled.
        pid: of its process.
        page: the notebook's file name.
        upload: see `crowd`.
    """
    opened = _spent(url, pid, page, 0.0, upload)
    changed = _spent(url, pid, page, STAY, upload)
    opening = {name: opened[0][name] / VISITORS for name in PROCESSES}
    more = {name: changed[0][name] - opened[0][name] for name in PROCESSES}
    return opening, {name: max(0.0, more[name]) / max(1, changed[1]) for name in PROCESSES}


def _spent(
    url: str, pid: int, page: str, seconds: float, upload: bytes
) -> tuple[dict[str, float], int]:
    own = psutil.Process()
    before = sum(own.cpu_times()[:2])
    outcome: Outcome = asyncio.run(
        crowd(url, pid, page, VISITORS, within=10, seconds=seconds, every=EVERY, upload=upload)
    )
    if outcome.errors:
        raise RuntimeError(f"a visitor met an error: {outcome.errors[0]}")
    spent = {"client": sum(own.cpu_times()[:2]) - before}
    for name, kinds in FROM_SAMPLE.items():
        spent[name] = sum(
            outcome.after.processor.get(kind, 0) - outcome.before.processor.get(kind, 0)
            for kind in kinds
        )
    return spent, outcome.changes


def work(count: int) -> dict[str, list[float]]:
    """Seconds for maps and predictions, once a network is compiled, nothing else beside.

    Args:
        count: how many of each.
    """
    engine = InProcessEngine()
    names = images.images()[: count + 1]
    requests: Mapping[str, list[Any]] = {
        **{name: [Explain(NETWORK, PICTURE, name, unit) for unit in range(count + 2)]
           for name in QUICK},
        "predict": [Predict(NETWORK, name) for name in names],
    }  # fmt: skip
    seconds = {
        name: [answered(engine, request) for request in some] for name, some in requests.items()
    }
    return {name: some[1:] for name, some in seconds.items()}  # without what was compiled first


def costs(url: str, pid: int, page: str, upload: bytes, count: int) -> Costs:
    """All of it, see `pages` and `work`."""
    done = work(count)
    opening, change = pages(url, pid, page, upload)
    return Costs(opening, change, done)
