"""One thread that does the work of all widgets, so that no callback ever blocks a page.

TensorFlow uses all cores by itself: a second thread would only make both slower. Of each owner (a
widget, or one concern of it) only the newest request counts: a waiting one is replaced, a running
one is cancelled at its next step. Idle work comes last, and lets all other work pass between its
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

MOST_OFTEN = 0.25
"""Seconds at least between two results so far: nobody sees more, a slow line bears no more."""


@dataclass(eq=False)
class Ticket:
    """A request that was handed in.

    Attributes:
        owner: who asked; a newer request of the same owner replaces this one.
        between: called at each step, with what may go before this; None for nothing.
        finished: set once the work has ended, in whatever way.
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
        """Whether it was told to stop."""
        return self._stop.is_set()

    def step(self, done: int, total: int) -> None:
        """What the work calls between its steps.

        Raises:
            Cancelled: the request was cancelled or replaced.
            InvalidValueError: it takes longer than a request may on a public page.
        """
        if self.between is not None:
            self.between()
        if self.cancelled:
            raise Cancelled("A newer request replaced this one, or it was cancelled.")
        self._begun = self._begun or time.monotonic()
        if why := policy.too_long(time.monotonic() - self._begun, policy.current().seconds):
            raise InvalidValueError(why)
        if self.progress is not None:
            self.progress(done, total)

    def preview(self, make: Callable[[], Any]) -> None:
        """What the work calls with a function that makes its result so far.

        Made only if somebody watches, and so seldom that making and showing it takes less than a
        sixth of the time.
        """
        if self.on_preview is None or self.cancelled or time.monotonic() < self._quiet_until:
            return
        before = time.monotonic()
        result = make()
        if not self.cancelled:
            self.on_preview(result)
        now = time.monotonic()
        self._quiet_until = now + max(MOST_OFTEN, 5 * (now - before))


class Worker:
    """Runs tickets one after another on a thread of its own; it starts with the first of them."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, Ticket] = OrderedDict()
        self._idle: OrderedDict[Hashable, Ticket] = OrderedDict()
        self._running: list[Ticket] = []  # idle work, and what goes between its steps
        self._changed = threading.Condition()
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
        """Hand in work; returns at once.

        Args:
            owner: its older request is replaced.
            work: called with the ticket, whose `step` it must call between its steps.
            done: called with the result, on the worker's thread.
            failed: called with what was raised, on the worker's thread.
            progress: called with (done, total), on the worker's thread.
            preview: called now and then with a result that still improves, on the worker's thread.
            idle: it comes last, and other work goes between its steps.
        """
        between = self._others if idle else None
        ticket = Ticket(owner, work, done, failed, progress, preview, between)
        with self._changed:
            self._drop(owner)
            (self._idle if idle else self._waiting)[owner] = ticket
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="cnnvis", daemon=True)
                self._thread.start()
            self._changed.notify()
        return ticket

    def cancel(self, owner: Hashable) -> None:
        """Drop what the owner has waiting and stop what it has running."""
        with self._changed:
            self._drop(owner)

    def _drop(self, owner: Hashable) -> None:
        for waiting in (self._waiting.pop(owner, None), self._idle.pop(owner, None)):
            if waiting is not None:
                waiting.cancel()
                waiting.finished.set()
        for running in self._running:
            if running.owner == owner:
                running.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._idle:
                    self._changed.wait()
                _, ticket = (self._waiting or self._idle).popitem(last=False)
                self._running.append(ticket)
            self._finish(ticket)

    def _others(self) -> None:
        """Perform what waits and is not idle; called between the steps of what is."""
        while True:
            with self._changed:
                if not self._waiting:
                    return
                _, ticket = self._waiting.popitem(last=False)
                self._running.append(ticket)
            self._finish(ticket)

    def _finish(self, ticket: Ticket) -> None:
        try:
            self._perform(ticket)
        except Exception:  # a callback's: its page may be gone, the others are not
            _LOG.exception("A page could not take its answer")
        finally:
            with self._changed:
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
        if not ticket.cancelled:  # a result that came too late is nobody's any more
            ticket.done(result)
