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


def answered(engine: Any, unit: int) -> float:
    """Seconds from a request for a class's map to its answer."""
    failures: list[Exception] = []
    begin = time.perf_counter()
    request = Explain(NETWORK, PICTURE, METHOD, unit)
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
        for unit in (0, 1):  # loads and compiles
            answered(here, unit), answered(shared, unit)
        times = [(answered(here, unit), answered(shared, unit)) for unit in range(2, 2 + clicks)]
        kept = [answered(shared, unit) for unit in range(2, 2 + clicks)]
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
