"""Runs a worker's jobs on one thread, quick ones between the steps of long ones.

One thread, as in-process: TensorFlow uses all cores of its process by itself, so jobs interleave
but never run in parallel.
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
from cnnvis_widgets.engine.shared.lru_cache import LRUCache
from cnnvis_widgets.engine.shared.serialization import (
    Level,
    deserialize,
    networks_of,
    serialize_error,
)
from cnnvis_widgets.engine.worker import Ticket
from cnnvis_widgets.errors import Cancelled

_LOG = logging.getLogger(__name__)

Message = dict[str, Any]

PICTURE_CACHE_BYTES = 128 << 20
MAX_NETWORKS = 8
MEMORY_FRACTION = 0.6
"""The share of the memory limit beyond which the least recently used network is unloaded."""

MAX_QUICK_PER_STEP = 8
"""How many quick jobs may run between two steps of a long one, so that it makes progress."""

QUIET_SECONDS = 2.0
"""How long a worker must have had no other job before idle work takes its next step.

A step may compile for seconds, and a lesson's cells send one request after another: without this,
each of them waits for a step.
"""

IDLE_PATIENCE = 20.0
"""The most seconds that idle work waits for that before each step."""

PROGRESS_INTERVAL = 0.1
"""The least number of seconds between two progress messages."""


class Runner:
    """Runs jobs, one of each level at a time.

    Args:
        send: sends a message to the broker; called on the runner's thread.
        memory_limit: bytes that the process may use; 0 for no limit.
    """

    def __init__(self, send: Callable[[Message], None], memory_limit: int = 0) -> None:
        self.library = Library(MAX_NETWORKS)
        self._send = send
        self._memory_limit = memory_limit
        self._queue: deque[tuple[Message, Ticket]] = deque()
        self._tickets: dict[str, Ticket] = {}  # the newest of each key
        self._pictures = LRUCache(PICTURE_CACHE_BYTES)
        self._weights: dict[str, tuple[Any, str, int]] = {}  # name → network, digest, bytes
        self._condition = threading.Condition()
        self._quiet_since = 0.0  # when the last job that was not idle ended
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="cnnvis-runner", daemon=True)
        self._thread.start()

    def take(self, message: Message) -> None:
        """Handle a message of the broker; returns at once."""
        with self._condition:
            match message["type"]:
                case "picture":
                    self._pictures.put(message["digest"], message["data"])
                case "run":
                    ticket = self._tickets[message["key"]] = self._make_ticket(message)
                    self._queue.append((message, ticket))
                    self._condition.notify()
                case "cancel" if message["key"] in self._tickets:
                    self._tickets[message["key"]].cancel()
                    self._condition.notify()
                case "send_previews" if message["key"] in self._tickets:
                    self._send_previews(self._tickets[message["key"]])

    def close(self) -> None:
        """Cancel all jobs and end the thread."""
        with self._condition:
            self._closed = True
            self._queue.clear()
            for ticket in self._tickets.values():
                ticket.cancel()
            self._condition.notify()

    def state(self) -> Message:
        """The memory and the loaded networks of this process, for the broker."""
        sizes = {name: size for name, (_, _, size) in self._weights.items()}
        return {"memory": psutil.Process().memory_info().rss, "networks": sizes}

    def _make_ticket(self, message: Message) -> Ticket:
        key, last_sent = message["key"], 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last_sent
            now = time.monotonic()
            if now - last_sent >= PROGRESS_INTERVAL:
                last_sent = now
                self._send({"type": "progress", "key": key, "progress": (done, total)})

        def done(answer: Any) -> None:
            data = pickle.dumps(answer, protocol=5)
            weights = {name: digest for name, (_, digest, _) in self._weights.items()}
            result = {"type": "answer", "key": key, "data": data, "weights": weights}
            self._send({**result, **self.state()})

        def failed(error: Exception) -> None:
            self._send(
                {"type": "failed", "key": key, "data": serialize_error(error), **self.state()}
            )

        ticket = Ticket(key, lambda ticket: self._work(message, ticket), done, failed, progress)
        if message["previews"]:
            self._send_previews(ticket)
        return ticket

    def _send_previews(self, ticket: Ticket) -> None:
        def send_preview(answer: Any) -> None:
            data = pickle.dumps(answer, protocol=5)
            self._send({"type": "preview", "key": ticket.owner, "data": data})

        ticket.on_preview = send_preview

    def _run(self) -> None:
        while not self._closed:
            with self._condition:
                while not self._queue and not self._closed:
                    self._condition.wait()
            self._run_most_urgent(below=len(Level))

    def _run_most_urgent(self, below: int) -> bool:
        """Run the most urgent job below a level; returns whether there was one."""
        with self._condition:
            ready = [job for job in self._queue if job[0]["level"] < below]
            if not ready:
                return False
            job = message, ticket = min(ready, key=lambda job: job[0]["level"])
            self._queue.remove(job)
        try:
            if ticket.cancelled or not self._perform(ticket, message):
                self._send({"type": "cancelled", "key": message["key"]})
        except Exception:  # the answer cannot be sent: the job fails, the others go on
            _LOG.exception("A request could not be answered")
            failure = RuntimeError("Its answer could not be sent.")
            self._send({"type": "failed", "key": message["key"], "data": serialize_error(failure)})
        finally:
            if message["level"] < Level.IDLE:
                self._quiet_since = time.monotonic()
            with self._condition:  # the broker may have sent the key again meanwhile
                if self._tickets.get(message["key"]) is ticket:
                    del self._tickets[message["key"]]
        return True

    def _perform(self, ticket: Ticket, message: Message) -> bool:
        """Run a job; returns whether the broker was sent its result or failure."""
        try:
            answer = ticket.work(ticket)
        except Cancelled:
            return False
        except _MissingPictureError:
            self._send({"type": "missing_pictures", "key": message["key"]})
            return True
        except Exception as error:
            ticket.failed(error)
            return True
        ticket.done(answer)
        return True

    def _work(self, message: Message, ticket: Ticket) -> Any:
        idle = message["level"] == Level.IDLE

        def step(done: int, total: int) -> None:
            started = time.monotonic()
            if idle:
                self._await_quiet(ticket)
            for _ in range(MAX_QUICK_PER_STEP):
                if not self._run_most_urgent(below=message["level"]):
                    break
            ticket.exclude(time.monotonic() - started)
            ticket.step(done, total)

        if idle:
            self._await_quiet(ticket)
            ticket.step(0, 1)  # ends here if it was cancelled meanwhile
        request = deserialize(message["data"], self._find_picture)
        for name in networks_of(request):
            self._load(name)
        return request.perform(self.library, step, ticket.preview)

    def _await_quiet(self, ticket: Ticket) -> None:
        """Run the jobs that are not idle until none has come for a while, or patience is over."""

        def urgent() -> bool:
            return any(message["level"] < Level.IDLE for message, _ in self._queue)

        end = time.monotonic() + IDLE_PATIENCE
        while not (ticket.cancelled or self._closed):
            now = time.monotonic()
            if now < end and self._run_most_urgent(below=Level.IDLE):
                continue
            left = min(self._quiet_since + QUIET_SECONDS, end) - now
            if left <= 0:
                return
            with self._condition:
                self._condition.wait_for(
                    lambda: urgent() or ticket.cancelled or self._closed, timeout=left
                )

    def _find_picture(self, digest: str) -> bytes:
        picture = self._pictures.get(digest)
        if picture is None:
            raise _MissingPictureError
        return picture

    def _load(self, name: str) -> None:
        """Load a network and compute its digest, unloading others if memory is short."""
        from cnnvis_widgets.backend.digest import network_digest

        if not self.library.holds(name):
            while self._memory_exceeded() and self.library.drop_oldest():
                gc.collect()
        network = self.library.network(name)
        if name not in self._weights or self._weights[name][0] is not network:
            size = 4 * int(network.model.count_params())
            self._weights[name] = network, network_digest(network), size
        for unloaded in [key for key in self._weights if not self.library.holds(key)]:
            del self._weights[unloaded]

    def _memory_exceeded(self) -> bool:
        return (
            bool(self._memory_limit)
            and psutil.Process().memory_info().rss > MEMORY_FRACTION * self._memory_limit
        )


class _MissingPictureError(Exception):
    """The cache has dropped a picture that a request needs."""
