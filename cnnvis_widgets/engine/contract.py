"""What a widget may count on, whichever engine answers it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from cnnvis_widgets.engine.requests import Library, Preview, Step


class Request(Protocol):
    """Plain data that knows how to be answered."""

    def perform(self, library: Library, step: Step, preview: Preview) -> Any:
        """Answer.

        Args:
            library: the loaded networks.
            step: to be called with (done, total) between steps; it raises `Cancelled` to stop.
            preview: to be called between steps with a function that makes the answer so far, where
                it improves.
        """


class Pending(Protocol):
    """A request that was handed in.

    Attributes:
        finished: set once the work has ended, in whatever way.
    """

    finished: threading.Event

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""

    def cancel(self) -> None:
        """Stop at the next step; neither `done` nor `failed` is called afterwards."""


class Engine(Protocol):
    """Answers requests off the caller's thread.

    Of each owner (a widget, or one concern of it) only the newest request counts: an older one that
    waits is dropped, one that runs is stopped at its next step. Callbacks come one at a time, on a
    thread of the engine's.

    Attributes:
        in_process: whether all is computed in the process that asks.
    """

    in_process: bool

    @property
    def library(self) -> Library:
        """The networks of this process: the caller's own are added to it."""

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
        """Hand a request in; returns at once.

        Args:
            owner: its older request is replaced.
            request: plain data.
            done: called with the answer.
            failed: called with what was raised.
            progress: called with (done, total) now and then.
            preview: called now and then with an answer that still improves.
        """

    def cancel(self, owner: Hashable) -> None:
        """Drop what the owner has waiting and stop what it has running."""
