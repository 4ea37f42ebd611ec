"""Runs requests off the main thread: progress, cancelling, the newest wins.

`Engine` is what a widget talks to. This one works in the widget's own process; one that hands the
same requests to a process that many visitors share needs no more than another `submit`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from cnnvis_widgets.engine.requests import Library, Step, Tell
from cnnvis_widgets.engine.worker import Ticket, Worker


class Request(Protocol):
    """Plain data that knows how to be answered."""

    def perform(self, library: Library, step: Step, tell: Tell) -> Any:
        """Answer.

        Args:
            library: the loaded networks.
            step: to be called with (done, total) between steps; it raises `Cancelled` to stop.
            tell: to be called between steps with a function that makes the answer so far, where
                it improves.
        """


class Engine:
    """Answers requests on a thread of this process.

    Attributes:
        library: the loaded networks.
    """

    def __init__(self) -> None:
        self.library = Library()
        self._worker = Worker()

    def submit(
        self,
        owner: Hashable,
        request: Request,
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int], None] | None = None,
        so_far: Callable[[Any], None] | None = None,
    ) -> Ticket:
        """Ask; returns at once. See `Worker.submit` for owner and callbacks."""
        return self._worker.submit(
            owner,
            lambda ticket: request.perform(self.library, ticket.step, ticket.tell),
            done=done,
            failed=failed,
            progress=progress,
            so_far=so_far,
        )

    def cancel(self, owner: Hashable) -> None:
        """Drop what the owner has waiting and stop what it has running."""
        self._worker.cancel(owner)


@functools.cache
def shared_engine() -> Engine:
    """The one engine of this process: all widgets of a page share it, and its networks."""
    return Engine()
