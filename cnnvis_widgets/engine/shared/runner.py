"""A worker's thread: it performs what the broker hands it, the quick between the steps of the long.

One thread, as in-process: TensorFlow uses all cores of its process by itself, and what runs between
the steps of a longer request never runs beside it.
"""

from __future__ import annotations

import gc
import logging
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import psutil

from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.engine.shared.kept import Kept
from cnnvis_widgets.engine.shared.parcels import Level, networks_of, pack_error, unpack
from cnnvis_widgets.engine.worker import Ticket
from cnnvis_widgets.errors import Cancelled

_LOG = logging.getLogger(__name__)

Message = dict[str, Any]

PICTURES_KEPT = 128 << 20
NETWORKS_KEPT = 8
ROOM = 0.6
"""The share of the memory limit beyond which the network that was used least recently goes."""

BETWEEN = 8
"""Quick requests at most between two steps of a long one: it must come to an end too."""

TELL_EVERY = 0.1
"""Seconds at least between two messages of progress."""


class Runner:
    """Performs requests, one of each level at a time.

    Args:
        send: takes the messages for the broker; called on the runner's thread.
        memory_limit: bytes that the process may take; 0 for any number.
    """

    def __init__(self, send: Callable[[Message], None], memory_limit: int = 0) -> None:
        self.library = Library(NETWORKS_KEPT)
        self._send = send
        self._limit = memory_limit
        self._waiting: deque[Message] = deque()
        self._tickets: dict[str, Ticket] = {}
        self._pictures = Kept(PICTURES_KEPT)
        self._weights: dict[str, tuple[Any, str, int]] = {}  # name → network, digest, bytes
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="cnnvis-runner", daemon=True)
        self._thread.start()

    def take(self, message: Message) -> None:
        """Do what the broker's message says; returns at once."""
        with self._changed:
            match message["do"]:
                case "picture":
                    self._pictures.put(message["digest"], message["data"])
                case "work":
                    self._tickets[message["key"]] = self._ticket(message)
                    self._waiting.append(message)
                    self._changed.notify()
                case "stop" if message["key"] in self._tickets:
                    self._tickets[message["key"]].cancel()
                case "send_previews" if message["key"] in self._tickets:
                    self._send_previews(self._tickets[message["key"]])

    def close(self) -> None:
        """Stop what is under way, and the thread."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            for ticket in self._tickets.values():
                ticket.cancel()
            self._changed.notify()

    def state(self) -> Message:
        """What the broker must know of this process."""
        sizes = {name: size for name, (_, _, size) in self._weights.items()}
        return {"memory": psutil.Process().memory_info().rss, "networks": sizes}

    def _ticket(self, message: Message) -> Ticket:
        key, last = message["key"], 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= TELL_EVERY:
                last = now
                self._send({"do": "progress", "key": key, "at": (done, total)})

        def done(answer: Any) -> None:
            data = pickle.dumps(answer, protocol=5)
            weights = {name: digest for name, (_, digest, _) in self._weights.items()}
            said = {"do": "answer", "key": key, "data": data, "weights": weights}
            self._send({**said, **self.state()})

        def failed(error: Exception) -> None:
            self._send({"do": "failed", "key": key, "data": pack_error(error), **self.state()})

        ticket = Ticket(key, lambda ticket: self._work(message, ticket), done, failed, progress)
        if message["previews"]:
            self._send_previews(ticket)
        return ticket

    def _send_previews(self, ticket: Ticket) -> None:
        def send_preview(answer: Any) -> None:
            data = pickle.dumps(answer, protocol=5)
            self._send({"do": "preview", "key": ticket.owner, "data": data})

        ticket.on_preview = send_preview

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
            self._next(below=len(Level))

    def _next(self, below: int) -> bool:
        """Perform the most urgent of what waits below a level; whether there was any."""
        with self._changed:
            ready = [message for message in self._waiting if message["level"] < below]
            if not ready:
                return False
            message = min(ready, key=lambda m: m["level"])
            self._waiting.remove(message)
            ticket = self._tickets[message["key"]]
        try:
            if ticket.cancelled or not self._perform(ticket, message):
                self._send({"do": "stopped", "key": message["key"]})
        except Exception:  # its answer cannot be sent: the broker hears of it, and others go on
            _LOG.exception("A request could not be answered")
            failure = RuntimeError("Its answer could not be sent.")
            self._send({"do": "failed", "key": message["key"], "data": pack_error(failure)})
        finally:
            with self._changed:
                self._tickets.pop(message["key"], None)
        return True

    def _perform(self, ticket: Ticket, message: Message) -> bool:
        """Whether the broker was told of the end."""
        try:
            answer = ticket.work(ticket)
        except Cancelled:
            return False
        except _LackingError:
            self._send({"do": "lacking", "key": message["key"]})
            return True
        except Exception as error:
            ticket.failed(error)
            return True
        ticket.done(answer)
        return True

    def _work(self, message: Message, ticket: Ticket) -> Any:
        def step(done: int, total: int) -> None:
            for _ in range(BETWEEN):
                if not self._next(below=message["level"]):
                    break
            ticket.step(done, total)

        request = unpack(message["data"], self._picture)
        for name in networks_of(request):
            self._load(name)
        return request.perform(self.library, step, ticket.preview)

    def _picture(self, digest: str) -> bytes:
        picture = self._pictures.get(digest)
        if picture is None:
            raise _LackingError
        return picture

    def _load(self, name: str) -> None:
        """Load a network, after others were let go if there is no room, and learn its digest."""
        from cnnvis_widgets.backend.digest import network_digest

        if not self.library.holds(name):
            while self._full() and self.library.drop_oldest():
                gc.collect()
        network = self.library.network(name)
        if name not in self._weights or self._weights[name][0] is not network:
            size = 4 * int(network.model.count_params())
            self._weights[name] = network, network_digest(network), size
        for other in [other for other in self._weights if not self.library.holds(other)]:
            del self._weights[other]

    def _full(self) -> bool:
        return bool(self._limit) and psutil.Process().memory_info().rss > ROOM * self._limit


class _LackingError(Exception):
    """A picture is not here any more."""
