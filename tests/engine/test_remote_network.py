"""A network that the shared engine holds answers as one that is loaded here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served import in_a_page, same

import cnnvis_widgets as cnnvis
from cnnvis_widgets import engine as engine_room
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.engine import remote_network
from cnnvis_widgets.engine.questions import FACTS, QUESTIONS, Ask
from cnnvis_widgets.engine.remote_network import RemoteNetwork
from cnnvis_widgets.engine.shared.client import SharedEngine
from cnnvis_widgets.engine.shared.cluster import Service
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.methods.explanation import Explanation
from cnnvis_widgets.zoo.loading import load_network

NAME = "mini_vgg:cheating"
UNIT = cnnvis.Neuron("block2_conv2", 5)
PICTURE = cnnvis.load_image("cat")[:170, 20:]
INPUT = np.random.default_rng(3).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "predict": (PICTURE, 3),
    "outputs": (INPUT,),
    "values": (INPUT, UNIT),
    "resolved": (INPUT[0], None),
    "activations": (PICTURE, "block2_conv2"),
    "mean_activations": (PICTURE,),
    "most_active": (PICTURE, "block3_conv2", 4),
    "backward": (INPUT, UNIT, Pass("block1_conv1"), Pass()),
    "prepare": (PICTURE,),
    "plain": (40,),
    "probes": (),
    "label": (2,),
    "neuron": (("block2_conv2", 5),),
    "is_output": (UNIT,),
    "remarks": (None,),
    "coverage": (None, "guided"),
    "relevance_coverage": (None,),
    "last_convolution": (None,),
    "map_layer": ("block2_conv2", None),
    "weights": ("block2_conv2",),
    "count_params": (),
}


@pytest.fixture
def remote(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    engine = SharedEngine(service.address)
    monkeypatch.setattr(engine_room, "_engine", engine)
    yield cnnvis.load_network(NAME)
    engine.close()


@pytest.fixture(scope="module")
def here() -> Network:
    return load_network(NAME)


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_facts_are_the_network_s(fact: str, remote: Network, here: Network) -> None:
    same(getattr(remote, fact), getattr(here, fact))


@pytest.mark.parametrize("question", sorted(QUESTIONS - {"input_remark"}))
def test_questions_are_answered_as_here(question: str, remote: Network, here: Network) -> None:
    answers = [getattr(n, question)(*ARGUMENTS[question]) for n in (remote, here)]
    same(*answers)


def test_what_an_input_s_remark_is(remote: Network, here: Network) -> None:
    dark = np.full((64, 64, 3), 250, np.float32)
    with pytest.warns(UserWarning, match="250") as heard:
        prepared = remote.prepare(dark)
    assert len(heard) == 1
    assert remote.input_remark(prepared) == here.input_remark(prepared) != ""


def test_nothing_else_is_asked_for(remote: Network) -> None:
    with pytest.raises(UnknownNameError, match="question"):
        remote_network._answer(Ask(NAME, "__class__"))
    with pytest.raises(UnknownNameError, match="block9"):
        remote.activations(PICTURE, "block9")


@pytest.mark.parametrize("image", ["scene:5", PICTURE, INPUT[1]], ids=["name", "picture", "input"])
def test_an_explanation_is_the_one_from_here(
    image: Any, remote: Network, here: Network, tmp_path: Path
) -> None:
    explanation, wanted = (
        cnnvis.explain(n, image, "deep_taylor", 2, seed=4) for n in (remote, here)
    )
    for name in ("attribution", "picture", "value", "label", "notes", "parameters", "details"):
        same(getattr(explanation, name), getattr(wanted, name))
    assert explanation.code() == wanted.code()
    assert repr(explanation) == repr(wanted)
    assert explanation.coverage == wanted.coverage
    assert explanation.save(tmp_path / "map.png").stat().st_size > 1000


def test_a_path_is_read_where_it_is(remote: Network, here: Network, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    cnnvis.explain(here, PICTURE, "saliency", 1).plot().savefig(path)
    explanation, wanted = (cnnvis.explain(n, str(path), "saliency", 1) for n in (remote, here))
    same(explanation.attribution, wanted.attribution)


def test_progress_and_previews_come_on_the_caller_s_thread_and_stop_the_work(
    remote: Network,
) -> None:
    seen: list[Any] = []

    def watch(make: Any) -> None:
        seen.append(make())

    steps: list[tuple[int, int]] = []

    def heard(done: int, total: int) -> bool:
        steps.append((done, total))
        return True  # what a callback returns is no answer

    options = {"method": "activation_maximization", "neuron": 1}
    explanation = cnnvis.explain(
        remote, "cat", **options, steps=80, progress=heard, preview=watch
    )  # fmt: skip
    assert explanation.image is not None and steps and steps[-1][1] == 80
    assert all(isinstance(one, Explanation) and one.image is not None for one in seen)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cnnvis.explain(remote, "cat", **options, steps=3000, progress=stop)
    assert cnnvis.explain(remote, "cat", "saliency", 3).neuron.unit == 3  # nothing is in the way


def test_errors_and_warnings_are_the_ones_from_here(remote: Network, here: Network) -> None:
    for network in (remote, here):
        with pytest.raises(InvalidValueError, match="seed"):
            cnnvis.explain(network, "cat", "saliency", 0, seed=-1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cnnvis.explain(network, "cat", "saliency", 0)


def test_what_cannot_travel_is_answered_by_the_network_itself(remote: Network) -> None:
    assert isinstance(remote, RemoteNetwork)
    assert remote.model.count_params() == remote.count_params()
    assert isinstance(remote.local, Network)


def test_a_page_s_process_loads_no_tensorflow(service: Service) -> None:
    code = (
        "import sys, cnnvis_widgets as cnnvis\n"
        "network = cnnvis.load_network('mini_vgg')\n"
        "explanation = cnnvis.explain(network, 'scene:3', 'deep_taylor')\n"
        "explanation.plot()\n"
        "print(explanation, len(network.weights('predictions')), network.count_params(),"
        " sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    message = in_a_page(code, service)
    assert message.startswith("<Explanation: Deep Taylor")
    assert message.endswith("[]")


def test_an_explorer_asks_the_shared_engine_for_it(remote: Network) -> None:
    explorer = cnnvis.Explorer(remote, "scene:5")
    assert explorer.networks.value == NAME
    explorer.close()


def test_other_networks_are_loaded_here(remote: Network) -> None:
    assert isinstance(cnnvis.load_network("mini_vgg", "random", seed=2), Network)
