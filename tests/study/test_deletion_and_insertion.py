"""Deletion and insertion on linear neurons, whose curves are sums on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toys import linear

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case
from cnnvis_widgets.study.curves import area, blurred, falling

RNG = np.random.default_rng(4)
WEIGHTS = RNG.uniform(0.1, 1, (6, 5, 1, 2))
PICTURE = RNG.uniform(1, 2, (6, 5, 1)).astype(np.float32)
PARTS = (WEIGHTS[..., 1] * PICTURE)[..., 0]  # what each pixel adds to unit 1
DELETION, INSERTION = metric("deletion"), metric("insertion")


@pytest.fixture(scope="module")
def case() -> Case:
    return Case(PARTS, network=linear(WEIGHTS), image=PICTURE, neuron=Neuron(None, 1))


def curve(order: np.ndarray, counts: list[int]) -> list[float]:
    """Share of the sum that is left when the first `count` of the order are gone."""
    total = PARTS.sum()
    return [1 - PARTS.ravel()[order[:count]].sum() / total for count in counts]


def test_a_linear_neuron_loses_what_its_pixels_add(case: Case) -> None:
    order = np.argsort(-PARTS.ravel())
    score = DELETION.measure(case, steps=30)
    expected = curve(order, list(range(31)))
    np.testing.assert_allclose(score.details["values"], expected, atol=1e-6)
    assert score.value == pytest.approx(np.trapezoid(expected, dx=1 / 30), abs=1e-6)
    assert score.details["of"] == "activation"  # a network without softmax has no probabilities
    assert "share of its first value" in score.note
    # on black, insertion is deletion of the smallest first, read backwards
    inserted = INSERTION.measure(case, steps=30, substrate="zero")
    np.testing.assert_allclose(inserted.details["values"], 1 - np.array(expected), atol=1e-6)


def test_the_right_order_is_best_and_its_opposite_worst(case: Case) -> None:
    values = {}
    for name, heatmap in [("right", PARTS), ("wrong", -PARTS), ("noise", RNG.random((6, 5)))]:
        values[name] = DELETION.measure(replace(case, heatmap=heatmap)).value
    assert values["right"] < values["noise"] < values["wrong"]
    assert values["right"] + values["wrong"] == pytest.approx(1, abs=0.02)


def test_steps_take_equal_numbers_of_pixels(case: Case) -> None:
    score = DELETION.measure(case, steps=4)
    counts = [0, 8, 15, 22, 30]  # 7.5 and 22.5 are rounded to even
    assert score.details["shares"] == [c / 30 for c in counts]
    np.testing.assert_allclose(
        score.details["values"], curve(np.argsort(-PARTS.ravel()), counts), atol=1e-6
    )


def softmaxed(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_a_softmax_is_followed_by_its_probability() -> None:
    weights = RNG.normal(0, 0.3, (6, 5, 1, 3))
    network = linear(weights, softmax=True)
    parts = (weights[..., 2] * PICTURE)[..., 0]
    case = Case(parts, network=network, image=PICTURE, neuron=Neuron(None, 2))
    order = np.argsort(-parts.ravel())
    expected = []
    for count in range(0, 31, 3):
        picture = PICTURE.ravel().copy()
        picture[order[:count]] = 0
        expected.append(softmaxed(picture @ weights.reshape(30, 3))[2])
    score = DELETION.measure(case, steps=10)
    np.testing.assert_allclose(score.details["values"], expected, atol=1e-5)
    assert score.details["of"] == "probability"
    assert score.note == ""
    # the evidence that is left then tells for other classes
    as_activation = DELETION.measure(case, steps=10, of="activation")
    if parts.sum() > 0:
        assert as_activation.details["of"] == "activation"
        assert as_activation.details["values"][-1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("substrate", "level"), [("black", 0), ("grey", 128), ("white", 255), ("mean", None)]
)
def test_substrates(case: Case, substrate: str, level: Any) -> None:
    left = PICTURE.mean() if level is None else level
    expected = float((WEIGHTS[..., 1] * left).sum() / PARTS.sum())
    score = DELETION.measure(case, substrate=substrate)
    assert score.details["values"][-1] == pytest.approx(expected, rel=1e-4)
    assert INSERTION.measure(case, substrate=substrate).details["values"][0] == pytest.approx(
        expected, rel=1e-4
    )


def test_what_gives_no_order_or_no_share_is_not_defined(case: Case) -> None:
    flat = DELETION.measure(replace(case, heatmap=np.full((6, 5), 2.0)))
    assert flat.value is None
    assert "no order" in flat.note
    below = Case(PARTS, network=linear(-WEIGHTS), image=PICTURE, neuron=Neuron(None, 1))
    assert INSERTION.measure(below).value is None
    with pytest.raises(UnsuitableError, match="the network, the picture and the neuron"):
        DELETION.measure(Case(PARTS))


def test_equal_values_come_in_an_order_that_the_seed_draws() -> None:
    heatmap = np.zeros((4, 9))
    heatmap[1, 2] = heatmap[3, 7] = 5
    orders = [falling(heatmap, seed) for seed in range(40)]
    for order in orders:
        assert sorted(order) == list(range(36))
        assert set(order[:2]) == {11, 34}
    assert len({tuple(order) for order in orders}) == 40
    assert abs(np.mean([order[2:19].mean() for order in orders]) - 17.5) < 2  # not from the top
    np.testing.assert_array_equal(falling(heatmap, 3), orders[3])


def test_area_is_the_trapezoidal_rule() -> None:
    assert area([1, 0]) == 0.5
    values = list(RNG.random(9))
    assert area(values) == pytest.approx(np.trapezoid(values, dx=1 / 8))


def test_blur_is_rises_kernel() -> None:
    """One white pixel in 224 × 230: a Gaussian of σ = 5, cut off at 11 × 11, summing to 1."""
    picture = np.zeros((224, 230, 2), np.float32)
    picture[100, 120, 1] = 1
    smooth = blurred(picture)
    y, x = np.mgrid[-5:6, -5:6]
    kernel = np.exp(-(x**2 + y**2) / 50)
    expected = np.zeros((224, 230))
    expected[95:106, 115:126] = kernel / kernel.sum()
    np.testing.assert_allclose(smooth[..., 1], expected, atol=1e-7)
    assert not smooth[..., 0].any()
    flat = np.full((20, 30, 3), 0.7, np.float32)
    np.testing.assert_allclose(blurred(flat), flat, rtol=1e-6)  # no dark border
    small = np.zeros((64, 64, 1), np.float32)
    small[32, 32] = 1
    assert (blurred(small) > 0).sum() == 9  # 11 · 64 / 224 ≈ 3
