"""Runs requests off the main thread, with progress and cancelling; the newest request wins.

Widgets use an `Engine`: one in their own process, or one on a Dask cluster that many visitors
share (`engine/shared/`). Both return the same bytes.
"""

from __future__ import annotations

import os
import threading

from cnnvis_widgets.engine.contract import Engine
from cnnvis_widgets.engine.in_process import InProcessEngine
from cnnvis_widgets.errors import InvalidValueError

__all__ = [
    "IN_PROCESS",
    "SCHEDULER_VARIABLE",
    "Engine",
    "InProcessEngine",
    "shared_engine",
    "use_engine",
]

IN_PROCESS = "in-process"
SCHEDULER_VARIABLE = "CNNVIS_SCHEDULER"
"""The environment variable that holds the address of a Dask scheduler."""

_engine: Engine | None = None
_lock = threading.Lock()


def shared_engine() -> Engine:
    """The engine of this process; all widgets of a page share it and its networks."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = _create_engine(os.environ.get(SCHEDULER_VARIABLE) or IN_PROCESS)
        return _engine


def use_engine(where: str = IN_PROCESS) -> None:
    """Choose the engine of widgets that are created from now on.

    Without a call, the environment variable CNNVIS_SCHEDULER decides; it takes the same values.

    Args:
        where: "in-process", or the address of a Dask scheduler ("tcp://host:8786").

    Raises:
        InvalidValueError: neither of the two.

    Examples:
        >>> cnnvis.use_engine("in-process")
        >>> cnnvis.use_engine("scheduler:8786")
        Traceback (most recent call last):
        cnnvis_widgets.errors.InvalidValueError: An engine is "in-process" or ...
    """
    global _engine
    engine = _create_engine(where)
    with _lock:
        _engine = engine


def _create_engine(address: str) -> Engine:
    if address == IN_PROCESS:
        return InProcessEngine()
    if not isinstance(address, str) or not address.startswith(("tcp://", "tls://")):
        raise InvalidValueError(
            'An engine is "in-process" or the address of a Dask scheduler, such as '
            f'"tcp://localhost:8786"; got {address!r}.'
        )
    from cnnvis_widgets.engine.shared.client import SharedEngine  # Dask takes a second to import

    return SharedEngine(address)
