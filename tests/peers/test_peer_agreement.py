"""How far two maps agree: numbers known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.peers.agreement import measure, percent, within
from cnnvis_widgets.peers.case import patch_of, score_weights
from cnnvis_widgets.peers.forms import FORMS, bicubic


def test_numbers_by_hand() -> None:
    ours = np.float32([[1, -2, 0], [4, 0, 0]])
    theirs = np.float32([[1, -2, 1], [3, 0, 0]])
    agreement = measure(theirs, ours)
    assert agreement.difference == pytest.approx(1 / 4)  # 1 at two places, of the largest, 4
    # least squares: (1·1 + 2·2 + 3·4) / (1 + 4 + 16) = 17 / 21
    assert agreement.factor == pytest.approx(17 / 21)
    # what is left is largest at the third place, where ours is 0: 1, of 4 · 17 / 21
    assert agreement.scaled == pytest.approx(1 / (4 * 17 / 21))
    assert not agreement.same
    assert not agreement.same_but_for_scale


def test_a_factor_is_found_and_a_negative_one_is_no_agreement() -> None:
    ours = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    third = measure(ours / 3, ours)
    assert third.same_but_for_scale
    assert third.factor == pytest.approx(1 / 3, rel=1e-6)
    assert third.correlation == pytest.approx(1)
    assert third.same_order
    turned = measure(-ours, ours)
    assert turned.factor == pytest.approx(-1)
    assert not turned.same_but_for_scale
    assert turned.correlation == pytest.approx(-1)


def test_the_same_map_and_maps_of_zeros() -> None:
    ours = np.float32([[1, 2], [3, 5]])
    assert measure(ours + np.float32(4e-5), ours).difference == pytest.approx(8e-6, rel=0.02)
    zeros = np.zeros((2, 2), np.float32)
    assert measure(zeros, zeros)[:2] == (0.0, None)
    assert measure(ours, zeros).difference == float("inf")
    assert measure(zeros, ours)[:2] == (1.0, 0.0)
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(4,\)"):
        measure(ours, ours.ravel())


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.917, "92 %"), (1.4, "140 %"), (0.0031, "0.31 %"), (11, "more than ten times"),
     (float("inf"), "more than ten times")],
)  # fmt: skip
def test_a_share_in_words(share: float, words: str) -> None:
    assert percent(share) == words


def test_levels() -> None:
    assert [within(x) for x in (0.0, 9e-7, 1.1e-6, 1e-5, 2e-4)] == [
        *("1e-6", "1e-6", "1e-5", "1e-5", "1e-3")
    ]


def test_the_forms_of_a_map() -> None:
    values = np.float32([[[1, -3, 2]], [[0, 0.5, -0.25]]])
    assert FORMS["channels"][1](values, (2, 1)) is values
    np.testing.assert_array_equal(FORMS["largest"][1](values, (2, 1)), [[3], [0.5]])
    np.testing.assert_array_equal(FORMS["map"][1](values[..., 1:], (2, 1)), [[-3], [0.5]])
    assert FORMS["bicubic"][1](values[..., :1], (6, 4)).shape == (6, 4)


def keys(distance: float) -> float:
    """Keys' cubic kernel with a = -1/2."""
    d = abs(distance)
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def test_bicubic_is_keys_kernel_with_half_pixel_centres() -> None:
    values = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    large = bicubic(values, (10, 12))

    def weights(size: int, wanted: int) -> np.ndarray:
        table = np.array(
            [
                [keys((place + 0.5) * size / wanted - 0.5 - cell) for cell in range(size)]
                for place in range(wanted)
            ]
        )
        return table / table.sum(1, keepdims=True)  # what reaches beyond the border is left out

    expected = weights(5, 10) @ values @ weights(3, 12).T
    np.testing.assert_allclose(large, expected, atol=2e-6)


def test_patches_divide_the_picture_where_they_can() -> None:
    assert [patch_of(*size) for size in ((224, 224), (64, 48), (71, 71), (9, 6), (1, 5))] == [
        *(32, 8, 10, 1, 1)
    ]


@pytest.mark.parametrize("kind", ["softmax", "log-softmax", "sigmoid"])
def test_the_derivative_of_a_score_by_differences(kind: str) -> None:
    values = np.array([0.3, -1.2, 2.0, 0.1])

    def score(x: np.ndarray) -> float:
        if kind == "sigmoid":
            return 1 / (1 + np.exp(-x[2]))
        share = np.exp(x[2]) / np.exp(x).sum()
        return share if kind == "softmax" else np.log(share)

    steps = np.eye(4) * 1e-6
    slopes = [(score(values + h) - score(values - h)) / 2e-6 for h in steps]
    weights = score_weights(values, 2, kind)
    np.testing.assert_allclose([weights.get(n, 0.0) for n in range(4)], slopes, atol=1e-8)
