"""A Dask cluster as an executor of `concurrent.futures`, for work that no visitor waits for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from distributed import Client

from cnnvis_widgets.errors import InvalidValueError


@contextmanager
def cluster_executor(scheduler: Any) -> Iterator[Executor]:
    """Open a cluster's executor; a client that was created for it is closed afterwards.

    Args:
        scheduler: the scheduler's address, or a `distributed.Client`, which stays open.

    Raises:
        InvalidValueError: it is neither, or nothing answers there.
    """
    if isinstance(scheduler, Client):
        yield scheduler.get_executor()
        return
    if not isinstance(scheduler, str):
        raise InvalidValueError(
            "scheduler is a Dask scheduler's address, such as tcp://127.0.0.1:8786, or a "
            f"distributed.Client; got {type(scheduler).__name__}."
        )
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InvalidValueError(f"No Dask scheduler answers at {scheduler!r}: {error}") from error
    with client:
        yield client.get_executor()
