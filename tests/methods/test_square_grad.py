"""SquareGrad: the mean of the squared gradients of noisy copies, one at a time on the tape."""

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
    wanted = (slopes**2).sum(0) / len(slopes)
    explanation = explain(
        network, PICTURE, "square_grad", Neuron("n3", 2), seed=5, samples=7, noise=0.3, of=of
    )
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(explanation.attribution, wanted, rtol=2e-3, atol=1e-5 * scale)
    assert explanation.notes[0].startswith("The mean of the squares over 7 copies")


def test_squares_of_both_signs_do_not_cancel(twins: Any) -> None:
    """It is SmoothGrad's square and the variance, each asked for alone on the same noise."""
    _, network = twins("branched")
    ask = {"neuron": 1, "seed": 4, "samples": 9}
    mean, squares, variance = (
        explain(network, PICTURE, method, **ask).attribution.astype(np.float64)
        for method in ("smoothgrad", "square_grad", "var_grad")
    )
    np.testing.assert_allclose(squares, mean**2 + variance, rtol=1e-5)
    assert (squares > mean**2).any()
