"""A study's parts, together and handed out: the same maps wherever they are computed."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.errors import Cancelled, InvalidValueError
from cnnvis_widgets.study import parts as module
from cnnvis_widgets.study.parts import FEWER, TOGETHER, parts_of

RNG = np.random.default_rng(12)
PICTURES = {f"p{n}": RNG.integers(0, 256, (20 + n, 31, 3), dtype=np.uint8) for n in range(5)}
METHODS = ["saliency", "deep_taylor", "grad_cam", "occlusion"]


def study(networks: Any, path: Path, pictures: Any = PICTURES, **options: Any) -> cnnvis.Study:
    given = {"methods": METHODS, "neurons": ("output", "c1"), **options}
    return cnnvis.Study(networks, pictures, path=path, **given)


def maps(made: cnnvis.Study) -> dict[str, Any]:
    """By run: its map's bytes and what its line says, but for the seconds."""
    stored = {}
    for line in made.runs():
        content = (made.store.path / line["file"]).read_bytes() if "file" in line else b""
        message = {name: value for name, value in line.items() if name != "seconds"}
        stored[line["key"]] = content, message
    return stored


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two networks as files, for other processes."""
    folder = tmp_path_factory.mktemp("networks")
    paths = [folder / f"net{seed}.keras" for seed in (0, 5)]
    for path, seed in zip(paths, (0, 5), strict=True):
        convolutional(seed=seed).model.save(path)
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def alone(network: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = study({"toy": network}, tmp_path_factory.mktemp("alone"))
    assert made.run() == 5 * 2 * len(METHODS)
    return maps(made)


def test_runs_computed_together_are_those_of_explain(
    network: Any, alone: dict[str, Any], tmp_path: Path
) -> None:
    made = study({"toy": network}, tmp_path)
    assert made.run() == 40
    for line in made.runs():
        neuron = cnnvis.Neuron(line["layer"], line["unit"])
        wanted = cnnvis.explain(network, PICTURES[line["picture"]], line["method"], neuron)
        attribution = made.store.load(line["file"], line["digest"])["attribution"]
        assert wanted.attribution is not None
        largest = np.abs(wanted.attribution).max()
        np.testing.assert_allclose(attribution, wanted.attribution, rtol=0, atol=1e-5 * largest)
        assert line["value"] == pytest.approx(wanted.value, rel=1e-5)
        assert line["label"] == wanted.label


def test_threads_give_the_same_bytes(network: Any, alone: dict[str, Any], tmp_path: Path) -> None:
    made = study({"toy": network}, tmp_path)
    seen: list[tuple[int, int]] = []
    with ThreadPoolExecutor(3) as threads:
        assert made.run(lambda *step: seen.append(step), executor=threads) == 40
        assert made.run(executor=threads) == 0
    assert maps(made) == alone
    assert seen == [(done, 40) for done in range(41)]


def test_an_interruption_changes_no_byte(
    network: Any, alone: dict[str, Any], tmp_path: Path
) -> None:
    """Work that stops in the middle of a part, and goes on in another way."""
    for number, stop_at in enumerate((3, 13, 22)):
        made = study({"toy": network}, tmp_path / str(number))

        def stop(done: int, total: int, last: int = stop_at) -> None:
            if done == last:
                raise Cancelled

        with pytest.raises(Cancelled):
            made.run(stop)
        assert len(made.runs()) == stop_at
        with ThreadPoolExecutor(2) as threads:
            assert made.run(executor=threads) == 40 - stop_at
        assert maps(made) == alone
        lines = (made.store.path / "runs.jsonl").read_text().splitlines()
        assert len({json.loads(line)["key"] for line in lines}) == len(lines) == 40


def test_processes_and_a_cluster_give_the_same_bytes(files: list[str], tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    options: dict[str, Any] = {"methods": ["saliency", "deep_taylor", "cam"]}
    made = study(files, tmp_path / "one", **options)
    assert made.run() == 2 * 5 * 2 * 3
    one = maps(made)
    reasons = [message.get("unsuited") for _, message in one.values() if message["method"] == "cam"]
    assert any(reasons)  # c1 is no output: a reason each, and the others of the part have a map
    assert not all(reasons)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as processes:
        other = study(files, tmp_path / "two", **options)
        assert other.run(executor=processes) == 60
    assert maps(other) == one
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    )
    with cluster:
        third = study(files, tmp_path / "three", **options)
        assert third.run(scheduler=cluster.scheduler_address) == 60
        with Client(cluster) as client:
            assert third.run(scheduler=client) == 0
    assert maps(third) == one


def test_networks_are_handed_out_one_after_the_other_and_loaded_once(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnvis_widgets.zoo import loading

    loads: list[str] = []
    plain = loading.load_network

    def counted(name: Any, **options: Any) -> Any:
        loads.append(str(name))
        return plain(name, **options)

    monkeypatch.setattr(loading, "load_network", counted)
    monkeypatch.setattr(module, "_worker_networks", type(module._worker_networks)())
    made = study(files, tmp_path)
    with ThreadPoolExecutor(2) as threads:
        made.run(executor=threads)
    assert sorted(loads) == sorted(files)


def test_parts_are_of_one_network_and_method_and_depend_on_the_plan_alone(
    network: Any, tmp_path: Path
) -> None:
    pictures = {f"p{n}": PICTURES["p0"] + np.uint8(n) for n in range(TOGETHER + 3)}
    methods = ["saliency", "occlusion", "smoothgrad"]
    made = study({"a": network, "b": network}, tmp_path, pictures, methods=methods, neurons="c1")
    plan = list(made.plan())
    parts = list(parts_of(made, {run.key for run in plan}))
    assert sorted(run for part in parts for run in part.runs) == sorted(plan)
    sizes = [(part.runs[0].network, part.method, len(part.runs)) for part in parts]
    many = TOGETHER + 3
    eights = [FEWER] * (many // FEWER) + [many % FEWER]
    for name in ("a", "b"):
        assert [n for m, _, n in sizes if m == name] == [TOGETHER, 3, *[1] * many, *eights]
    assert [one[0] for one in sizes] == sorted(one[0] for one in sizes)
    wanted = parts[1].runs[-1].key
    assert [part.runs for part in parts_of(made, {wanted})] == [parts[1].runs]


class Broken(Executor):
    """Its second part fails, as where a worker died."""

    def __init__(self) -> None:
        self.asked = 0

    def submit(self, work: Any, *given: Any) -> Any:  # type: ignore[override]
        self.asked += 1
        future: Future[Any] = Future()
        if self.asked == 2:
            future.set_exception(RuntimeError("the worker died"))
        else:
            future.set_result(work(*given))
        return future


def test_a_worker_that_dies_loses_no_part_that_was_done(
    network: Any, alone: dict[str, Any], tmp_path: Path
) -> None:
    made = study({"toy": network}, tmp_path)
    with pytest.raises(RuntimeError, match="the worker died"):
        made.run(executor=Broken())
    kept = len(made.runs())
    assert kept == 40 - FEWER  # those of the second part, of deep_taylor
    assert made.run() == 40 - kept
    assert maps(made) == alone


def test_what_cannot_be_handed_out_is_told(network: Any, tmp_path: Path) -> None:
    made = study({"toy": network}, tmp_path)
    context, refused = multiprocessing.get_context("spawn"), r"'toy'.*cannot be sent to another"
    with (
        ProcessPoolExecutor(1, context) as processes,
        pytest.raises(InvalidValueError, match=refused),
    ):
        made.run(executor=processes)
    with pytest.raises(InvalidValueError, match="Expected an executor"):
        made.run(executor=4)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="not both"):
        made.run(executor=Broken(), scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InvalidValueError, match="address"):
        made.run(scheduler=5)
    assert made.runs() == []
