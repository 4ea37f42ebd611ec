"""The interface that every engine implements."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from cnnvis_widgets.engine.requests import Library, Preview, Step


class Request(Protocol):
    """Plain data with a method that computes the answer."""

    def perform(self, library: Library, step: Step, preview: Preview) -> Any:
        """Compute the answer.

        Args:
            library: the loaded networks.
            step: to be called with (done, total) between steps; raises `Cancelled` to stop.
            preview: to be called between steps with a function that returns an intermediate
                answer.
        """


class Pending(Protocol):
    """A submitted request.

    Attributes:
        finished: set when the work has ended, also by failure or cancelling.
    """

    finished: threading.Event

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""

    def cancel(self) -> None:
        """Stop at the next step; neither `done` nor `failed` is called afterwards."""


class Engine(Protocol):
    """Answers requests off the caller's thread.

    Of each owner (a widget, or one part of it) only the newest request counts: an older one is
    dropped from the queue, or cancelled at its next step. Callbacks come one at a time, on a thread
    of the engine.

    Attributes:
        in_process: whether everything is computed in the caller's process.
    """

    in_process: bool

    @property
    def library(self) -> Library:
        """The networks of this process; callers add their own."""

    def submit(
        self,
        owner: Hashable,
        request: Request,
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int], None] | None = None,
        preview: Callable[[Any], None] | None = None,
    ) -> Pending:
        """Submit a request; returns at once.

        Args:
            owner: its older request is replaced.
            request: plain data.
            done: called with the answer.
            failed: called with the exception.
            progress: called with (done, total) from time to time.
            preview: called with intermediate answers from time to time.
        """

    def cancel(self, owner: Hashable) -> None:
        """Cancel the owner's queued and running requests."""
