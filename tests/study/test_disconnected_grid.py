"""The disconnected grid: derivatives down to the picture must score exactly 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toys import Fixed, convolutional

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.disconnected_grid import disconnected
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.bound_method import BoundMethod
from cnnvis_widgets.study.contract import Case, Companion

GRID = metric("disconnected_grid")
RNG = np.random.default_rng(12)
PICTURES = RNG.integers(0, 256, (9, 12, 10, 3), dtype=np.uint8)
COMPANIONS = tuple(Companion(p, 0) for p in PICTURES[1:])


@pytest.fixture(scope="module")
def network() -> Network:
    return convolutional()


def case(network: Network, explain: Any, kept: Any = None, **options: Any) -> Case:
    return Case(
        np.ones((12, 10)), network=network, image=PICTURES[0], neuron=Neuron(None, 1),
        explain=explain, companions=COMPANIONS, cache={} if kept is None else kept, **options,
    )  # fmt: skip


def test_each_head_answers_as_the_network_does_for_its_cell(network: Network) -> None:
    grid = disconnected(network, 2)
    inputs = [network.prepare(p).input for p in PICTURES[:4]]
    canvas = np.concatenate(
        [np.concatenate(inputs[:2], axis=1), np.concatenate(inputs[2:], axis=1)], axis=0
    )
    assert grid.network.input_shape == (24, 20, 3)
    expected = network.outputs(np.stack(inputs))[0]
    for cell in range(4):
        for unit in range(3):
            value = grid.network.values(canvas[None], grid.neuron(cell, unit))[0]
            assert value == pytest.approx(expected[cell, unit], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    "method",
    ["saliency", "deconvnet", "guided_backprop", "deep_taylor", "integrated_gradients",
     "smoothgrad", "guided_grad_cam"],
)  # fmt: skip
def test_methods_of_the_picture_score_exactly_1(network: Network, method: str, kept: Any) -> None:
    parameters = {"steps": 5} if method == "integrated_gradients" else {}
    parameters = {"samples": 4} if method == "smoothgrad" else parameters
    seen = set()
    for seed in (0, 1, 5):
        score = GRID.measure(case(network, BoundMethod(method, parameters), kept, seed=seed))
        assert score.value == 1
        seen.add(score.details["cell"])
    assert len(seen) > 1


@pytest.fixture(scope="module")
def kept() -> dict[Any, Any]:
    return {}


def test_grad_cam_weighs_every_cell_by_one_cells_mean_derivative(
    network: Network, kept: Any
) -> None:
    """The formula by hand: weights from the own cell only, maps from all four."""
    score = GRID.measure(case(network, BoundMethod("grad_cam"), kept))
    own = score.details["cell"]
    order = [*COMPANIONS[:3]]
    pictures = [c.picture for c in order]
    pictures.insert(own, PICTURES[0])
    maps = [network.activations(p, "c2") for p in pictures]
    weights = network.model.get_layer("head").get_weights()[0][:, 1]
    cams = [np.maximum(m @ weights, 0).sum() for m in maps]
    assert score.value == pytest.approx(cams[own] / sum(cams), rel=1e-4)
    assert 0 < score.value < 1


def test_a_flat_map_gets_its_cells_share_and_larger_grids_more_cells(network: Network) -> None:
    flat = Fixed(np.full((24, 20), 0.5))
    assert GRID.measure(case(network, flat)).value == pytest.approx(1 / 4)
    nine = Fixed(np.full((36, 30), 0.5))
    assert GRID.measure(case(network, nine), side=3).value == pytest.approx(1 / 9)
    assert GRID.measure(case(network, nine), side=4).value is None  # 15 companions are not there


def test_a_network_that_ends_in_softmax_is_asked_before_it() -> None:
    import keras

    inner = convolutional()
    outputs = keras.layers.Dense(4, "softmax", name="probabilities")(inner.model.outputs[0])
    network = Network(keras.Model(inner.model.inputs, outputs), inner.preprocess)
    grid = disconnected(network, 2)
    picture = np.tile(network.prepare(PICTURES[0]).input, (2, 2, 1))
    logits = network.outputs(network.prepare(PICTURES[0]).input[None])[0][0]
    scores = [float(grid.network.values(picture[None], grid.neuron(3, u))[0]) for u in range(4)]
    np.testing.assert_allclose(scores, logits, rtol=1e-4, atol=1e-6)


def test_maps_of_a_layer_within_a_model_within_are_refused_in_words(twins: Any) -> None:
    assert disconnected(twins("nested_twice")[1]).side == 2  # its maps are the inner model's result
    with pytest.raises(UnsuitableError, match="cannot be cut at 'outer/"):
        disconnected(twins("sequences")[1])
