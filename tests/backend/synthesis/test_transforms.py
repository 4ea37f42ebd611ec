"""Random views of a picture, against interpolation by NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from cnnvis_widgets.backend.synthesis.transforms import resampling, view

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(("zoom", "shift"), [(1.0, 0.0), (1.0, 2.3), (1.7, -1.2), (2.0, 6.0)])
def test_an_axis_is_read_as_numpy_interpolates(zoom: float, shift: float) -> None:
    line = RNG.normal(0, 1, 9)
    middle = 4.5  # of the axis, where pixel 0 is from 0 to 1
    places = (np.arange(9) + 0.5 - middle) / zoom + middle + shift
    wanted = np.interp(places, np.arange(9) + 0.5, line)  # which repeats the ends, too
    matrix = resampling(9, tf.constant(zoom), tf.constant(shift)).numpy()
    np.testing.assert_allclose(matrix @ line, wanted, atol=1e-5)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)


def shown(picture: np.ndarray, seed: int, zoom: float, jitter: float, noise: float) -> np.ndarray:
    seeds = tf.constant([7, seed], tf.int32)
    channels, rows, columns = picture.shape
    shape = (channels, 2 * rows, 2 * columns)
    grain = np.random.default_rng(1).standard_normal(shape, np.float32)
    numbers = (tf.constant(x, tf.float32) for x in (zoom, jitter, noise))
    return view(tf.constant(picture, tf.float32), seeds, *numbers, grain).numpy()


def test_without_anything_random_the_view_is_the_picture() -> None:
    picture = RNG.uniform(0, 1, (3, 6, 5))
    np.testing.assert_allclose(shown(picture, 4, 1, 0, 0), picture, atol=1e-6)


def test_views_show_any_part_at_any_size_up_to_the_largest() -> None:
    rows, columns = 20, 30
    ramps = np.stack(np.mgrid[:rows, :columns]).astype(np.float32)  # where a pixel came from
    zooms, highest, leftmost = [], [], []
    for seed in range(200):
        down, right = shown(ramps, seed, 2.5, 0, 0)
        np.testing.assert_allclose(down, down[:, :1] + 0 * down, atol=1e-4)  # not turned
        zoom = 1 / (down[11, 0] - down[10, 0])
        assert zoom == pytest.approx(1 / (right[0, 11] - right[0, 10]), rel=1e-3)
        zooms.append(zoom)
        highest.append(down[0, 0])
        leftmost.append(right[0, 0])
        assert down.min() >= 0 and down.max() <= rows - 1
    assert 1 <= min(zooms) < 1.1 and 2.4 < max(zooms) < 2.501
    assert min(highest) < 1 and max(highest) > 8
    assert min(leftmost) < 1 and max(leftmost) > 12
    assert abs(np.corrcoef(highest, leftmost)[0, 1]) < 0.7  # each axis has a draw of its own


def test_jitter_reaches_beyond_the_border() -> None:
    ramps = np.stack(np.mgrid[:20, :30]).astype(np.float32)
    moved = [shown(ramps, seed, 1, 3, 0) - ramps for seed in range(50)]
    shifts = np.array([m[:, 10, 15] for m in moved])
    assert np.abs(shifts).max() <= 3.001
    assert (shifts.max(0) > 2).all() and (shifts.min(0) < -2).all()
    assert all((m[0, 0] >= -1e-4).all() for m in moved)  # nothing is above the first row


def test_noise_has_its_spread_and_the_seed_decides() -> None:
    picture = np.full((3, 40, 50), 0.5)
    one = shown(picture, 1, 1, 0, 0.2)
    assert (one - picture).std() == pytest.approx(0.2, rel=0.05)
    np.testing.assert_array_equal(one, shown(picture, 1, 1, 0, 0.2))
    assert not np.array_equal(one, shown(picture, 2, 1, 0, 0.2))
