"""Many visitors at once: when they come, what the processes take, and what they all waited."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

import psutil
from browser_visitor import BrowserVisitor, chromium
from visitor import Visitor

SAMPLE_EVERY = 4.0


class Quantiles(NamedTuple):
    """Of seconds, or of anything."""

    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Quantiles:
        """Median and 95th percentile, interpolated; of nothing, zeros."""
        if len(values) < 2:
            return cls(*(list(values) * 2 or [0.0, 0.0]))
        parts = statistics.quantiles(values, n=20, method="inclusive")
        return cls(statistics.median(values), parts[-1])


def kind(command: Sequence[str], parent: str) -> str:
    """What a process of `cnnvis app` does, from its command line and its parent's kind."""
    text = " ".join(command)
    if "kernel_fork_server" in text:
        return "kernels" if parent == "nursery" else "nursery"
    if "ipykernel_launcher" in text:
        return "kernels"
    if "engine.shared.cluster" in text:
        return "scheduler"
    if "multiprocessing" in text:
        return "workers" if parent == "scheduler" else "kernels"
    return "server"


class Sample(NamedTuple):
    """What the processes take at one moment.

    Attributes:
        pss: kind → bytes, shared pages counted once.
        processes: kind → how many.
        processor: kind → seconds so far, of those that still run and of kernels that have ended.
    """

    pss: dict[str, int]
    processes: dict[str, int]
    processor: dict[str, float]


def sample(server: int) -> Sample:
    """Measure a server and its descendants."""
    pss: defaultdict[str, int] = defaultdict(int)
    count: defaultdict[str, int] = defaultdict(int)
    seconds: defaultdict[str, float] = defaultdict(float)

    def walk(process: psutil.Process, parent: str) -> None:
        try:
            mine = kind(process.cmdline(), parent)
            pss[mine] += process.memory_full_info().pss
            times = process.cpu_times()
            seconds[mine] += times.user + times.system
            if mine == "nursery":
                seconds["kernels"] += times.children_user + times.children_system
            count[mine] += 1
            children = process.children()
        except psutil.Error:  # it ended meanwhile
            return
        for child in children:
            walk(child, mine)

    walk(psutil.Process(server), "")
    return Sample(dict(pss), dict(count), dict(seconds))


class Outcome(NamedTuple):
    """What a class of visitors met.

    Attributes:
        visitors: how many.
        controls: seconds to the controls.
        first_picture: seconds to the first explanation.
        change: seconds from a choice to its explanation.
        changes: how many choices.
        errors: in words.
        before: the processes before the first visitor.
        peak: the processes when they took most.
        after: the processes when all have left.
        pages: the visits in Chromium, which the other attributes leave out.
    """

    visitors: int
    controls: Quantiles
    first_picture: Quantiles
    change: Quantiles
    changes: int
    errors: list[str]
    before: Sample
    peak: Sample
    after: Sample
    pages: Sequence[BrowserVisitor] = ()

    def processor(self) -> float:
        """Seconds of a core that each visit took, the workers' included."""
        spent = sum(self.after.processor.values()) - sum(self.before.processor.values())
        return spent / self._visits()

    def seconds(self) -> dict[str, Quantiles]:
        """What was waited for, by name."""
        return {
            "controls": self.controls,
            "first_picture": self.first_picture,
            "change": self.change,
        }

    def rows(self) -> str:
        """A line of the table, and one more for the visits in Chromium."""
        each = (total(self.peak) - total(self.before)) / self._visits() / 2**20
        row = (
            f"| {self.visitors} | {self._counts()} | "
            f"{total(self.peak) / 2**30:.2f} | {each:.0f} | {self.processor():.1f} |"
        )
        if not self.pages:
            return row
        opened = outcome(self.pages, self.before, self.peak, self.after)
        return f"{row}\n| + {opened.visitors} in Chromium | {opened._counts()} | | | |"

    def _counts(self) -> str:
        times = " | ".join(f"{one.median:.2f} / {one.high:.2f}" for one in self.seconds().values())
        return f"{times} | {self.changes} | {len(self.errors)}"

    def _visits(self) -> int:
        return max(1, self.visitors + len(self.pages))


HEAD = (
    "| visitors | controls, s | first picture, s | change, s | changes | errors | PSS, GiB | "
    "each, MiB | processor each, s |\n" + 9 * "| -: " + "|"
)


def total(one: Sample) -> int:
    """Bytes of all processes together."""
    return sum(one.pss.values())


async def crowd(
    server: str, pid: int, page: str, count: int, *, within: float, seconds: float, every: float,
    upload: bytes, browsers: int = 0,
) -> Outcome:  # fmt: skip
    """Let visitors come, evenly spread over some seconds, and stay.

    Args:
        server: "http://host:port".
        pid: of its process.
        page: the notebook's file name.
        count: how many.
        within: seconds from the first to the last arrival.
        seconds: how long each stays after its first picture.
        every: seconds from one choice to the next.
        upload: the file that every fourth visitor brings.
        browsers: how many more come in Chromium, at even distances among the others.
    """
    before = peak = sample(pid)
    visitors = [Visitor(server, page, seed) for seed in range(count)]
    pages = [BrowserVisitor(f"{server}/voila/render/{page}") for _ in range(browsers)]

    async def come(number: int, visitor: Visitor) -> None:
        await asyncio.sleep(within * number / max(1, count))
        await visitor.visit(seconds, every, b"" if number % 4 else upload)

    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium()) if pages else None

        async def open_page(number: int, opened: BrowserVisitor) -> None:
            await asyncio.sleep(within * (number + 0.5) / browsers)
            await opened.visit(browser, seconds, every)

        visits = asyncio.gather(
            *(come(n, visitor) for n, visitor in enumerate(visitors)),
            *(open_page(n, opened) for n, opened in enumerate(pages)),
        )
        while not visits.done():
            await asyncio.wait([visits], timeout=SAMPLE_EVERY)
            now = await asyncio.to_thread(sample, pid)
            peak = max(peak, now, key=total)
        await visits
    end = time.monotonic() + 30
    while (after := sample(pid)).processes.get("kernels", 0) > before.processes.get("kernels", 0):
        await asyncio.sleep(0.5)
        if time.monotonic() > end:
            break
    return outcome(visitors, before, peak, after)._replace(pages=pages)


def outcome(
    visitors: Iterable[Visitor | BrowserVisitor], before: Sample, peak: Sample, after: Sample
) -> Outcome:
    """Sum up."""
    people = list(visitors)
    changes = [seconds for one in people for _, seconds in one.changes]
    return Outcome(
        len(people),
        Quantiles.of([one.controls for one in people if one.controls]),
        Quantiles.of([one.first_picture for one in people if one.first_picture]),
        Quantiles.of(changes),
        len(changes),
        [error for one in people for error in one.errors],
        before,
        peak,
        after,
    )
