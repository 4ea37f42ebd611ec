"""Integrated gradients against sums by hand, and functions whose answer is known on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PICTURES = np.random.default_rng(5).normal(20, 60, (4, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "neuron", "baseline", "level"),
    [
        ("fused", Neuron(None, 4), "black", 0),
        ("residual", Neuron("a2", 5, "mean"), "white", 255),
        ("branched", Neuron("mixed", 6, position=(2, 1)), "grey", 128),
    ],
)
def test_equals_the_midpoint_sum_on_the_tape(
    twins: Any, name: str, neuron: Neuron, baseline: str, level: int
) -> None:
    twin, network = twins(name)
    picture, steps = PICTURES[0], 7
    start = np.full(SHAPE, level, np.float64)
    total = np.zeros(SHAPE)
    for share in (1 / 14, 3 / 14, 5 / 14, 7 / 14, 9 / 14, 11 / 14, 13 / 14):
        tape = twin.tape((start + share * (picture - start))[None])
        _, seed = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)
        total += tape.gradient(seed, "gradient", neuron.layer, None)[0][0] / 7
    expected = total * (picture - start)

    explanation = explain(
        network, picture, "integrated_gradients", neuron, steps=steps, baseline=baseline
    )
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(explanation.attribution, expected, rtol=1e-3, atol=1e-4 * scale)
    assert explanation.attribution.dtype == np.float32
    np.testing.assert_allclose(
        explanation.heatmap(), np.abs(explanation.attribution).sum(-1), rtol=1e-6
    )


def _square_model() -> tuple[Any, np.ndarray]:
    """A neuron that is the weighted mean of the squares of (5, 4, 3) pixels."""
    import keras

    inputs = keras.Input((5, 4, 3))
    flat = keras.layers.Flatten()(inputs * inputs)
    dense = keras.layers.Dense(2, name="d")
    model = keras.Model(inputs, dense(flat))
    weights = np.random.default_rng(1).normal(0, 1e-4, (60, 2))
    dense.set_weights([weights, np.array([0.5, -3])])
    return model, weights[:, 1].reshape(5, 4, 3)


@pytest.mark.parametrize("steps", [1, 6, 70])  # 70 does not fit into one batch
def test_squares_are_known_on_paper(steps: int) -> None:
    model, weights = _square_model()
    picture = np.random.default_rng(2).uniform(0, 255, (5, 4, 3)).astype(np.float32)
    explanation = explain(
        Network(model), picture, "integrated_gradients", 1, steps=steps, baseline="grey"
    )
    # The slope of x² is a straight line, for which any number of midpoints is exact.
    expected = weights * (picture.astype(np.float64) ** 2 - 128.0**2)
    np.testing.assert_allclose(explanation.attribution, expected, rtol=1e-4, atol=1e-5)
    assert abs(explanation.details["completeness_error"]) < 1e-4
    change = expected.sum()
    assert explanation.details["sum"] == pytest.approx(change, rel=1e-4)
    assert explanation.value == pytest.approx(
        (weights * picture.astype(float) ** 2).sum() - 3, rel=1e-4
    )
    assert (
        f"a change of {explanation.value - explanation.details['baseline_value']:.4g}"
        in explanation.notes[0]
    )


def test_completeness_error_falls_with_the_steps_and_is_reported(twins: Any) -> None:
    _, network = twins("residual")
    few, many = (
        explain(network, PICTURES[1], "integrated_gradients", 2, steps=n) for n in (2, 400)
    )
    errors = [abs(e.details["completeness_error"]) for e in (few, many)]
    values = [float(v[0, 2]) for v in (network.outputs(p[None])[0] for p in (PICTURES[1], _BLACK))]
    for explanation, error in zip((few, many), errors, strict=True):
        direct = explanation.attribution.sum(dtype=float) - (values[0] - values[1])
        assert error == pytest.approx(abs(direct), abs=1e-4 * abs(values[0]))
        assert any(f"{error:.2g}" in note for note in explanation.notes)
    assert errors[1] < 0.2 * errors[0]
    assert errors[1] < 0.01 * abs(values[0] - values[1])


_BLACK = np.zeros(SHAPE, np.float32)


def test_the_most_probable_class_is_that_of_the_picture_not_of_the_baseline(twins: Any) -> None:
    _, network = twins("shared")
    best = network.outputs(np.concatenate([_BLACK[None], PICTURES]))[0].argmax(1)
    other = next(n for n in range(4) if best[n + 1] != best[0])  # else the test could not tell
    explanation = explain(network, PICTURES[other], "integrated_gradients", steps=3)
    assert explanation.neuron == Neuron(None, int(best[other + 1]))
    same = explain(network, PICTURES[other], "integrated_gradients", explanation.neuron, steps=3)
    np.testing.assert_array_equal(explanation.attribution, same.attribution)


def test_the_baseline_itself_gets_nothing_and_says_so(twins: Any) -> None:
    _, network = twins("fused")
    explanation = explain(network, _BLACK, "integrated_gradients", 1, steps=2)
    assert not explanation.attribution.any()
    assert explanation.notes[0].startswith("All zeros")
    assert "a change of 0. The error is 0." in explanation.notes[1]


def test_progress_counts_the_steps(twins: Any) -> None:
    _, network = twins("fused")
    seen: list[tuple[int, int]] = []
    explain(
        network,
        _BLACK + 3,
        "integrated_gradients",
        1,
        steps=150,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(0, 150), (64, 150), (128, 150), (150, 150)]
