"""A class as a discrete-event simulation: cores, page servers, workers, a scheduler, visitors.

It is driven by recorded durations, and says what larger classes and machines would see. What it
leaves out: networks that a worker has to load or compile first, the lines between machines, and
the order in which the scheduler serves visitors (here: first come, first served).
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

import simpy
from crowd import Quantiles
from visitor import QUICK

SLICE = 0.02  # seconds that a process keeps a core while others want it
CLASSES, PICTURES = 5, 10  # that the explorer offers at first


class Costs(NamedTuple):
    """Seconds of a core, each by itself.

    Attributes:
        opening: process → for a page: "server", "kernel", "scheduler", "client".
        change: the same for a choice and its answer.
        work: method → what a worker took for its maps, one each; and "predict".
    """

    opening: Mapping[str, float]
    change: Mapping[str, float]
    work: Mapping[str, Sequence[float]]


class Setting(NamedTuple):
    """Who comes, and what there is for them.

    Attributes:
        visitors: how many.
        within: seconds in which they come, evenly.
        seconds: how long each stays after its first picture.
        every: seconds from one choice to the next.
        machines: how many, alike. Each serves its part of the pages; the first has the scheduler.
        cores: of each.
        workers: of each.
        clients: whether the visitors' own work is done on the same cores, as in the measurement.
    """

    visitors: int
    within: float = 60
    seconds: float = 60
    every: float = 5
    machines: int = 1
    cores: int = 2
    workers: int = 1
    clients: bool = False


class Seen(NamedTuple):
    """What the visitors would see.

    Attributes:
        controls: seconds to the controls.
        first_picture: seconds to the first explanation.
        change: seconds from a choice to its explanation.
        changes: how many choices.
        kept: the share of requests whose answer was there or under way.
        busy: the share of time in which the machines' cores had work, from the first visitor's
            coming to the last one's leaving.
    """

    controls: Quantiles
    first_picture: Quantiles
    change: Quantiles
    changes: int
    kept: float
    busy: float


class Machine:
    """Cores, one thread that serves pages, and workers."""

    def __init__(self, environment: simpy.Environment, setting: Setting) -> None:
        self._environment = environment
        self._cores = simpy.Resource(environment, setting.cores)
        self.server = simpy.Resource(environment, 1)
        self.busy = 0.0

    def compute(self, seconds: float) -> Generator[Any, Any, None]:
        """Take a core for so long, in slices among all who want one."""
        while seconds > 1e-9:
            with self._cores.request() as turn:
                yield turn
                step = min(SLICE, seconds)
                yield self._environment.timeout(step)
            self.busy += step
            seconds -= step

    def alone(self, thread: simpy.Resource, seconds: float) -> Generator[Any, Any, None]:
        """The same in a thread that does one thing after the other."""
        with thread.request() as turn:
            yield turn
            yield from self.compute(seconds)


class Class:
    """A run of the simulation."""

    def __init__(self, costs: Costs, setting: Setting, seed: int = 0) -> None:
        self._costs, self._setting = costs, setting
        self._random = random.Random(seed)
        self._environment = simpy.Environment()
        self._machines = [Machine(self._environment, setting) for _ in range(setting.machines)]
        self._scheduler = simpy.Resource(self._environment, 1)
        self._workers = simpy.FilterStore(self._environment)
        for number in range(setting.machines * setting.workers):
            self._workers.put(number % setting.machines)
        self._answers: dict[tuple[Any, ...], simpy.Event] = {}
        self._asked = self._kept = 0
        self._controls: list[float] = []
        self._first: list[float] = []
        self._changes: list[float] = []

    def run(self) -> Seen:
        """Let all come and leave."""
        for number in range(self._setting.visitors):
            self._environment.process(self._visit(number))
        self._environment.run()
        cores = self._setting.cores * self._setting.machines
        return Seen(
            Quantiles.of(self._controls),
            Quantiles.of(self._first),
            Quantiles.of(self._changes),
            len(self._changes),
            self._kept / max(1, self._asked),
            sum(one.busy for one in self._machines) / (cores * self._environment.now),
        )

    def _visit(self, number: int) -> Generator[Any, Any, None]:
        now = self._environment
        yield now.timeout(self._setting.within * number / max(1, self._setting.visitors))
        machine = self._machines[number % len(self._machines)]
        begin = now.now
        yield from self._page(machine, self._costs.opening)
        self._controls.append(now.now - begin)
        chosen: dict[str, Any] = {"picture": 0, "class": 0, "method": "grad_cam"}
        yield from self._explanation(machine, chosen)
        self._first.append(now.now - begin)
        end = now.now + self._setting.seconds
        yield now.timeout(self._random.uniform(0, self._setting.every))
        while now.now < end:
            began = now.now
            self._choose(chosen)
            yield from self._page(machine, self._costs.change)
            yield from self._explanation(machine, chosen)
            self._changes.append(now.now - began)
            yield now.timeout(max(0.0, self._setting.every - (now.now - began)))

    def _choose(self, chosen: dict[str, Any]) -> None:
        """As `visitor.Visitor` does."""
        offers: dict[str, Sequence[Any]] = {
            "class": range(CLASSES),
            "method": QUICK,
            "picture": range(PICTURES),
        }
        kind = self._random.choice(["class", "class", "method", "picture"])
        others = [one for one in offers[kind] if one != chosen[kind]]
        chosen[kind] = self._random.choice(others)

    def _page(self, machine: Machine, cost: Mapping[str, float]) -> Generator[Any, Any, None]:
        yield from machine.alone(machine.server, cost["server"])
        yield from machine.compute(cost["kernel"])
        yield from self._machines[0].alone(self._scheduler, cost["scheduler"])
        if self._setting.clients:
            yield from machine.compute(cost["client"])

    def _explanation(
        self, machine: Machine, chosen: Mapping[str, Any]
    ) -> Generator[Any, Any, None]:
        picture = chosen["picture"]
        predicted = self._ask("predict", ("predict", picture))
        map_key = (chosen["method"], picture, chosen["class"])
        yield self._ask(chosen["method"], map_key) & predicted

    def _ask(self, method: str, key: tuple[Any, ...]) -> simpy.Event:
        """An answer: kept, under way, or to be computed."""
        self._asked += 1
        self._kept += key in self._answers
        if key not in self._answers:
            self._answers[key] = self._environment.process(self._answer(method))
        return self._answers[key]

    def _answer(self, method: str) -> Generator[Any, Any, None]:
        where = yield self._workers.get()
        yield from self._machines[where].compute(self._random.choice(self._costs.work[method]))
        yield self._workers.put(where)


def simulate(costs: Costs, setting: Setting, seed: int = 0) -> Seen:
    """What a class would see.

    Args:
        costs: recorded durations.
        setting: who comes, and what there is for them.
        seed: of the visitors' choices.
    """
    return Class(costs, setting, seed).run()
