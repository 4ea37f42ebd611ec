"""The broker's policy, message by message, with a clock that the test turns."""

from __future__ import annotations

from typing import Any

import pytest

from cnnvis_widgets.engine.shared import broker as broker_module
from cnnvis_widgets.engine.shared.broker import ATTEMPTS, PATIENCE, Broker
from cnnvis_widgets.engine.shared.lru_cache import LRUCache
from cnnvis_widgets.engine.shared.serialization import NO_ANSWER, Level


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Page:
    """A page: what it asks, and the messages that it received."""

    def __init__(self, broker: Broker) -> None:
        self.broker, self.messages = broker, []
        self.visitor = broker.connect_visitor(self.messages.append)
        self.number = 0

    def ask(self, key: str, **other: Any) -> int:
        self.number += 1
        message = {"level": Level.QUICK, "networks": ("net",), "pictures": (), "previews": False}
        message |= {"type": "request", "id": self.number, "key": key, "data": key.encode()}
        self.broker.from_visitor(self.visitor, message | other)
        return self.number

    def say(self, **message: Any) -> None:
        self.broker.from_visitor(self.visitor, message)

    def answers(self) -> list[tuple[int, bytes]]:
        return [(m["id"], m["data"]) for m in self.messages if m["type"] == "answer"]


class Process:
    """A worker: the messages that it received, and those that it sends."""

    def __init__(self, broker: Broker, name: str = "a") -> None:
        self.broker, self.messages = broker, []
        self.worker = broker.connect_worker(self.messages.append, name)

    def handed(self) -> list[str]:
        return [m["key"] for m in self.messages if m["type"] == "run"]

    def say(self, type: str, key: str, **other: Any) -> None:
        self.broker.from_worker(self.worker, {"type": type, "key": key, **other})

    def answer(self, key: str, digest: str = "w", data: bytes | None = None) -> None:
        networks = dict.fromkeys(self.worker.networks, 0)
        text = {"data": data or key.upper().encode(), "weights": {"net": digest}}
        self.say("answer", key, **text, memory=1, networks=networks)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker(clock: Clock) -> Broker:
    return Broker(clock)


def test_a_request_waits_for_a_worker_and_its_answer_comes_back(broker: Broker) -> None:
    page = Page(broker)
    number = page.ask("k")
    assert page.messages == []
    worker = Process(broker)
    assert worker.messages == [
        {
            "type": "run",
            "key": "k",
            "level": 0,
            "data": b"k",
            "networks": ("net",),
            "previews": False,
        }
    ]
    worker.answer("k")
    assert page.answers() == [(number, b"K")]


def test_equal_requests_are_computed_once_and_then_kept(broker: Broker) -> None:
    pages, worker = [Page(broker) for _ in range(3)], Process(broker)
    for page in pages[:2]:
        page.ask("k")
    worker.answer("k")
    pages[2].ask("k")
    assert worker.handed() == ["k"]
    assert [page.answers() for page in pages] == [[(1, b"K")]] * 3
    stats = broker.stats()
    assert (stats["requests"], stats["coalesced"], stats["cache_hits"], stats["computed"]) == (
        3,
        1,
        1,
        1,
    )


def test_what_was_asked_for_what_it_does_is_done_again(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    for _ in range(2):
        page.ask("warm", level=Level.IDLE)
        worker.answer("warm", data=NO_ANSWER)
    assert worker.handed() == ["warm", "warm"]
    for _ in range(2):
        page.ask("check", level=Level.IDLE)
        worker.answer("check")
    assert worker.handed() == ["warm", "warm", "check"]


def test_an_answer_of_other_weights_is_not_given(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    page.ask("k")
    worker.answer("k", "old")
    page.ask("other")
    worker.answer("other", "new")  # the network has learned meanwhile
    page.ask("k")
    assert worker.handed() == ["k", "other", "k"]


def test_visitors_are_served_in_turn_and_of_each_the_newest_first(broker: Broker) -> None:
    greedy, modest, worker = Page(broker), Page(broker), Process(broker)
    for key in ("g1", "g2", "g3"):
        greedy.ask(key)
    modest.ask("m1")
    for _ in range(4):
        worker.answer(worker.handed()[-1])
    assert worker.handed() == ["g1", "m1", "g3", "g2"]


def test_the_quick_go_before_the_long_and_into_their_pauses(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    page.ask("film", level=Level.LONG)
    page.ask("film 2", level=Level.LONG)
    page.ask("warm", level=Level.IDLE)
    page.ask("click")
    page.ask("click 2")
    assert worker.handed() == ["film", "click"]  # one of each level, none less urgent than another
    worker.answer("click")
    worker.answer("click 2")
    worker.answer("film")
    worker.answer("film 2")
    assert worker.handed() == ["film", "click", "click 2", "film 2", "warm"]


def test_what_nobody_wants_any_more_is_dropped_or_stopped(broker: Broker) -> None:
    one, two, worker = Page(broker), Page(broker), Process(broker)
    one.ask("a")
    two.ask("a")
    waiting = one.ask("b")
    one.say(type="cancel", id=waiting)
    one.say(type="cancel", id=1)
    assert not [m for m in worker.messages if m["type"] == "cancel"]  # the other still wants it
    broker.disconnect_visitor(two.visitor)
    assert worker.messages[-1] == {"type": "cancel", "key": "a"}
    one.ask("a")  # again, before the worker has stopped
    assert worker.handed() == ["a"]
    worker.say("cancelled", "a")
    assert worker.handed() == ["a", "a"]
    worker.answer("a")
    assert one.answers() == [(3, b"A")]
    assert two.messages == []


def test_an_answer_that_came_before_the_stop_serves_who_asked_again(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    page.say(type="cancel", id=page.ask("a"))
    again = page.ask("a")
    worker.answer("a")
    assert page.answers() == [(again, b"A")]
    assert worker.handed() == ["a"]


def test_a_picture_travels_once_to_each_worker(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    number = page.ask("k", pictures=("p",))
    assert page.messages == [{"type": "missing_pictures", "id": number, "pictures": ["p"]}]
    page.say(type="picture", digest="p", data=b"pixels")
    for key in ("k", "l"):
        page.ask(key, pictures=("p",))
    worker.answer("k")
    pictures = [m for m in worker.messages if m["type"] == "picture"]
    assert pictures == [{"type": "picture", "digest": "p", "data": b"pixels"}]
    assert worker.handed() == ["k", "l"]
    worker.say("missing_pictures", "l")  # it had no room to keep it
    assert [m["type"] for m in worker.messages[-2:]] == ["picture", "run"]


def test_a_picture_that_was_dropped_everywhere_is_asked_for_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(broker)
    page.say(type="picture", digest="p", data=b"pixels")
    number = page.ask("k", pictures=("p",))
    monkeypatch.setattr(broker._pictures, "_max_bytes", 0)
    broker._pictures.put("p", b"pixels")
    worker = Process(broker)
    assert page.messages == [{"type": "missing_pictures", "id": number, "pictures": ["p"]}]
    assert worker.handed() == []


def test_progress_goes_to_all_and_previews_to_those_who_want_them(broker: Broker) -> None:
    watching, other, worker = Page(broker), Page(broker), Process(broker)
    other.ask("k")
    watching.ask("k", previews=True)
    assert worker.messages[-1] == {"type": "send_previews", "key": "k"}
    worker.say("progress", "k", progress=(1, 5))
    worker.say("preview", "k", data=b"half")
    assert watching.messages == [
        {"type": "progress", "progress": (1, 5), "id": 1},
        {"type": "preview", "data": b"half", "id": 1},
    ]
    assert other.messages == watching.messages[:1]


def test_what_a_dead_worker_had_is_repeated_but_not_for_ever(broker: Broker) -> None:
    page = Page(broker)
    page.ask("k")
    for number in range(ATTEMPTS):
        worker = Process(broker, str(number))
        assert worker.handed() == ["k"]
        broker.disconnect_worker(worker.worker)
    assert page.messages == [{"type": "worker_died", "id": 1}]
    assert Process(broker).handed() == []
    assert broker.stats()["retries"] == ATTEMPTS - 1


def test_failures_are_told_and_not_kept(broker: Broker) -> None:
    page, worker = Page(broker), Process(broker)
    page.ask("k")
    worker.say("failed", "k", data=b"why")
    assert page.messages == [{"type": "failed", "id": 1, "data": b"why"}]
    page.ask("k")
    assert worker.handed() == ["k", "k"]


def test_a_network_is_loaded_again_only_where_waiting_costs_more(
    broker: Broker, clock: Clock
) -> None:
    page = Page(broker)
    first, second = Process(broker, "1"), Process(broker, "2")
    page.ask("a")
    first.say("progress", "a", progress=(0, 1), memory=0, networks={"net": 500 << 20})
    page.ask("b")
    page.ask("c", networks=("small",))
    assert (first.handed(), second.handed()) == (["a"], ["c"])
    second.answer("c")
    broker.dispatch()
    assert second.handed() == ["c"]
    clock.now = PATIENCE + 9.9  # 500 MB count for ten seconds
    broker.dispatch()
    assert second.handed() == ["c"]
    clock.now = PATIENCE + 10.1
    broker.dispatch()
    assert second.handed() == ["c", "b"]


def test_what_is_kept_stays_within_its_size(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = LRUCache(10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.get("a") == b"1234"  # used: b is the oldest now
    kept.put("c", b"1234")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"1234", None, b"1234")
    kept.put("a", b"12345")
    assert kept.size == 9
    kept.put("d", b"x" * 11)
    assert kept.get("d") is None
    assert kept.size == 9
    assert broker_module.ANSWER_CACHE_BYTES == 256 << 20
    page, worker = Page(broker), Process(broker)
    monkeypatch.setattr(broker._answers, "_max_bytes", 5)
    page.ask("k")
    worker.answer("k", data=b"123456")
    page.ask("k")
    assert worker.handed() == ["k", "k"]
