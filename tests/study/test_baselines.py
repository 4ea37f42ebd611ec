"""Maps that know nothing: where they point, and that they know nothing."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.study.baselines import BASELINES, baseline

RNG = np.random.default_rng(7)
PICTURE = RNG.integers(0, 256, (20, 31, 3), dtype=np.uint8)


def test_centre_points_at_the_centre_and_falls_with_a_quarter_of_the_side() -> None:
    heatmap = baseline("centre")(None, PICTURE, None, 0).heatmap
    assert heatmap.shape == (20, 31)
    assert set(zip(*np.nonzero(heatmap == heatmap.max()), strict=True)) == {(9, 15), (10, 15)}
    np.testing.assert_allclose(heatmap, heatmap[::-1, ::-1])
    along = heatmap[10, 15:]
    assert along[7] / along[0] == pytest.approx(np.exp(-0.5 * (7 / 7.75) ** 2), rel=1e-5)


def test_noise_is_of_the_seed_and_the_picture() -> None:
    noise = baseline("noise")
    first = noise(None, PICTURE, None, 0).heatmap
    np.testing.assert_array_equal(first, noise(None, PICTURE.copy(), None, 0).heatmap)
    assert (first != noise(None, PICTURE, None, 1).heatmap).any()
    assert (first != noise(None, PICTURE + 1, None, 0).heatmap).any()


def test_edges_of_a_step() -> None:
    step = np.zeros((6, 8, 3), np.uint8)
    step[:, 5:] = 90
    heatmap = baseline("edges")(None, step, None, 0).heatmap
    expected = np.zeros((6, 8))
    expected[:, 4:6] = 45
    np.testing.assert_allclose(heatmap, expected)
    assert not baseline("edges")(None, step[:1], None, 0).heatmap.any()


def test_misspelt() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'centre'"):
        baseline("center")
    assert set(BASELINES) == {"centre", "noise", "edges"}
