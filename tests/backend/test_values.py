"""A neuron's value without a backward pass, against the NumPy tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError

BATCH = np.random.default_rng(3).normal(0, 1.5, (5, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "neuron"),
    [
        ("fused", Neuron(None, 4)),
        ("fused", Neuron("c2", 4, position=(3, 2))),
        ("residual", Neuron("a2", 5, "max")),
        ("branched", Neuron("mixed", 6, "mean")),
        ("nested_twice", Neuron("body/core/c2", 3)),
    ],
)
def test_values_equal_the_tape(twins: Any, name: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    expected, _ = twin.tape(BATCH).neuron(
        neuron.layer, neuron.unit, neuron.aggregate, neuron.position
    )
    values = network.values(BATCH, neuron)
    assert values.dtype == np.float32 and values.shape == (5,)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-4)


def test_no_neuron_is_the_first_pictures_most_probable_class(twins: Any) -> None:
    twin, network = twins("shared")
    logits = twin.tape(BATCH).output.array
    best = logits.argmax(1)
    other = next(n for n in range(5) if best[n] != best[0])  # else the test could not tell
    np.testing.assert_allclose(network.values(BATCH, None), logits[:, best[0]], atol=1e-4)
    neuron, value = network.resolved(BATCH[other], None)
    assert neuron == Neuron(None, int(best[other]))
    assert value == pytest.approx(logits[other].max(), abs=1e-4)


def test_a_chosen_neuron_is_the_neuron(twins: Any) -> None:
    _, network = twins("residual")
    chosen = Neuron("a2", 5, "max")
    neuron, value = network.resolved(BATCH[1], chosen)
    assert neuron is chosen
    assert value == pytest.approx(network.values(BATCH, chosen)[1], rel=1e-5)


def test_a_plain_picture_is_preprocessed(twins: Any) -> None:
    twin, _ = twins("fused")
    network = Network(twin.model, preprocess=lambda p: (p - [10, 20, 30]) / 50)
    np.testing.assert_allclose(network.plain(60)[4, 3], [1.0, 0.8, 0.6], rtol=1e-6)
    assert network.plain(0).shape == SHAPE and network.plain(0).dtype == np.float32


def test_a_plain_picture_that_preprocess_cannot_take(twins: Any) -> None:
    twin, _ = twins("fused")
    with np.errstate(invalid="ignore"):
        network = Network(twin.model, preprocess=lambda p: (p - p.mean()) / p.std())
        with pytest.raises(InvalidValueError, match=r"grey level 0 everywhere.*NaN"):
            network.plain(0)
