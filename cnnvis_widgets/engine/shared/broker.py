"""Who is served next, and by which worker: the policy of the shared engine, without a network.

The broker reads neither requests nor answers. It joins equal requests, keeps answers, serves
visitors in turn, and hands a worker one request of each level at a time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cnnvis_widgets.engine.shared.kept import Kept
from cnnvis_widgets.engine.shared.parcels import NOTHING

Message = dict[str, Any]
Send = Callable[[Message], None]

ANSWERS_KEPT = 256 << 20
PICTURES_KEPT = 128 << 20
"""Bytes at most, in the scheduler's process."""

ATTEMPTS = 3
"""Workers that may die of one request before it is refused."""

PATIENCE = 0.5
SECONDS_A_BYTE = 1 / (50 << 20)
"""How long a request waits for a busy worker that has its network before another one loads it."""


@dataclass(eq=False)
class Visitor:
    """A page that is connected.

    Attributes:
        send: sends it a message.
        served: at each level, when it was served last (a count, not a time).
        asked: its requests that are not answered, by its own number.
    """

    send: Send
    served: dict[int, int] = field(default_factory=dict)
    asked: dict[int, Job] = field(default_factory=dict)


@dataclass(eq=False)
class Helper:
    """A worker that is connected.

    Attributes:
        send: sends it a message.
        name: its address.
        running: what it works on, at most one of each level.
        networks: what it has loaded, name → bytes of weights.
        pictures: what it was sent, by digest.
        memory: bytes that it takes.
        done: how many requests it answered.
    """

    send: Send
    name: str = ""
    running: dict[int, Job] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    memory: int = 0
    done: int = 0

    def free_for(self, level: int) -> bool:
        """Whether it can begin with something of that level at once, or at its next step."""
        return all(busy > level for busy in self.running)


@dataclass(eq=False)
class Job:
    """A request that one visitor or more wait for.

    Attributes:
        key: of the request, see `parcels.Parcel`; so are `level`, `networks` and `data`.
        pictures: the digests of those that it needs.
        order: the newest has the largest.
        since: when it was asked.
        wanted: who waits for it, and by which number of theirs → whether they want previews.
        helper: who works on it.
        attempts: how many workers began it.
    """

    key: str
    level: int
    networks: tuple[str, ...]
    data: bytes
    pictures: tuple[str, ...]
    order: int
    since: float
    wanted: dict[tuple[Visitor, int], bool] = field(default_factory=dict)
    helper: Helper | None = None
    attempts: int = 0

    @property
    def previews(self) -> bool:
        """Whether anybody wants previews."""
        return any(self.wanted.values())


class Broker:
    """The policy; all methods are called on one thread.

    Args:
        clock: seconds; for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._count = itertools.count(1)
        self._jobs: dict[str, Job] = {}  # by key; those that are not answered
        self._answers = Kept(ANSWERS_KEPT)
        self._pictures = Kept(PICTURES_KEPT)
        self._weights: dict[str, str] = {}  # a network's name → its weights' digest
        self.visitors: set[Visitor] = set()
        self.helpers: set[Helper] = set()
        self.told = {"asked": 0, "kept": 0, "joined": 0, "computed": 0, "repeated": 0}

    # Visitors

    def enter(self, send: Send) -> Visitor:
        """A page connects."""
        visitor = Visitor(send)
        self.visitors.add(visitor)
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """A page is gone: what only it waited for is dropped."""
        self.visitors.discard(visitor)
        for number in list(visitor.asked):
            self.cancel(visitor, number)

    def from_visitor(self, visitor: Visitor, message: Message) -> None:
        """Do what a page's message says."""
        match message["do"]:
            case "picture":
                self._pictures.put(message["digest"], message["data"])
            case "ask":
                self._ask(visitor, message)
            case "cancel":
                self.cancel(visitor, message["id"])
        self.dispatch()

    def _ask(self, visitor: Visitor, message: Message) -> None:
        number, key = message["id"], message["key"]
        self.told["asked"] += 1
        kept = self._answers.get(self._full(key, tuple(message["networks"])))
        if kept is not None:
            self.told["kept"] += 1
            visitor.send({"do": "answer", "id": number, "data": kept})
            return
        lacking = [one for one in message["pictures"] if self._pictures.get(one) is None]
        if lacking:
            visitor.send({"do": "lacking", "id": number, "pictures": lacking})
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
            self.told["joined"] += 1
        without = not job.previews
        job.wanted[visitor, number] = message["previews"]
        visitor.asked[number] = job
        if job.helper is not None and without and job.previews:
            job.helper.send({"do": "send_previews", "key": key})

    def cancel(self, visitor: Visitor, number: int) -> None:
        """A page no longer wants an answer; work that nobody wants is stopped."""
        job = visitor.asked.pop(number, None)
        if job is None:
            return
        del job.wanted[visitor, number]
        if job.wanted:
            return
        self._jobs.pop(job.key, None)
        if job.helper is not None:  # it stays there until the worker says that it stopped
            job.helper.send({"do": "stop", "key": job.key})

    # Workers

    def join(self, send: Send, name: str) -> Helper:
        """A worker connects."""
        helper = Helper(send, name)
        self.helpers.add(helper)
        self.dispatch()
        return helper

    def lose(self, helper: Helper) -> None:
        """A worker is gone: what it worked on is asked of another."""
        self.helpers.discard(helper)
        for job in helper.running.values():
            job.helper = None
            if not job.wanted:
                continue
            if job.attempts >= ATTEMPTS:
                self._finish(job, {"do": "lost"})
            else:
                self.told["repeated"] += 1
        self.dispatch()

    def from_helper(self, helper: Helper, message: Message) -> None:
        """Take what a worker says."""
        if "memory" in message:
            helper.memory, helper.networks = message["memory"], dict(message["networks"])
        job = next((one for one in helper.running.values() if one.key == message.get("key")), None)
        if job is None:
            return
        match message["do"]:
            case "answer":
                self._weights.update(message["weights"])
                self._end(helper, job)
                self.told["computed"] += 1
                if message["data"] != NOTHING:  # what is warmed must be done again
                    self._answers.put(self._full(job.key, job.networks), message["data"])
                for one in {job, self._jobs.get(job.key, job)}:  # stopped, and asked again
                    self._finish(one, {"do": "answer", "data": message["data"]})
            case "failed":
                self._end(helper, job)
                self._finish(job, {"do": "failed", "data": message["data"]})
            case "stopped":
                self._end(helper, job)
            case "lacking":  # it keeps as many pictures as it has room for
                self._end(helper, job)
                job.helper = None
                job.attempts -= 1
                helper.pictures -= set(job.pictures)
            case "progress" | "preview" as what:
                self._tell(job, message, previews_only=what == "preview")
        self.dispatch()

    def _end(self, helper: Helper, job: Job) -> None:
        del helper.running[job.level]
        helper.done += 1

    def _finish(self, job: Job, message: Message) -> None:
        for visitor, number in job.wanted:
            visitor.asked.pop(number, None)
            visitor.send({**message, "id": number})
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
        job.wanted = {}

    @staticmethod
    def _tell(job: Job, message: Message, previews_only: bool) -> None:
        said = {name: value for name, value in message.items() if name != "key"}
        for (visitor, number), watches in job.wanted.items():
            if watches or not previews_only:
                visitor.send({**said, "id": number})

    # Who does what

    def dispatch(self) -> None:
        """Hand out what can be begun now."""
        waiting = [job for job in self._jobs.values() if job.helper is None]
        while waiting:
            waiting.sort(key=self._turn)
            for job in waiting:
                helper = self._place(job)
                if helper is not None:
                    self._hand(job, helper)
                    waiting.remove(job)
                    break  # whose turn it is has changed
            else:
                return

    def _turn(self, job: Job) -> tuple[int, int, int]:
        """The urgent first; then who was served longest ago; of each visitor the newest."""
        served = min(visitor.served.get(job.level, 0) for visitor, _ in job.wanted)
        return job.level, served, -job.order

    def _place(self, job: Job) -> Helper | None:
        """A free worker that has the network, or, after a while, one that may load it."""
        free = [helper for helper in self.helpers if helper.free_for(job.level)]
        having = [h for h in self.helpers if all(name in h.networks for name in job.networks)]
        best = [helper for helper in free if helper in having]
        if not best and having:
            size = sum(having[0].networks[name] for name in job.networks)
            if self._clock() - job.since < PATIENCE + size * SECONDS_A_BYTE:
                return None
        candidates = best or free
        if not candidates:
            return None
        return min(candidates, key=lambda h: (len(h.running), len(h.networks), h.name))

    def _hand(self, job: Job, helper: Helper) -> None:
        missing = [digest for digest in job.pictures if digest not in helper.pictures]
        pictures = {digest: self._pictures.get(digest) for digest in missing}
        if None in pictures.values():  # dropped meanwhile: the client sends it again
            lacking = [digest for digest, data in pictures.items() if data is None]
            self._finish(job, {"do": "lacking", "pictures": lacking})
            return
        for digest, data in pictures.items():
            helper.pictures.add(digest)
            helper.send({"do": "picture", "digest": digest, "data": data})
        job.helper = helper
        job.attempts += 1
        helper.running[job.level] = job
        for name in job.networks:  # it is loading: others wait for it
            helper.networks.setdefault(name, 0)
        tick = next(self._count)
        for visitor, _ in job.wanted:
            visitor.served[job.level] = tick
        helper.send(
            {
                "do": "work",
                "key": job.key,
                "level": job.level,
                "data": job.data,
                "networks": job.networks,
                "previews": job.previews,
            }
        )

    def _full(self, key: str, networks: tuple[str, ...]) -> tuple[str, ...]:
        """What an answer is kept by: the request, and the weights that it was computed with."""
        return key, *(self._weights.get(name, "") for name in networks)

    def facts(self) -> dict[str, Any]:
        """How it is going, for who runs the service."""
        return {
            "visitors": len(self.visitors),
            "waiting": sum(job.helper is None for job in self._jobs.values()),
            "running": sum(job.helper is not None for job in self._jobs.values()),
            "answers_kept": self._answers.size,
            "pictures_kept": self._pictures.size,
            **self.told,
            "workers": [
                {
                    "name": helper.name,
                    "memory": helper.memory,
                    "done": helper.done,
                    "running": len(helper.running),
                    "networks": sorted(helper.networks),
                }
                for helper in sorted(self.helpers, key=lambda h: h.name)
            ],
        }
