"""Other libraries' definitions on a network whose values and derivatives are known on paper."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from cnnvis_widgets.peers import definitions
from cnnvis_widgets.peers.contract import Case, Settings
from cnnvis_widgets.peers.definitions import Ours

RNG = np.random.default_rng(7)
SIZE = (6, 5, 3)
FACTORS = RNG.normal(size=SIZE)
X = RNG.normal(size=SIZE).astype(np.float32)


class Squares:
    """a(x) = Σ f x², whose derivative is 2 f x; two classes, a and -a."""

    def backward(self, inputs: np.ndarray, neuron: Any, asked: Any) -> Any:
        assert len(inputs) <= definitions.BATCH
        assert neuron.unit == 0
        return SimpleNamespace(gradients=[(2 * FACTORS * inputs).astype(np.float32)])

    def values(self, inputs: np.ndarray, neuron: Any) -> np.ndarray:
        assert len(inputs) <= definitions.BATCH
        return (FACTORS * inputs.astype(np.float64) ** 2).sum((1, 2, 3)).astype(np.float32)

    def outputs(self, inputs: np.ndarray) -> tuple[np.ndarray, None]:
        value = self.values(inputs, SimpleNamespace(unit=0))
        return np.stack([value, -value], -1), None


SETTINGS = Settings(
    steps=21,
    samples=11,
    noise=0.1,
    sigma=0.25,
    channels=4,
    masks=10,
    grid=3,
    share=0.5,
    patch=3,
    stride=2,
    seed=5,
    black=np.full(SIZE, -0.75, np.float32),
    grey=np.full(SIZE, 0.125, np.float32),
)


def ours(**changed: Any) -> Ours:
    return Ours(Case(Squares(), None, 0, "maps", replace(SETTINGS, **changed)), X)


def test_the_trapezoid_rule_is_exact_for_a_straight_derivative() -> None:
    # the integral of 2 f x from the baseline b to x is f (x² - b²)
    expected = FACTORS * (X.astype(np.float64) ** 2 - 0.75**2)
    np.testing.assert_allclose(definitions.trapezoid(ours()), expected, atol=1e-6)


def test_a_baseline_of_several_colours_becomes_one_number() -> None:
    black = np.broadcast_to(np.float32([-1.0, 0.0, 0.25]), SIZE)
    expected = FACTORS * (X.astype(np.float64) ** 2 - 0.25**2)  # their mean is -1/4
    np.testing.assert_allclose(definitions.trapezoid(ours(black=black)), expected, atol=1e-6)


def value(x: np.ndarray) -> float:
    return float((FACTORS * x.astype(np.float64) ** 2).sum())


def test_the_sum_of_drops_pixel_by_pixel() -> None:
    expected = np.zeros(SIZE[:2])
    # 6 rows: patches of 3 at 0, 2 (4 would reach beyond); 5 columns: at 0, 2
    for top, left in ((0, 0), (0, 2), (2, 0), (2, 2)):
        covered = X.copy()
        covered[top : top + 3, left : left + 3] = 0.125
        for row in range(top, top + 3):
            for column in range(left, left + 3):
                expected[row, column] += value(X) - value(covered)
    assert not expected[5].any()  # nobody covers the last row
    np.testing.assert_allclose(definitions.sum_of_drops(ours()), expected, atol=1e-5)


def test_patches_that_are_cut_at_the_border() -> None:
    total, times = np.zeros((2, *SIZE[:2]))
    for rows in (range(0, 3), range(2, 5), range(4, 6)):
        for columns in (range(0, 3), range(2, 5)):
            covered = X.copy()
            for row in rows:
                for column in columns:
                    covered[row, column] = 0.125
                    times[row, column] += 1
            for row in rows:
                for column in columns:
                    total[row, column] += value(X) - value(covered)
    np.testing.assert_allclose(definitions.cut_patches(ours()), total / times, atol=1e-5)


def test_the_noise_is_numpy_s_own_for_the_seed() -> None:
    state = np.random.get_state()
    np.random.seed(5)
    noise = np.random.normal(0.0, 0.25, (11, *SIZE))
    np.random.set_state(state)
    # the mean of 2 f (x + n)
    expected = 2 * FACTORS * (X + noise.mean(0))
    np.testing.assert_allclose(definitions.same_noise(ours()), expected, atol=2e-6)


def with_maps(maps: np.ndarray, slope: np.ndarray, value: float = 0.5) -> Ours:
    one = ours()
    vars(one)["maps"] = (np.float32(maps), np.float32(slope), value)
    return one


def test_grad_cam_plus_plus_with_means_place_by_place() -> None:
    maps, slope = RNG.uniform(0, 2, (6, 5, 4)), RNG.normal(size=(6, 5, 4))
    slope[..., 1] = 0  # nothing to weigh: no division by 0
    expected = np.zeros((6, 5))
    for unit in range(4):
        weight, mean = 0.0, maps[..., unit].sum() / 30
        for g in slope[..., unit].ravel():
            weight += max(g, 0) / (2 + g * mean) / 30 if g else 0
        expected += weight * maps[..., unit]
    values = definitions.mean_of_maps(with_maps(maps, slope))
    np.testing.assert_allclose(values, np.maximum(expected, 0), atol=1e-5)


def test_grad_cam_plus_plus_with_alphas_that_add_up_to_1_by_hand() -> None:
    maps, slope = np.array([[[1.0], [3.0]]]), np.array([[[1.0], [0.5]]])
    # the map's sum is 4: alphas 1 / (2 + 4) = 1/6 and 1/4 / (1/2 + 1/2) = 1/4, as shares 2/5, 3/5
    one = with_maps(maps, slope)
    weight = (1.0 * 2 / 5 + 0.5 * 3 / 5) * np.exp(0.5)
    np.testing.assert_allclose(
        definitions.normalised_alphas(one), [[weight, 3 * weight]], rtol=1e-6
    )


def test_score_cam_by_probabilities_in_loops() -> None:
    maps = RNG.normal(size=(2, 3, 4)).astype(np.float32)
    values = definitions.softmax_of_classes(with_maps(maps, maps))
    expected = np.zeros((2, 3))
    for channel in range(4):
        large = np.array(
            [
                [bilinear(maps[..., channel], row / 5, column / 4 * 2) for column in range(SIZE[1])]
                for row in range(SIZE[0])
            ]
        )
        mask = (large - large.min()) / (large.max() - large.min())
        seen = value(X * mask[..., None])
        expected += maps[..., channel] / (1 + np.exp(-2 * seen))  # softmax of (a, -a)
    np.testing.assert_allclose(values, np.maximum(expected, 0), atol=1e-4)


def bilinear(values: np.ndarray, row: float, column: float) -> float:
    """Between the four nearest places; the corners are the corners."""
    r, c = min(int(row), values.shape[0] - 2), min(int(column), values.shape[1] - 2)
    down, right = row - r, column - c
    upper = values[r, c] * (1 - right) + values[r, c + 1] * right
    lower = values[r + 1, c] * (1 - right) + values[r + 1, c + 1] * right
    return float(upper * (1 - down) + lower * down)
