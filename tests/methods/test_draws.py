"""What LIME's copies keep: counted, combination by combination."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from cnnvis_widgets.methods.draws import DRAW, LARGEST, draw


def _even(rows: np.ndarray, columns: tuple[int, ...]) -> bool:
    """Whether these columns hold every combination of 0 and 1 equally often."""
    found, times = np.unique(rows[:, columns], axis=0, return_counts=True)
    return len(found) == 2 ** len(columns) and len(set(times)) == 1


@pytest.mark.parametrize(
    ("superpixels", "rows", "strength"),
    [
        (16, 32, 3),
        (11, 32, 3),
        (16, 256, 5),
        (7, 256, 5),
        (40, 128, 3),
        (64, 4096, 5),
        (70, 512, 3),
    ],
)
def test_few_superpixels_come_in_every_combination_equally_often(
    superpixels: int, rows: int, strength: int
) -> None:
    kept = draw(2 * rows + 1, superpixels, seed=3, way="balanced")
    assert kept.shape == (2 * rows + 1, superpixels) and kept[0].all()
    rng = np.random.default_rng(0)
    some = [tuple(rng.permutation(superpixels)[:strength]) for _ in range(100)]
    for block in (kept[1 : rows + 1], kept[rows + 1 :]):
        assert all(_even(block, columns) for columns in some)
    assert (kept[1 : rows + 1] != kept[rows + 1 :]).any()


def test_the_count_of_combinations_can_tell() -> None:
    tossed = draw(257, 16, seed=3)[1:]
    assert not any(_even(tossed, columns) for columns in combinations(range(16), 3))


@pytest.mark.parametrize("superpixels", [1, 2, 16, 17, LARGEST + 3])
def test_each_row_is_followed_by_its_opposite(superpixels: int) -> None:
    kept = draw(101, superpixels, seed=8, way="balanced")
    np.testing.assert_array_equal(kept[1::2] + kept[2::2], 1)
    assert kept.dtype == draw(2, 2, 0).dtype and 0.3 < kept[1::2].mean() < 0.7


@pytest.mark.parametrize("way", DRAW.choices)
@pytest.mark.parametrize("superpixels", [5, 23, LARGEST + 1])
def test_fewer_samples_are_the_first_of_more(way: str, superpixels: int) -> None:
    many = draw(400, superpixels, seed=2, way=way)
    for samples in (1, 37, 399):
        np.testing.assert_array_equal(draw(samples, superpixels, 2, way), many[:samples])
    assert (draw(400, superpixels, 3, way) != many).any()


def test_each_row_alone_is_as_random_as_tosses() -> None:
    firsts = np.array([draw(2, 6, seed, "balanced")[1] for seed in range(2000)])
    counts = np.bincount(firsts @ (1 << np.arange(6)), minlength=64)
    assert abs(counts - 2000 / 64).max() < 5 * np.sqrt(2000 / 64)
