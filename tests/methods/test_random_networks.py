"""Random requests to random networks end in a map that an oracle confirms, or are told.

`python -m scripts.random_requests` asks more of them, and says which; docs/conformance.md has what
came of it. What the oracle would not see if it were blind is tried here as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles import random_requests
from oracles.random_networks import drawn
from oracles.random_reference import DisagreementError, Reference
from oracles.random_requests import check, requests

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.engine.explain import explain


@pytest.fixture(scope="module", autouse=True)
def unoptimised() -> Iterator[None]:
    """Graphs that run once or twice: optimising them is half of the time."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def counted(seed: int, number: int) -> Counter[str]:
    outcomes = list(requests(seed, number))
    faults = [one for one in outcomes if one.fault]
    assert not faults, "\n".join(map(str, faults))
    return Counter(one.verdict for one in outcomes)


def test_a_few_maps_are_right_or_told() -> None:
    counts = counted(0, 36)
    assert counts["agreed"] > 12, counts


@pytest.mark.slow
@pytest.mark.parametrize("number", [60, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_many_maps_are_right_or_told(number: int) -> None:
    counts = counted(100_000, number)
    assert counts["agreed"] > 0.4 * number, counts
    assert counts["kink"] < 0.1 * number, counts
    assert counts["refused"] < 0.4 * number, counts


def test_a_seed_draws_the_same_requests() -> None:
    one, again = (list(requests(3, 2)) for _ in range(2))
    assert one == again


SEED = 65  # of a network whose maps the oracle confirms before they are spoilt


def spoilt(method: str, spoil: Callable[[Any], dict[str, Any]]) -> None:
    """Ask, check that the oracle agrees, spoil the answer, and let it be checked again."""
    made, twin = drawn(SEED)
    network: Any = Network(made.model)
    x = np.random.default_rng(5).uniform(-1, 1, network.input_shape).astype(np.float32)
    answer = explain(network, x, method, 1)
    names = random_requests.names_in_twin(network, twin)
    asked = network, made, twin, names, x.astype(np.float64), 1
    assert check(answer, *asked)[0] == "agreed"
    check(replace(answer, **spoil(answer)), *asked)


def small_error(answer: Any) -> dict[str, Any]:
    """A fiftieth of the largest, added at one place."""
    map_ = answer.attribution.copy()
    map_[2, 1, 0] += 0.02 * np.abs(map_).max() + 1e-3
    return {"attribution": map_}


@pytest.mark.parametrize("method", ["grad_cam", "layer_cam", "score_cam", "occlusion"])
def test_the_oracle_sees_a_wrong_map(method: str) -> None:
    with pytest.raises(DisagreementError, match="off by"):
        spoilt(method, small_error)


@pytest.mark.parametrize("method", ["saliency", "gradient_input"])
def test_differences_see_a_map_turned_round(method: str) -> None:
    with pytest.raises(DisagreementError, match="off by"):
        spoilt(method, lambda answer: {"attribution": answer.attribution[::-1].copy()})


def test_the_oracle_sees_a_wrong_value() -> None:
    with pytest.raises(DisagreementError, match="a value of"):
        spoilt("saliency", lambda answer: {"value": answer.value + 0.01})


def test_the_oracle_sees_a_probability_taken_for_a_logit() -> None:
    _, twin = drawn(SEED)

    def probability(answer: Any) -> dict[str, Any]:
        x = np.random.default_rng(5).uniform(-1, 1, (1, *answer.attribution.shape))
        return {"value": float(twin.run(x.astype(np.float32))[1][0, 1])}

    with pytest.raises(DisagreementError, match="before or after softmax, without a word"):
        spoilt("saliency", probability)


def test_the_oracle_sees_another_class() -> None:
    """The map of one class under the name of another."""
    with pytest.raises(DisagreementError):
        spoilt("grad_cam", lambda answer: {"neuron": replace(answer.neuron, unit=2)})


def test_twins_derivatives_are_those_of_differences() -> None:
    _, twin = drawn(SEED)
    neuron = Reference(twin, None, ((1, 1.0),))
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, twin.model.inputs[0].shape[1:])
    ways = rng.normal(size=(3, *x.shape))
    slopes = neuron.gradients(x[None])[1][0]
    np.testing.assert_allclose((ways * slopes).sum((1, 2, 3)), neuron.along(x, ways), rtol=1e-4)
