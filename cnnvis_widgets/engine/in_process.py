"""The engine that answers on a thread of the caller's process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from cnnvis_widgets.engine.contract import Request
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.engine.shared.serialization import Level, level_of
from cnnvis_widgets.engine.worker import Ticket, Worker


class InProcessEngine:
    """Answers requests on a thread of this process; see `contract.Engine`.

    Attributes:
        library: the loaded networks.
    """

    in_process = True

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
        preview: Callable[[Any], None] | None = None,
    ) -> Ticket:
        """Submit a request; see `contract.Engine.submit`."""
        return self._worker.submit(
            owner,
            lambda ticket: request.perform(self.library, ticket.step, ticket.preview),
            done=done,
            failed=failed,
            progress=progress,
            preview=preview,
            idle=level_of(request) == Level.IDLE,
        )

    def cancel(self, owner: Hashable) -> None:
        """Cancel the owner's queued and running requests."""
        self._worker.cancel(owner)
