"""Computes a study's parts by an executor: threads, processes or a Dask cluster."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.parts import Part, Result, run_in_worker

WINDOW = 64
"""The most parts that are submitted at a time, as their pictures are held in memory."""


def executed(
    executor: Executor, tasks: Iterator[tuple[Part, Any]]
) -> Iterator[tuple[Part, str, list[Result]]]:
    """Yield each completed part with the network's digest and the results.

    If a part fails, e.g. because a worker died, no more parts are submitted, and the running ones
    are completed before the error is raised.

    Args:
        executor: any of `concurrent.futures`.
        tasks: parts, each with its network's name, file or object.

    Raises:
        InvalidValueError: a network that cannot be sent to another process.
    """
    pending: dict[Future[tuple[str, list[Result]]], Part] = {}
    failed: tuple[Part, BaseException] | None = None
    try:
        while True:
            for part, source in islice(tasks, 0 if failed else WINDOW - len(pending)):
                pending[executor.submit(run_in_worker, part, source)] = part
            if not pending:
                break
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                part = pending.pop(future)
                if future.cancelled():
                    continue
                if error := future.exception():
                    failed = failed or (part, error)
                    for remaining in pending:
                        remaining.cancel()
                else:
                    yield part, *future.result()
        if failed:
            with _sendable(failed[0]):
                raise failed[1]
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def executor_of(executor: Executor | None, scheduler: Any) -> Iterator[Executor | None]:
    """The executor to use.

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
