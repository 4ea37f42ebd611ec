"""The shared engine as a whole: a scheduler and a worker in processes of their own."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import own_loop
import psutil
import pytest
from served import in_a_page, same

import cnnvis_widgets as cnnvis
from cnnvis_widgets import engine as engine_room
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine import InProcessEngine, shared_engine
from cnnvis_widgets.engine.evidence import Judge
from cnnvis_widgets.engine.requests import Explain, Neurons, Open, Predict, Warm
from cnnvis_widgets.engine.shared import client as client_module
from cnnvis_widgets.engine.shared.client import SharedEngine
from cnnvis_widgets.engine.shared.cluster import Service, Size, start
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import CnnvisError, InvalidValueError, UnknownNameError
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.zoo.images import load_image

NETWORK = "mini_vgg"
FEWER = {  # as few steps as still make every method work
    "activation_maximization": {"steps": 12},
    "network_inversion": {"steps": 12},
    "lime": {"samples": 60},
    "smoothgrad": {"samples": 5},
    "integrated_gradients": {"steps": 8},
    "score_cam": {},
}


@pytest.fixture(scope="module")
def engine(service: Service) -> Iterator[SharedEngine]:
    with closing(SharedEngine(service.address)) as asking:
        yield asking


@pytest.fixture(scope="module")
def here() -> InProcessEngine:
    return InProcessEngine()


class Answer:
    """Everything that one request brings."""

    def __init__(self, engine: Any, request: Any, owner: Any = "test", watch: bool = False) -> None:
        self.done: list[Any] = []
        self.failed: list[Exception] = []
        self.progress: list[tuple[int, int]] = []
        self.previews: list[Any] = []
        watching = {"preview": self.previews.append} if watch else {}
        self.pending = engine.submit(
            owner, request, done=self.done.append, failed=self.failed.append,
            progress=lambda *at: self.progress.append(at), **watching,
        )  # fmt: skip

    def wait(self, seconds: float = 90) -> Any:
        assert self.pending.finished.wait(seconds), "no answer came"
        return (self.done or self.failed or [None])[0]


def stats(address: str) -> dict[str, Any]:
    from distributed.core import rpc

    async def ask() -> dict[str, Any]:
        async with rpc(address) as scheduler:
            return await getattr(scheduler, "cnnvis-stats")()

    return own_loop.run(ask())


@pytest.mark.parametrize("method", list(all_methods()))
def test_every_method_gives_the_same_bytes_as_in_this_process(
    method: str, engine: SharedEngine, here: InProcessEngine
) -> None:
    """Those that refuse the network refuse it in the same words."""
    for neuron in (None, Neuron("block2_conv2", 5)):
        request = Explain(NETWORK, "cat", method, neuron, 3, FEWER.get(method, {}))
        same(Answer(engine, request).wait(), Answer(here, request).wait())


def test_every_other_request_too(engine: SharedEngine, here: InProcessEngine) -> None:
    upload = load_image("scene:5")[3:, :-7]
    requests = [Open(NETWORK), Predict(NETWORK, "cat", 4), Predict(NETWORK, upload),
                Neurons(NETWORK, upload, "block2_conv2", 5), Judge((NETWORK,), 10),
                Explain(NETWORK, upload, "saliency"), TrustChecks(NETWORK, upload, "saliency"),
                RandomTopLayer(NETWORK, upload, "saliency"), Fields(NETWORK, "block2_conv2"),
                Superpixels(NETWORK, upload), DeletionCurve(NETWORK, upload, "saliency"),
                Occlude(NETWORK, upload, ((3, 4, 9, 20),), (1,), (0, 2)),
                Warm(NETWORK, "cat")]  # fmt: skip
    for request in requests:
        same(Answer(engine, request).wait(), Answer(here, request).wait())


def test_what_was_computed_once_is_not_computed_again(
    engine: SharedEngine, service: Service
) -> None:
    request = Explain(NETWORK, "cat", "saliency", 2)
    first = Answer(engine, request).wait()
    before = stats(service.address)
    with closing(SharedEngine(service.address)) as other:
        second = Answer(other, request).wait()
        after = stats(service.address)
    same(first, second)
    assert after["computed"] == before["computed"]
    assert after["cache_hits"] == before["cache_hits"] + 1
    assert after["visitors"] >= 2  # those of the tests before leave when they are collected


def test_a_request_is_asked_once_on_each_connection() -> None:
    """Also if the connection opens between `submit` and sending the request."""

    class Recorder:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def send(self, message: dict[str, Any]) -> None:
            self.sent.append(message["type"])

    asking = SharedEngine("tcp://127.0.0.1:9")
    request = Explain(NETWORK, load_image("scene:5"), "saliency")
    pending: Any = asking.submit("one", request, done=print, failed=print)
    asking.close()
    pending._stop.clear()
    asking._pending[pending.number] = pending
    for _ in range(2):
        connection = Recorder()
        asking._connection, asking._sent_pictures = connection, set()
        asking._send_request(pending)
        asking._send_request(pending)
        assert connection.sent == ["picture", "request"]
        asking._receive(
            {
                "type": "missing_pictures",
                "id": pending.number,
                "pictures": list(pending.serialized.pictures),
            }
        )
        assert connection.sent == ["picture", "request"] * 2


def test_errors_come_as_in_this_process(engine: SharedEngine, here: InProcessEngine) -> None:
    for request in (Explain(NETWORK, "kat", "saliency"), Open("no such network")):
        answer = Answer(engine, request).wait()
        assert isinstance(answer, UnknownNameError)
        same(answer, Answer(here, request).wait())


def test_long_work_shows_how_it_grows_and_stops_when_it_is_told(
    engine: SharedEngine, service: Service
) -> None:
    film = Explain(NETWORK, "cat", "activation_maximization", 1, 0, {"steps": 2000})
    answer = Answer(engine, film, watch=True)
    end = time.monotonic() + 60
    while len(answer.previews) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert answer.previews[-1].image.dtype == np.uint8
    steps = [done for done, total in answer.progress if total == 2000]
    assert steps == sorted(steps)
    quick = Answer(engine, Explain(NETWORK, "cat", "saliency", 6), owner="other")
    quick.wait(10)
    assert quick.done
    assert not answer.pending.finished.is_set()  # the click did not wait for the film
    engine.cancel("test")
    assert answer.pending.finished.wait(1)
    while (running := stats(service.address)["workers"][0]["running"]) and time.monotonic() < end:
        time.sleep(0.02)
    assert running == 0
    assert (answer.done, answer.failed) == ([], [])


def test_the_newest_request_of_an_owner_wins(engine: SharedEngine) -> None:
    answers = [Answer(engine, Explain(NETWORK, "cat", "saliency", 0, seed=n)) for n in range(30)]
    assert answers[-1].wait().neuron.unit == 0
    for answer in answers[:-1]:
        assert answer.pending.finished.wait(1)
        assert answer.pending.cancelled
    time.sleep(0.3)
    assert sum(len(answer.done) for answer in answers[:-1]) < 29


def test_a_network_of_ones_own_is_asked_here(engine: SharedEngine) -> None:
    own = cnnvis.load_network(NETWORK)
    name = engine.library.add("your network", own)
    answer = Answer(engine, Explain(name, "cat", "saliency", 1)).wait()
    assert answer.heatmap.tobytes() == cnnvis.explain(own, "cat", "saliency", 1).heatmap().tobytes()


def test_a_worker_that_dies_is_replaced_and_its_work_repeated(
    engine: SharedEngine, service: Service
) -> None:
    film = Explain(NETWORK, "cat", "activation_maximization", 4, 0, {"steps": 60})
    answer = Answer(engine, film)
    end = time.monotonic() + 60
    while not answer.progress and time.monotonic() < end:
        time.sleep(0.01)
    port = int(stats(service.address)["workers"][0]["name"].rpartition(":")[2])
    for process in psutil.Process(service.process.pid).children(recursive=True):
        if any(c.laddr.port == port for c in process.net_connections() if c.status == "LISTEN"):
            os.kill(process.pid, signal.SIGKILL)
    assert answer.wait(120).image is not None
    assert answer.failed == []
    assert stats(service.address)["retries"] >= 1


def test_without_a_service_those_who_wait_are_told_and_answered_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "LOSS_TIMEOUT", 1.0)
    size = Size(1, 1, 4 << 30)
    first = start(size, warm=False)
    engine = SharedEngine(first.address)
    assert Answer(engine, Open(NETWORK)).wait().title == "Mini VGG"
    first.stop()
    answer = Answer(engine, Open("mini_resnet"))
    end = time.monotonic() + 30
    while not answer.failed and time.monotonic() < end:
        time.sleep(0.05)
    assert str(answer.failed[0]) == client_module.SERVICE_LOST
    second = start(size, first.address, warm=False)
    try:
        assert answer.pending.finished.wait(60)
        assert answer.done[0].title == "Mini ResNet"
    finally:
        engine.close()
        second.stop()


def test_a_closed_engine_leaves_no_thread_and_connects_again_when_it_is_asked(
    service: Service,
) -> None:
    engine = SharedEngine(service.address)
    before = set(threading.enumerate())
    assert Answer(engine, Open(NETWORK)).wait().title == "Mini VGG"
    own = {t for t in set(threading.enumerate()) - before if t.name.startswith("cnnvis-")}
    assert {t.name for t in own} == {"cnnvis-connection", "cnnvis-answers"}
    left = Answer(engine, Explain(NETWORK, "cat", "activation_maximization", 3, 0, {"steps": 900}))
    engine.close()
    engine.close()
    assert left.pending.finished.wait(1)
    for thread in own:
        thread.join(10)
    assert not any(thread.is_alive() for thread in own)
    assert (left.done, left.failed) == ([], [])
    assert Answer(engine, Open(NETWORK)).wait().title == "Mini VGG"
    engine.close()


def test_workers_keep_freed_memory(service: Service) -> None:
    processes = psutil.Process(service.process.pid).children(recursive=True)
    environments = [p.environ() for p in processes if "spawn_main" in " ".join(p.cmdline())]
    assert [
        (e["MALLOC_MMAP_THRESHOLD_"], e["MALLOC_TRIM_THRESHOLD_"], e["OMP_NUM_THREADS"])
        for e in environments
    ] == [(str(32 << 20), str(256 << 20), str(os.cpu_count() or 1))]


def test_a_dask_cluster_that_has_never_heard_of_us_is_made_ready() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
            memory_limit=4 << 30,
        ) as cluster,
        closing(SharedEngine(cluster.scheduler_address)) as engine,
    ):  # fmt: skip
        assert Answer(engine, Open(NETWORK)).wait().title == "Mini VGG"


def test_a_page_on_a_shared_engine_loads_no_tensorflow(service: Service) -> None:
    code = (
        "import sys, time, cnnvis_widgets\n"
        "page = cnnvis_widgets.Explorer('mini_vgg')\n"
        "end = time.monotonic() + 60\n"
        "while not page.view.title and time.monotonic() < end: time.sleep(0.05)\n"
        "print(page.view.title, '|', sorted({'tensorflow', 'keras', 'matplotlib', 'sklearn', "
        "'skimage', 'lime'} & set(sys.modules)))"
    )
    title, _, heavy = in_a_page(code, service).rpartition(" | ")
    assert title.startswith("Grad-CAM")
    assert heavy == "[]"


def test_the_engine_is_chosen_by_call_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_room, "_engine", None)
    monkeypatch.setenv(engine_room.SCHEDULER_VARIABLE, "tcp://127.0.0.1:9")
    assert isinstance(shared_engine(), SharedEngine)
    assert shared_engine() is shared_engine()
    cnnvis.use_engine("in-process")
    assert isinstance(shared_engine(), InProcessEngine)
    cnnvis.use_engine("tcp://127.0.0.1:10")
    assert shared_engine().address == "tcp://127.0.0.1:10"  # type: ignore[attr-defined]
    for wrong in ("127.0.0.1:10", "", 7):
        with pytest.raises(InvalidValueError, match="in-process"):
            cnnvis.use_engine(wrong)  # type: ignore[arg-type]


def test_a_service_that_cannot_start_says_so(service: Service) -> None:
    with pytest.raises(CnnvisError, match="in-process"):
        start(Size(1, 1, 4 << 30), service.address, warm=False)  # its port is taken


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "from cnnvis_widgets.engine.shared.cluster import Size, start\n"
        "import os, signal\n"
        "print(start(Size(1, 1, 4 << 30), warm=False).process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    end = time.monotonic() + 20
    while psutil.pid_exists(pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not psutil.pid_exists(pid)


def test_callbacks_that_fail_stop_nothing(engine: SharedEngine) -> None:
    threads: list[str] = []

    def broken(answer: Any) -> None:
        threads.append(threading.current_thread().name)
        raise RuntimeError("the page is gone")

    pending = engine.submit("gone", Open(NETWORK), done=broken, failed=broken)
    assert pending.finished.wait(30)
    assert Answer(engine, Open(NETWORK)).wait().title == "Mini VGG"
    assert threads == ["cnnvis-answers"]


def test_records_of_requests_are_frozen() -> None:
    """They are compared and shared between visitors."""
    for kind in client_module.REMOTE_REQUESTS:
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
