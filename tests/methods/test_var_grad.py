"""VarGrad: the variance of the gradients of noisy copies, one at a time on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.noisy_slopes import noisy_slopes

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PICTURE = np.random.default_rng(61).normal(0, 1.5, SHAPE).astype(np.float32)


@pytest.mark.parametrize(("of", "rule"), [("saliency", "gradient"), ("guided_backprop", "guided")])
def test_equals_the_tape(twins: Any, of: str, rule: str) -> None:
    twin, network = twins("relu6")
    slopes = noisy_slopes(twin, PICTURE, "n3", 2, rule, samples=7, noise=0.3, seed=5)
    wanted = ((slopes - slopes.sum(0) / len(slopes)) ** 2).sum(0) / len(slopes)
    explanation = explain(
        network, PICTURE, "var_grad", Neuron("n3", 2), seed=5, samples=7, noise=0.3, of=of
    )
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(explanation.attribution, wanted, rtol=2e-3, atol=1e-5 * scale)
    assert explanation.notes[0].startswith("The variance over 7 copies")


def test_a_linear_network_has_no_variance_at_all() -> None:
    import keras

    from cnnvis_widgets.backend.network import Network

    flat = keras.layers.Flatten(), keras.layers.Dense(4)
    network = Network(keras.Sequential([keras.Input(SHAPE), *flat]))
    explanation = explain(network, PICTURE, "var_grad", 2, samples=12)
    np.testing.assert_array_equal(explanation.attribution, 0)
    assert explanation.notes[0].startswith("All zeros")
