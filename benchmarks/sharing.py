"""What it costs one visitor that the engine is shared: the same saliency maps, in turn."""

from __future__ import annotations

import statistics
import time
from typing import Any

from cnnvis_widgets.engine import InProcessEngine
from cnnvis_widgets.engine.requests import Explain
from cnnvis_widgets.engine.shared.client import SharedEngine
from cnnvis_widgets.engine.shared.cluster import Size, start

NETWORK, PICTURE, METHOD = "efficientnet_lite0", "cat", "saliency"


def answered(engine: Any, request: Any) -> float:
    """Seconds from a request to its answer."""
    failures: list[Exception] = []
    begin = time.perf_counter()
    pending = engine.submit("cost", request, done=_nothing, failed=failures.append)
    assert pending.finished.wait(300)
    if failures:
        raise failures[0]
    return time.perf_counter() - begin


def cost(clicks: int) -> dict[str, float]:
    """Median seconds of an answer: in this process, by the shared engine, and kept by it.

    Args:
        clicks: classes, each asked of both, one after the other.
    """
    if not clicks:
        return {}
    service = start(Size.of_machine(1), warm=False)
    try:
        here, shared = InProcessEngine(), SharedEngine(service.address)
        maps = [Explain(NETWORK, PICTURE, METHOD, unit) for unit in range(2 + clicks)]
        for one in maps[:2]:  # loads and compiles
            answered(here, one), answered(shared, one)
        times = [(answered(here, one), answered(shared, one)) for one in maps[2:]]
        kept = [answered(shared, one) for one in maps[2:]]
    finally:
        service.stop()
    return {
        "saliency in this process": statistics.median(one for one, _ in times),
        "saliency by the shared engine": statistics.median(other for _, other in times),
        "saliency more, by pairs": statistics.median(other - one for one, other in times),
        "an answer that was kept": statistics.median(kept),
    }


def _nothing(answer: Any) -> None:
    pass
