"""One thread that runs the requests of all widgets, so that no callback blocks a page.

TensorFlow uses all cores by itself, so a second thread would only slow both down. Of each owner (a
widget, or one part of it) only the newest request counts: it replaces a queued one and cancels a
running one at its next step. Idle work has the lowest priority and yields to other work between its
steps.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from cnnvis_widgets import policy
from cnnvis_widgets.errors import Cancelled, InvalidValueError

_LOG = logging.getLogger(__name__)

Work = Callable[["Ticket"], Any]

PREVIEW_INTERVAL = 0.25
"""The least number of seconds between two previews; more would be invisible and costly to send."""


@dataclass(eq=False)
class Ticket:
    """A submitted request.

    Attributes:
        owner: a newer request of the same owner replaces this one.
        between: called at each step to run more urgent work; None for no function.
        finished: set when the work has ended, also by failure or cancelling.
    """

    owner: Hashable
    work: Work
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[int, int], None] | None = None
    on_preview: Callable[[Any], None] | None = None
    between: Callable[[], None] | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _quiet_until: float = 0.0
    _begun: float = 0.0

    def cancel(self) -> None:
        """Stop at the next step; neither `done` nor `failed` is called afterwards."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stop.is_set()

    def step(self, done: int, total: int) -> None:
        """Report progress; the work calls this between its steps.

        Raises:
            Cancelled: the request was cancelled or replaced.
            InvalidValueError: it exceeds the time limit of a public page.
        """
        if self.between is not None:
            started = time.monotonic()
            self.between()
            self.exclude(time.monotonic() - started)
        if self.cancelled:
            raise Cancelled("A newer request replaced this one, or it was cancelled.")
        self._begun = self._begun or time.monotonic()
        if message := policy.too_long(time.monotonic() - self._begun, policy.current().seconds):
            raise InvalidValueError(message)
        if self.progress is not None:
            self.progress(done, total)

    def exclude(self, seconds: float) -> None:
        """Leave the time that other work took out of the time limit of a public page."""
        if self._begun:
            self._begun += seconds

    def preview(self, make: Callable[[], Any]) -> None:
        """Offer an intermediate result; the work calls this between its steps.

        `make` is called only if there is a subscriber, and so rarely that making and showing
        previews takes less than a sixth of the time.
        """
        if self.on_preview is None or self.cancelled or time.monotonic() < self._quiet_until:
            return
        started = time.monotonic()
        result = make()
        if not self.cancelled:
            self.on_preview(result)
        finished_at = time.monotonic()
        self._quiet_until = finished_at + max(PREVIEW_INTERVAL, 5 * (finished_at - started))


class Worker:
    """Runs tickets one after another on one thread, which starts with the first ticket."""

    def __init__(self) -> None:
        self._queued: OrderedDict[Hashable, Ticket] = OrderedDict()
        self._idle: OrderedDict[Hashable, Ticket] = OrderedDict()
        self._running: list[Ticket] = []  # idle work, and what runs between its steps
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(
        self,
        owner: Hashable,
        work: Work,
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int], None] | None = None,
        preview: Callable[[Any], None] | None = None,
        idle: bool = False,
    ) -> Ticket:
        """Submit work; returns at once.

        Args:
            owner: its older request is replaced.
            work: called with the ticket; must call the ticket's `step` between its steps.
            done: called with the result, on the worker's thread.
            failed: called with the exception, on the worker's thread.
            progress: called with (done, total), on the worker's thread.
            preview: called with intermediate results, on the worker's thread.
            idle: whether it has the lowest priority and yields to other work between its steps.
        """
        between = self._run_queued if idle else None
        ticket = Ticket(owner, work, done, failed, progress, preview, between)
        with self._condition:
            self._drop(owner)
            (self._idle if idle else self._queued)[owner] = ticket
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="cnnvis", daemon=True)
                self._thread.start()
            self._condition.notify()
        return ticket

    def cancel(self, owner: Hashable) -> None:
        """Cancel the owner's queued and running requests."""
        with self._condition:
            self._drop(owner)

    def _drop(self, owner: Hashable) -> None:
        for waiting in (self._queued.pop(owner, None), self._idle.pop(owner, None)):
            if waiting is not None:
                waiting.cancel()
                waiting.finished.set()
        for running in self._running:
            if running.owner == owner:
                running.cancel()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._queued and not self._idle:
                    self._condition.wait()
                _, ticket = (self._queued or self._idle).popitem(last=False)
                self._running.append(ticket)
            self._finish(ticket)

    def _run_queued(self) -> None:
        """Run all queued work that is not idle; called between the steps of idle work."""
        while True:
            with self._condition:
                if not self._queued:
                    return
                _, ticket = self._queued.popitem(last=False)
                self._running.append(ticket)
            self._finish(ticket)

    def _finish(self, ticket: Ticket) -> None:
        try:
            self._perform(ticket)
        except Exception:  # of a callback: its page may be gone, the others go on
            _LOG.exception("A page could not take its answer")
        finally:
            with self._condition:
                self._running.remove(ticket)
            ticket.finished.set()

    @staticmethod
    def _perform(ticket: Ticket) -> None:
        try:
            result = ticket.work(ticket)
        except Cancelled:
            return
        except Exception as error:
            if not ticket.cancelled:
                ticket.failed(error)
            return
        if not ticket.cancelled:
            ticket.done(result)
