"""The worker's promises: one at a time, newest of each owner, prompt cancelling, errors told."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

from cnnvis_widgets.engine.worker import PREVIEW_INTERVAL, Ticket, Worker


class Log:
    """Collects what the worker calls back, with the thread it called from."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.failed: list[Exception] = []
        self.progress: list[tuple[int, int]] = []
        self.threads: set[str] = set()

    def callbacks(self) -> dict[str, Any]:
        def note(into: list[Any]) -> Any:
            def call(*values: Any) -> None:
                self.threads.add(threading.current_thread().name)
                into.append(values[0] if len(values) == 1 else values)

            return call

        return {
            "done": note(self.done),
            "failed": note(self.failed),
            "progress": note(self.progress),
        }


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def log() -> Log:
    return Log()


def wait(*tickets: Ticket) -> None:
    for ticket in tickets:
        assert ticket.finished.wait(5), "the worker did not finish within five seconds"


def test_submit_returns_at_once_and_the_result_comes_from_another_thread(
    worker: Worker, log: Log
) -> None:
    gate = threading.Event()

    def work(ticket: Any) -> str:
        gate.wait(5)
        ticket.step(1, 3)
        return "answer"

    before = time.monotonic()
    ticket = worker.submit("page", work, **log.callbacks())
    assert time.monotonic() - before < 0.1
    assert not log.done
    gate.set()
    wait(ticket)
    assert log.done == ["answer"]
    assert log.progress == [(1, 3)]
    assert log.threads == {"cnnvis"}


def test_of_many_requests_of_one_owner_only_the_first_and_the_last_are_run(
    worker: Worker, log: Log
) -> None:
    started, gate, runs = threading.Event(), threading.Event(), []

    def work(number: int) -> Any:
        def run(ticket: Any) -> int:
            runs.append(number)
            started.set()
            gate.wait(5)
            ticket.step(0, 1)
            return number

        return run

    tickets = [worker.submit("slider", work(0), **log.callbacks())]
    started.wait(5)
    tickets += [worker.submit("slider", work(n), **log.callbacks()) for n in range(1, 50)]
    gate.set()
    wait(*tickets)
    assert runs == [0, 49]
    assert log.done == [49]  # the first was cancelled at its next step
    assert not log.failed


def test_owners_do_not_replace_each_other_and_come_in_order(worker: Worker, log: Log) -> None:
    gate = threading.Event()
    first = worker.submit("a", lambda ticket: gate.wait(5) and "a", **log.callbacks())
    others = [
        worker.submit(name, lambda ticket, name=name: name, **log.callbacks()) for name in "bcd"
    ]
    gate.set()
    wait(first, *others)
    assert log.done == ["a", "b", "c", "d"]


def test_cancelling_takes_effect_at_the_next_step_within_200_ms(worker: Worker, log: Log) -> None:
    started = threading.Event()

    def work(ticket: Any) -> str:
        for i in range(1000):
            ticket.step(i, 1000)
            started.set()
            time.sleep(0.01)
        return "never"

    ticket = worker.submit("page", work, **log.callbacks())
    assert started.wait(5)
    before = time.monotonic()
    worker.cancel("page")
    assert ticket.finished.wait(0.2), "still running 200 ms after it was cancelled"
    assert time.monotonic() - before < 0.2
    assert not log.done
    assert not log.failed


def test_a_result_that_comes_after_the_cancelling_is_dropped(worker: Worker, log: Log) -> None:
    started, gate = threading.Event(), threading.Event()

    def work(ticket: Any) -> str:
        started.set()
        gate.wait(5)
        return "too late"

    ticket = worker.submit("page", work, **log.callbacks())
    started.wait(5)
    worker.cancel("page")
    gate.set()
    wait(ticket)
    assert not log.done


def test_results_so_far_are_made_only_if_somebody_watches_and_not_too_often(
    worker: Worker, log: Log
) -> None:
    made: list[int] = []
    shown: list[tuple[float, int]] = []

    def work(ticket: Any) -> str:
        for i in range(80):
            ticket.preview(lambda i=i: made.append(i) or i)
            time.sleep(0.01)
        return "done"

    wait(worker.submit("page", work, **log.callbacks()))
    assert not made
    watch = {"preview": lambda result: shown.append((time.monotonic(), result))}
    before = time.monotonic()
    wait(worker.submit("page", work, **log.callbacks(), **watch))
    most = (
        1 + (time.monotonic() - before) / PREVIEW_INTERVAL
    )  # a busy machine takes longer than 0.8 s
    results = [result for _, result in shown]
    assert results == made
    assert results[0] == 0
    assert results == sorted(results)
    assert 2 <= len(results) <= most
    times = [at for at, _ in shown]
    assert min(b - a for a, b in itertools.pairwise(times)) >= PREVIEW_INTERVAL - 0.01
    assert log.done == ["done", "done"]


def test_a_cancelled_request_shows_no_more_of_itself(worker: Worker, log: Log) -> None:
    started, gate, shown = threading.Event(), threading.Event(), []

    def work(ticket: Any) -> None:
        started.set()
        gate.wait(5)
        ticket.preview(lambda: "so far")

    ticket = worker.submit("page", work, **log.callbacks(), preview=shown.append)
    started.wait(5)
    worker.cancel("page")
    gate.set()
    wait(ticket)
    assert not shown


def test_an_error_is_handed_over_and_the_worker_lives_on(worker: Worker, log: Log) -> None:
    def work(ticket: Any) -> None:
        raise ZeroDivisionError("on purpose")

    wait(worker.submit("page", work, **log.callbacks()))
    assert [str(e) for e in log.failed] == ["on purpose"]
    wait(worker.submit("page", lambda ticket: 7, **log.callbacks()))
    assert log.done == [7]


def test_a_callback_that_raises_does_not_stop_the_worker(worker: Worker, log: Log) -> None:
    def broken(_: Any) -> None:
        raise RuntimeError("a page that went away")

    ticket = worker.submit("gone", lambda ticket: 1, done=broken, failed=broken)
    wait(ticket)
    wait(worker.submit("page", lambda ticket: 2, **log.callbacks()))
    assert log.done == [2]


def test_idle_work_comes_last_and_lets_others_pass_between_its_steps() -> None:
    worker, results = Worker(), []
    begun, go_on = threading.Event(), threading.Event()

    def idle(ticket: Any) -> str:
        for number in range(3):
            results.append(f"idle {number}")
            begun.set()
            assert go_on.wait(5)
            ticket.step(number, 3)
        return "idle"

    def ask(owner: str, work: Any, idle: bool = False) -> Any:
        return worker.submit(owner, work, done=results.append, failed=results.append, idle=idle)

    last = ask("a", idle, idle=True)
    other = ask("b", lambda ticket: "never", idle=True)
    assert begun.wait(5)
    quick = [ask(name, lambda ticket, name=name: name) for name in ("c", "d")]
    worker.cancel("b")
    go_on.set()
    assert last.finished.wait(5)
    assert all(one.finished.is_set() for one in (*quick, other))
    assert results == ["idle 0", "c", "d", "idle 1", "idle 2", "idle"]


def test_idle_work_that_is_replaced_while_others_pass_stops_at_once() -> None:
    worker, results = Worker(), []

    def idle(ticket: Any) -> str:
        worker.submit("b", lambda _: worker.cancel("a"), done=results.append, failed=results.append)
        ticket.step(1, 2)
        return "never"

    job = worker.submit("a", idle, done=results.append, failed=results.append, idle=True)
    assert job.finished.wait(5)
    assert results == [None]
