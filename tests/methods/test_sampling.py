"""What LIME's copies keep: counted, combination by combination."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from cnnvis_widgets.methods.sampling import DRAW, LARGEST, balanced_count, draw, whole_round


def _even(rows: np.ndarray, columns: tuple[int, ...]) -> bool:
    """Whether these columns hold every combination of 0 and 1 equally often."""
    patterns, times = np.unique(rows[:, columns], axis=0, return_counts=True)
    return len(patterns) == 2 ** len(columns) and len(set(times)) == 1


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


def test_whole_rounds_count() -> None:
    assert [whole_round(n, "balanced") for n in (1, 16, 17, 64, 65, LARGEST + 1)] == [
        256, 256, 4096, 4096, 65536, 0,
    ]  # fmt: skip
    assert whole_round(16, "random") == 0
    assert [balanced_count(n, 256) for n in (1, 256, 257, 300, 512, 513, 1000)] == [
        1, 256, 257, 257, 257, 513, 769,
    ]  # fmt: skip
    assert balanced_count(1000, 0) == balanced_count(1000, 4096) == 1000
