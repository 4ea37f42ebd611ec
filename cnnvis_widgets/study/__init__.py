"""Chapter 4 of the thesis: grids of runs, metrics, tables.

Importing it does not load TensorFlow.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.registry import discover

if TYPE_CHECKING:
    from cnnvis_widgets.study.contract import Metric


@functools.cache
def all_metrics() -> dict[str, Metric]:
    """Every metric in the folder `metrics` by name, in the order of tables."""
    import cnnvis_widgets.study.metrics as room
    from cnnvis_widgets.study.contract import Metric

    return {name: cls() for name, cls in discover(room, Metric).items()}


def metric(name: str) -> Metric:
    """A metric by name.

    Raises:
        UnknownNameError: no such metric; the message lists all.
    """
    metrics = all_metrics()
    if name not in metrics:
        raise UnknownNameError.of("metric", name, metrics)
    return metrics[name]
