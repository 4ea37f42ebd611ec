"""The scheduling policy of the shared engine: who is served next, and by which worker.

The broker does not deserialize requests or answers, and does no input or output. It coalesces
equal requests, caches answers, serves visitors in turn, and gives a worker one request of each
level at a time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cnnvis_widgets.engine.shared.lru_cache import LRUCache
from cnnvis_widgets.engine.shared.serialization import NO_ANSWER

Message = dict[str, Any]
Send = Callable[[Message], None]

ANSWER_CACHE_BYTES = 256 << 20
PICTURE_CACHE_BYTES = 128 << 20
"""Limits of the caches in the scheduler's process."""

ATTEMPTS = 3
"""How many workers may die while running a request before it fails."""

PATIENCE = 0.5
SECONDS_PER_BYTE = 1 / (50 << 20)
"""How long a request waits for a busy worker that has its network before another one loads it."""


@dataclass(eq=False)
class Visitor:
    """A page that is connected.

    Attributes:
        send: sends it a message.
        last_served: level → when it was last served (a count, not a time).
        requests: its unanswered requests, by the number that the page gave them.
    """

    send: Send
    last_served: dict[int, int] = field(default_factory=dict)
    requests: dict[int, Job] = field(default_factory=dict)


@dataclass(eq=False)
class WorkerState:
    """A worker that is connected.

    Attributes:
        send: sends it a message.
        name: its address.
        running: the jobs that it runs, at most one of each level.
        networks: the networks that it has loaded, name → bytes of weights.
        pictures: digests of the pictures that it was sent.
        memory: bytes that its process uses.
        completed: how many jobs it has completed.
    """

    send: Send
    name: str = ""
    running: dict[int, Job] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    memory: int = 0
    completed: int = 0

    def free_for(self, level: int) -> bool:
        """Whether it can start a job of that level at once, or at its next step."""
        return all(running > level for running in self.running)


@dataclass(eq=False)
class Job:
    """A request that one or more visitors wait for.

    Attributes:
        key, level, networks, data: see `serialization.SerializedRequest`.
        pictures: digests of the pictures that it needs.
        order: increases with each new job.
        since: the clock when it was requested.
        subscribers: (visitor, its number for the request) → whether it wants previews.
        worker: the worker that runs it.
        attempts: how many workers have started it.
    """

    key: str
    level: int
    networks: tuple[str, ...]
    data: bytes
    pictures: tuple[str, ...]
    order: int
    since: float
    subscribers: dict[tuple[Visitor, int], bool] = field(default_factory=dict)
    worker: WorkerState | None = None
    attempts: int = 0

    @property
    def previews(self) -> bool:
        """Whether any subscriber wants previews."""
        return any(self.subscribers.values())


class Broker:
    """Schedules jobs; all methods are called on one thread.

    Args:
        clock: returns seconds; tests replace it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._count = itertools.count(1)
        self._jobs: dict[str, Job] = {}  # unanswered, by key
        self._answers = LRUCache(ANSWER_CACHE_BYTES)
        self._pictures = LRUCache(PICTURE_CACHE_BYTES)
        self._weights: dict[str, str] = {}  # a network's name → its weights' digest
        self.visitors: set[Visitor] = set()
        self.workers: set[WorkerState] = set()
        self.counters = dict.fromkeys(
            ("requests", "cache_hits", "coalesced", "computed", "retries"), 0
        )

    # Visitors

    def connect_visitor(self, send: Send) -> Visitor:
        """Register a page that has connected."""
        visitor = Visitor(send)
        self.visitors.add(visitor)
        return visitor

    def disconnect_visitor(self, visitor: Visitor) -> None:
        """Remove a page, and cancel the jobs that only it waited for."""
        self.visitors.discard(visitor)
        for number in list(visitor.requests):
            self.cancel(visitor, number)

    def from_visitor(self, visitor: Visitor, message: Message) -> None:
        """Handle a message of a page."""
        match message["type"]:
            case "picture":
                self._pictures.put(message["digest"], message["data"])
            case "request":
                self._add_request(visitor, message)
            case "cancel":
                self.cancel(visitor, message["id"])
        self.dispatch()

    def _add_request(self, visitor: Visitor, message: Message) -> None:
        number, key = message["id"], message["key"]
        self.counters["requests"] += 1
        answer = self._answers.get(self._cache_key(key, tuple(message["networks"])))
        if answer is not None:
            self.counters["cache_hits"] += 1
            visitor.send({"type": "answer", "id": number, "data": answer})
            return
        missing = [digest for digest in message["pictures"] if self._pictures.get(digest) is None]
        if missing:
            visitor.send({"type": "missing_pictures", "id": number, "pictures": missing})
            return
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = Job(
                key,
                message["level"],
                tuple(message["networks"]),
                message["data"],
                tuple(message["pictures"]),
                next(self._count),
                self._clock(),
            )
        else:
            self.counters["coalesced"] += 1
        had_previews = job.previews
        job.subscribers[visitor, number] = message["previews"]
        visitor.requests[number] = job
        if job.worker is not None and job.previews and not had_previews:
            job.worker.send({"type": "send_previews", "key": key})

    def cancel(self, visitor: Visitor, number: int) -> None:
        """Unsubscribe a page from a job; a job without subscribers is cancelled."""
        job = visitor.requests.pop(number, None)
        if job is None:
            return
        del job.subscribers[visitor, number]
        if job.subscribers:
            return
        self._jobs.pop(job.key, None)
        if job.worker is not None:  # it keeps the worker busy until that confirms
            job.worker.send({"type": "cancel", "key": job.key})

    # Workers

    def connect_worker(self, send: Send, name: str) -> WorkerState:
        """Register a worker that has connected."""
        worker = WorkerState(send, name)
        self.workers.add(worker)
        self.dispatch()
        return worker

    def disconnect_worker(self, worker: WorkerState) -> None:
        """Remove a worker; its jobs go to others, or fail after too many attempts."""
        self.workers.discard(worker)
        for job in worker.running.values():
            job.worker = None
            if not job.subscribers:
                continue
            if job.attempts >= ATTEMPTS:
                self._finish(job, {"type": "worker_died"})
            else:
                self.counters["retries"] += 1
        self.dispatch()

    def from_worker(self, worker: WorkerState, message: Message) -> None:
        """Handle a message of a worker."""
        if "memory" in message:
            worker.memory, worker.networks = message["memory"], dict(message["networks"])
        key = message.get("key")
        job = next((job for job in worker.running.values() if job.key == key), None)
        if job is None:
            return
        match message["type"]:
            case "answer":
                self._weights.update(message["weights"])
                self._release(worker, job)
                self.counters["computed"] += 1
                if message["data"] != NO_ANSWER:  # warming up must run on each worker
                    self._answers.put(self._cache_key(job.key, job.networks), message["data"])
                # A job that was cancelled meanwhile may have been requested again as another
                for answered in {job, self._jobs.get(job.key, job)}:
                    self._finish(answered, {"type": "answer", "data": message["data"]})
            case "failed":
                self._release(worker, job)
                self._finish(job, {"type": "failed", "data": message["data"]})
            case "cancelled":
                self._release(worker, job)
            case "missing_pictures":  # its cache has dropped them
                self._release(worker, job)
                job.worker = None
                job.attempts -= 1
                worker.pictures -= set(job.pictures)
            case "progress" | "preview" as message_type:
                self._broadcast(job, message, previews_only=message_type == "preview")
        self.dispatch()

    def _release(self, worker: WorkerState, job: Job) -> None:
        del worker.running[job.level]
        worker.completed += 1

    def _finish(self, job: Job, message: Message) -> None:
        for visitor, number in job.subscribers:
            visitor.requests.pop(number, None)
            visitor.send({**message, "id": number})
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
        job.subscribers = {}

    @staticmethod
    def _broadcast(job: Job, message: Message, previews_only: bool) -> None:
        content = {name: value for name, value in message.items() if name != "key"}
        for (visitor, number), wants_previews in job.subscribers.items():
            if wants_previews or not previews_only:
                visitor.send({**content, "id": number})

    # Scheduling

    def dispatch(self) -> None:
        """Assign every job that can start now."""
        waiting = [job for job in self._jobs.values() if job.worker is None]
        while waiting:
            waiting.sort(key=self._priority)
            for job in waiting:
                worker = self._choose_worker(job)
                if worker is not None:
                    self._assign(job, worker)
                    waiting.remove(job)
                    break  # the priorities have changed
            else:
                return

    def _priority(self, job: Job) -> tuple[int, int, int]:
        """Urgent jobs first, then the visitor served longest ago, then the newest job."""
        last_served = min(visitor.last_served.get(job.level, 0) for visitor, _ in job.subscribers)
        return job.level, last_served, -job.order

    def _choose_worker(self, job: Job) -> WorkerState | None:
        """A free worker that has the network, or, after a while, one that may load it."""
        free = [worker for worker in self.workers if worker.free_for(job.level)]
        loaded = [w for w in self.workers if all(name in w.networks for name in job.networks)]
        best = [worker for worker in free if worker in loaded]
        if not best and loaded:
            size = sum(loaded[0].networks[name] for name in job.networks)
            if self._clock() - job.since < PATIENCE + size * SECONDS_PER_BYTE:
                return None
        candidates = best or free
        if not candidates:
            return None
        return min(candidates, key=lambda w: (len(w.running), len(w.networks), w.name))

    def _assign(self, job: Job, worker: WorkerState) -> None:
        missing = [digest for digest in job.pictures if digest not in worker.pictures]
        pictures = {digest: self._pictures.get(digest) for digest in missing}
        if None in pictures.values():  # dropped from the cache: the client sends them again
            dropped = [digest for digest, data in pictures.items() if data is None]
            self._finish(job, {"type": "missing_pictures", "pictures": dropped})
            return
        for digest, data in pictures.items():
            worker.pictures.add(digest)
            worker.send({"type": "picture", "digest": digest, "data": data})
        job.worker = worker
        job.attempts += 1
        worker.running[job.level] = job
        for name in job.networks:  # it is loading them: other jobs wait for this worker
            worker.networks.setdefault(name, 0)
        tick = next(self._count)
        for visitor, _ in job.subscribers:
            visitor.last_served[job.level] = tick
        worker.send(
            {
                "type": "run",
                "key": job.key,
                "level": job.level,
                "data": job.data,
                "networks": job.networks,
                "previews": job.previews,
            }
        )

    def _cache_key(self, key: str, networks: tuple[str, ...]) -> tuple[str, ...]:
        """The key of a cached answer: the request and the digests of the weights."""
        return key, *(self._weights.get(name, "") for name in networks)

    def stats(self) -> dict[str, Any]:
        """Counts and sizes for the operator of the service, as plain values."""
        return {
            "visitors": len(self.visitors),
            "waiting": sum(job.worker is None for job in self._jobs.values()),
            "running": sum(job.worker is not None for job in self._jobs.values()),
            "answer_cache_bytes": self._answers.size,
            "picture_cache_bytes": self._pictures.size,
            **self.counters,
            "workers": [
                {
                    "name": worker.name,
                    "memory": worker.memory,
                    "completed": worker.completed,
                    "running": len(worker.running),
                    "networks": sorted(worker.networks),
                }
                for worker in sorted(self.workers, key=lambda w: w.name)
            ],
        }
