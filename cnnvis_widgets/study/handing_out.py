"""A study's parts handed out to an executor: threads, processes, a Dask cluster."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.parts import Part, Result, elsewhere

WINDOW = 64
"""Parts that are handed out at a time: what is waiting holds its pictures in memory."""


def handed_out(
    executor: Executor, work: Iterator[tuple[Part, Any]]
) -> Iterator[tuple[Part, str, list[Result]]]:
    """The parts in the order in which they are done, the network's digest, and their results.

    Where one fails, a worker having died say, no more are handed out; those that are under way are
    given back before the error is raised.

    Args:
        executor: any of `concurrent.futures`.
        work: parts, each with its network's name, file or object.

    Raises:
        InvalidValueError: a network that cannot be sent to another process.
    """
    waiting: dict[Future[tuple[str, list[Result]]], Part] = {}
    failed: tuple[Part, BaseException] | None = None
    try:
        while True:
            for part, source in islice(work, 0 if failed else WINDOW - len(waiting)):
                waiting[executor.submit(elsewhere, part, source)] = part
            if not waiting:
                break
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                part = waiting.pop(future)
                if future.cancelled():
                    continue
                if error := future.exception():
                    failed = failed or (part, error)
                    for other in waiting:
                        other.cancel()
                else:
                    yield part, *future.result()
        if failed:
            with _sendable(failed[0]):
                raise failed[1]
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def executor_of(executor: Executor | None, scheduler: Any) -> Iterator[Executor | None]:
    """The executor that is meant.

    Args:
        executor: one, or None.
        scheduler: a Dask scheduler's address, or a `distributed.Client`.
    """
    if executor is not None and scheduler is not None:
        raise InvalidValueError("A study takes an executor or a scheduler, not both.")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InvalidValueError(
            "Expected an executor of concurrent.futures, e.g. ThreadPoolExecutor(2); got "
            f"{type(executor).__name__}."
        )
    if scheduler is None:
        yield executor
        return
    from cnnvis_widgets.engine.shared.executor import cluster_executor  # loads Dask

    with cluster_executor(scheduler) as cluster:
        yield cluster


@contextmanager
def _sendable(part: Part) -> Iterator[None]:
    try:
        yield
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        if "pickle" not in str(error).lower():
            raise
        raise InvalidValueError(
            f"The network {part.runs[0].network!r} of the study is an object, which cannot be sent "
            "to another process. Give the study its name or its file, or take a ThreadPoolExecutor."
        ) from error
