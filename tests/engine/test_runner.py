"""A worker's thread by itself: what it performs when, and what it tells the broker."""

from __future__ import annotations

import pickle
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.engine.shared import runner as runner_module
from cnnvis_widgets.engine.shared.lru_cache import LRUCache
from cnnvis_widgets.engine.shared.runner import Runner
from cnnvis_widgets.engine.shared.serialization import Level, PictureReference
from cnnvis_widgets.errors import UnsuitableError

EVENTS: dict[str, threading.Event] = {}
LOG: list[str] = []


class Model:
    """The part of a Keras model that the runner asks."""

    def get_weights(self) -> list[np.ndarray]:
        return [np.ones((2, 3), np.float32)]

    def count_params(self) -> int:
        return 6


class Net:
    model = Model()


@dataclass(frozen=True)
class Steps:
    """Takes steps, each after the test allows it; tells how it grows."""

    name: str
    steps: int
    network: str = "net"

    def perform(self, library: Any, step: Any, tell: Any) -> str:
        for number in range(self.steps):
            LOG.append(f"{self.name} {number}")
            EVENTS["go"].wait(5)
            step(number, self.steps)
            tell(lambda number=number: f"{self.name} so far {number}")
        return self.name


@dataclass(frozen=True)
class Mean:
    image: Any
    network: str = "net"

    def perform(self, library: Any, step: Any, tell: Any) -> float:
        return float(self.image.mean())


@dataclass(frozen=True)
class Fails:
    error: Exception
    network: str = "net"

    def perform(self, library: Any, step: Any, tell: Any) -> None:
        raise self.error


class Messages:
    """Takes what the runner says."""

    def __init__(self) -> None:
        self.queue: queue.Queue[dict[str, Any]] = queue.Queue()

    def next(self, *kinds: str) -> dict[str, Any]:
        while True:
            message = self.queue.get(timeout=60)  # collecting garbage takes seconds there
            if message["type"] in kinds:
                return message


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def runner(messages: Messages) -> Iterator[Runner]:
    LOG.clear()
    EVENTS["go"] = threading.Event()
    made = Runner(messages.queue.put)
    made.library.add("net", Net())  # type: ignore[arg-type]
    yield made
    EVENTS["go"].set()
    made.close()


def hand(runner: Runner, key: str, request: Any, level: Level, watch: bool = False) -> None:
    data = pickle.dumps(request)
    runner.take({"type": "run", "key": key, "level": level, "data": data, "previews": watch})


def wait_for(line: str) -> None:
    for _ in range(500):
        if line in LOG:
            return
        threading.Event().wait(0.01)
    raise AssertionError((line, LOG))


def test_an_answer_comes_with_the_weights_digest_and_the_state(
    runner: Runner, messages: Messages
) -> None:
    EVENTS["go"].set()
    hand(runner, "k", Steps("s", 1), Level.QUICK)
    answer = messages.next("answer")
    assert pickle.loads(answer["data"]) == "s"
    assert len(answer["weights"]["net"]) == 24
    assert answer["networks"] == {"net": 24}
    assert answer["memory"] > 10 << 20


def test_the_quick_runs_between_the_steps_of_the_long(runner: Runner, messages: Messages) -> None:
    hand(runner, "film", Steps("film", 2), Level.LONG)
    wait_for("film 0")
    hand(runner, "warm", Steps("warm", 1), Level.IDLE)
    hand(runner, "click", Steps("click", 1), Level.QUICK)
    EVENTS["go"].set()
    assert [messages.next("answer")["key"] for _ in range(3)] == ["click", "film", "warm"]
    assert LOG == ["film 0", "click 0", "film 1", "warm 0"]


def test_long_work_comes_to_an_end_among_any_number_of_clicks(
    runner: Runner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "MAX_QUICK_PER_STEP", 2)
    hand(runner, "film", Steps("film", 2), Level.LONG)
    wait_for("film 0")
    for number in range(5):
        hand(runner, f"{number}", Steps(f"{number}", 0), Level.QUICK)
    EVENTS["go"].set()
    keys = [messages.next("answer")["key"] for _ in range(6)]
    assert keys == ["0", "1", "2", "3", "film", "4"]


def test_idle_work_waits_until_no_other_request_has_come_for_a_while(
    runner: Runner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "QUIET_SECONDS", 0.4)
    EVENTS["go"].set()
    hand(runner, "cell 0", Steps("cell 0", 0), Level.QUICK)
    hand(runner, "warm", Steps("warm", 2), Level.IDLE)
    for number in range(1, 4):  # a lesson's cells, with a moment between them
        messages.next("answer")
        threading.Event().wait(0.15)
        hand(runner, f"cell {number}", Steps(f"cell {number}", 1), Level.QUICK)
    assert messages.next("answer")["key"] == "cell 3"
    ended = time.monotonic()
    assert messages.next("answer")["key"] == "warm"
    assert time.monotonic() - ended > 0.3
    assert LOG == ["cell 1 0", "cell 2 0", "cell 3 0", "warm 0", "warm 1"]


def test_idle_work_goes_on_among_any_number_of_clicks_when_patience_is_over(
    runner: Runner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "IDLE_PATIENCE", 0.2)
    EVENTS["go"].set()
    hand(runner, "warm", Steps("warm", 1), Level.IDLE)
    keys = []
    for number in range(60):
        hand(runner, f"{number}", Steps(f"{number}", 0), Level.QUICK)
        keys.append(messages.next("answer")["key"])
        threading.Event().wait(0.02)
    assert "warm" in keys


def test_idle_work_that_is_cancelled_while_it_waits_is_not_begun(
    runner: Runner, messages: Messages
) -> None:
    EVENTS["go"].set()
    hand(runner, "click", Steps("click", 0), Level.QUICK)
    messages.next("answer")
    hand(runner, "warm", Steps("warm", 1), Level.IDLE)
    threading.Event().wait(0.1)
    runner.take({"type": "cancel", "key": "warm"})
    assert messages.next("cancelled") == {"type": "cancelled", "key": "warm"}
    assert LOG == []


def test_what_is_stopped_ends_at_its_next_step(runner: Runner, messages: Messages) -> None:
    hand(runner, "film", Steps("film", 9), Level.LONG)
    hand(runner, "next", Steps("next", 0), Level.LONG)
    wait_for("film 0")
    runner.take({"type": "cancel", "key": "film"})
    runner.take({"type": "cancel", "key": "next"})
    EVENTS["go"].set()
    assert [messages.next("cancelled", "answer") for _ in range(2)] == [
        {"type": "cancelled", "key": "film"},
        {"type": "cancelled", "key": "next"},
    ]
    assert LOG == ["film 0"]


def test_a_job_that_comes_again_at_once_is_run_again(messages: Messages) -> None:
    """The broker may be faster than the runner's thread: equal keys are two jobs all the same."""

    def send(message: dict[str, Any]) -> None:
        messages.queue.put(message)
        if message["type"] == "cancelled":
            hand(runner, "film", Steps("again", 0), Level.LONG)

    EVENTS["go"] = threading.Event()
    runner = Runner(send)
    runner.library.add("net", Net())  # type: ignore[arg-type]
    try:
        hand(runner, "film", Steps("film", 9), Level.LONG)
        wait_for("film 0")
        runner.take({"type": "cancel", "key": "film"})
        EVENTS["go"].set()
        assert pickle.loads(messages.next("answer")["data"]) == "again"
        hand(runner, "next", Steps("next", 0), Level.QUICK)
        assert pickle.loads(messages.next("answer")["data"]) == "next"
    finally:
        runner.close()


def test_previews_are_sent_only_where_they_are_wanted(runner: Runner, messages: Messages) -> None:
    hand(runner, "a", Steps("a", 1), Level.LONG)
    wait_for("a 0")
    runner.take({"type": "send_previews", "key": "a"})  # somebody joined who watches
    EVENTS["go"].set()
    assert pickle.loads(messages.next("preview", "answer")["data"]) == "a so far 0"
    assert messages.next("preview", "answer")["type"] == "answer"
    hand(runner, "b", Steps("b", 1), Level.LONG)
    assert messages.next("preview", "answer")["type"] == "answer"


def test_a_picture_is_put_into_its_place_or_asked_for(runner: Runner, messages: Messages) -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    hand(runner, "k", Mean(PictureReference("p")), Level.QUICK)
    assert messages.next("missing_pictures", "answer") == {"type": "missing_pictures", "key": "k"}
    runner.take({"type": "picture", "digest": "p", "data": pickle.dumps(image)})
    hand(runner, "k", Mean(PictureReference("p")), Level.QUICK)
    assert pickle.loads(messages.next("answer")["data"]) == 2.5


def test_errors_arrive_as_what_they_are_but_for_those_of_other_libraries(
    runner: Runner, messages: Messages
) -> None:
    hand(runner, "ours", Fails(UnsuitableError("not this one")), Level.QUICK)
    error = pickle.loads(messages.next("failed")["data"])
    assert type(error) is UnsuitableError
    assert str(error) == "not this one"
    hand(runner, "theirs", Fails(ZeroDivisionError("by zero")), Level.QUICK)
    error = pickle.loads(messages.next("failed")["data"])
    assert type(error) is RuntimeError
    assert str(error) == "ZeroDivisionError: by zero"


def test_an_answer_that_cannot_be_sent_is_a_failure_and_others_go_on(
    runner: Runner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mean, "perform", lambda *_: threading.Lock())
    hand(runner, "k", Mean(None), Level.QUICK)
    assert messages.next("answer", "failed")["type"] == "failed"
    hand(runner, "l", Steps("l", 0), Level.QUICK)
    assert messages.next("answer", "failed")["type"] == "answer"


def test_networks_go_when_there_is_no_room(
    runner: Runner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(name: str) -> Net:
        loaded.append(name)
        return Net()

    monkeypatch.setattr("cnnvis_widgets.zoo.loading.load_network", load)
    for name in ("a", "b", "a"):
        hand(runner, name, Steps(name, 0, name), Level.QUICK)
        messages.next("answer")
    assert loaded == ["a", "b"]
    monkeypatch.setattr(runner, "_memory_limit", 1)  # a byte: whatever is loaded is too much
    for name in ("a", "c"):
        hand(runner, name, Steps(name, 0, name), Level.QUICK)
        answer = messages.next("answer")
    assert loaded == ["a", "b", "c"]
    assert set(answer["networks"]) == {"c"}


def test_pictures_are_kept_within_their_size(runner: Runner) -> None:
    assert isinstance(runner._pictures, LRUCache)
    for number in range(3):
        data = bytes(50 << 20)
        runner.take({"type": "picture", "digest": f"{number}", "data": data})
    assert runner._pictures.size == 100 << 20
