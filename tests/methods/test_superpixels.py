"""Superpixels: pieces of one colour, numbered without gaps."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.methods.superpixels import (
    SEGMENTATION,
    colours,
    means,
    merge_regions,
    superpixels,
)

HALVES = np.zeros((40, 30, 3), np.uint8)
HALVES[:, 13:] = (250, 240, 10)
HALVES[25:, 13:] = (10, 30, 250)


@pytest.mark.parametrize("way", SEGMENTATION.choices)
def test_pieces_do_not_cross_an_edge_of_colour(way: str) -> None:
    pieces = superpixels(HALVES, way)
    assert pieces.shape == (40, 30) and pieces.min() == 0
    assert set(np.unique(pieces)) == set(range(pieces.max() + 1))
    colour_of = [{tuple(c) for c in HALVES[pieces == piece]} for piece in np.unique(pieces)]
    mixed = sum(len(colour) > 1 for colour in colour_of)
    assert len(colour_of) >= 3 and mixed <= 0.1 * len(colour_of)
    np.testing.assert_array_equal(pieces, superpixels(HALVES.copy(), way))


def test_quickshift_is_called_as_by_the_lime_package() -> None:
    from lime.wrappers.scikit_image import SegmentationAlgorithm

    picture = np.random.default_rng(0).integers(0, 255, (6, 5, 3)).astype(np.uint8)
    picture = picture.repeat(38, axis=0).repeat(46, axis=1)  # (228, 230)
    theirs = SegmentationAlgorithm(
        "quickshift", kernel_size=4, max_dist=200, ratio=0.2, random_seed=3
    )(picture)
    _, expected = np.unique(theirs, return_inverse=True)
    np.testing.assert_array_equal(superpixels(picture, "quickshift"), expected.reshape(228, 230))


def test_small_pictures_are_cut_as_finely_as_large_ones() -> None:
    blocks = np.random.default_rng(0).integers(0, 255, (7, 7, 3)).astype(np.uint8)
    large = superpixels(blocks.repeat(32, axis=0).repeat(32, axis=1), "quickshift")
    small = superpixels(blocks.repeat(5, axis=0).repeat(5, axis=1), "quickshift")
    assert small.shape == (35, 35)
    assert 0.5 * large.max() < small.max() < 2 * large.max() and small.max() > 10


def test_means_of_each_piece() -> None:
    rng = np.random.default_rng(1)
    values, segments = rng.normal(0, 1, (5, 4, 3)), rng.integers(0, 3, (5, 4))
    averages = means(values.astype(np.float32), segments)
    assert averages.dtype == np.float32
    for row in range(5):
        for column in range(4):
            expected = values[segments == segments[row, column]].mean(0)
            np.testing.assert_allclose(averages[row, column], expected, rtol=1e-5)


def test_colours_of_an_input_undo_the_preprocessing() -> None:
    def preprocess(p: np.ndarray) -> np.ndarray:
        return (np.asarray(p, np.float32) - [100, 110, 120]) / [3, -4, 5]  # one channel turned over

    ends = [preprocess(np.full((40, 30, 3), level)) for level in (0, 255)]
    low, high = np.minimum(*ends), np.maximum(*ends)
    picture = colours(preprocess(HALVES).astype(np.float32), low, high)
    np.testing.assert_array_equal(picture[..., [0, 2]], HALVES[..., [0, 2]])
    grey = colours(np.float32([[[0.2]], [[1.5]]]), np.zeros((2, 1, 1)), np.ones((2, 1, 1)))
    np.testing.assert_array_equal(grey, [[[51, 51, 51]], [[255, 255, 255]]])


def _joined_by_hand(picture: np.ndarray, segments: np.ndarray, pieces: int) -> np.ndarray:
    """Every pair of neighbours is tried, and the sums of squares counted over their pixels."""
    from skimage.color import rgb2lab

    lab, labels = rgb2lab(picture), segments.copy()

    def scatter(*numbers: int) -> float:
        values = lab[np.isin(labels, numbers)]
        return float(((values - values.mean(0)) ** 2).sum())

    def neighbours() -> set[tuple[int, int]]:
        pairs = set()
        for row in range(labels.shape[0]):
            for column in range(labels.shape[1]):
                for other in (labels[row + 1 :, column][:1], labels[row, column + 1 :][:1]):
                    pairs |= {tuple(sorted((labels[row, column], o))) for o in other}
        return {(one, other) for one, other in pairs if one != other}

    def cost(pair: tuple[int, int]) -> float:
        sizes = [(labels == one).sum() for one in pair]
        rise = scatter(*pair) - scatter(pair[0]) - scatter(pair[1])
        return rise + 40 / (1 / sizes[0] + 1 / sizes[1])

    while len(np.unique(labels)) > pieces:
        one, other = min(neighbours(), key=cost)
        labels[labels == other] = one
    return labels


def test_neighbours_most_alike_are_joined() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 255, (9, 7, 3)).astype(np.uint8)
    segments = np.arange(12).reshape(4, 3).repeat([2, 3, 1, 3], 0).repeat([2, 1, 4], 1)
    for pieces in (11, 8, 5, 2, 1):
        merged = merge_regions(picture, segments, pieces)
        expected = _joined_by_hand(picture, segments, pieces)
        assert set(np.unique(merged)) == set(range(pieces))
        pairs = set(zip(merged.ravel().tolist(), expected.ravel().tolist(), strict=True))
        assert len(pairs) == pieces  # the same pieces, whatever their numbers
    np.testing.assert_array_equal(merge_regions(picture, segments, 50), segments)


def test_pieces_are_an_upper_bound() -> None:
    blocks = np.random.default_rng(0).integers(0, 255, (7, 7, 3)).astype(np.uint8)
    picture = blocks.repeat(6, axis=0).repeat(5, axis=1)
    cut = superpixels(picture, "quickshift")
    assert superpixels(picture, "quickshift", 6).max() == 5 < cut.max()
    np.testing.assert_array_equal(superpixels(picture, "quickshift", 1000), cut)
