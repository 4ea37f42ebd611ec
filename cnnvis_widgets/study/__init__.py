"""Chapter 4 of the thesis: grids of runs, metrics, tables.

Nothing here imports TensorFlow while it is loaded: the list of metrics is there without it.
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
    """Every metric in the folder `metrics`, by name, in the order of a table."""
    import cnnvis_widgets.study.metrics as room
    from cnnvis_widgets.study.contract import Metric

    return {name: cls() for name, cls in discover(room, Metric).items()}


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UnknownNameError: none such; the message lists all.
    """
    known = all_metrics()
    if name not in known:
        raise UnknownNameError.of("metric", name, known)
    return known[name]
