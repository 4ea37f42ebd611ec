"""Random transforms of an optimised picture before each step: crop, zoom and noise.

A picture that excites the neuron only at one size and position looks like noise; one that is robust
to transforms looks like an object. (Jitter: Mordvintsev et al. 2015 and Mahendran
& Vedaldi 2016; enlarging and noise as in Olah et al. 2017.)
"""

from __future__ import annotations

import tensorflow as tf


def resampling(length: int, zoom: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """The matrix that reads one axis anew, bilinearly (half-pixel centres).

    Args:
        length: pixels of the axis, before and after.
        zoom: 1 leaves the size as it is, 2 shows the middle half.
        shift: by how many pixels of the picture the middle of the view is moved forward.

    Returns:
        float32 (length, length); beyond the borders the outermost pixel is repeated.
    """
    pixels = tf.range(length, dtype=tf.float32)
    middle = (length - 1) / 2
    sources = tf.clip_by_value((pixels - middle) / zoom + middle + shift, 0.0, length - 1.0)
    return tf.nn.relu(1 - tf.abs(sources[:, None] - pixels))


def view(
    picture: tf.Tensor,
    seed: tf.Tensor,
    largest: tf.Tensor,
    jitter: tf.Tensor,
    noise: tf.Tensor,
    grain: tf.Tensor,
) -> tf.Tensor:
    """A random view.

    Args:
        picture: float32 (channels, rows, columns).
        seed: int32 (2,): the same seed gives the same view.
        largest: the largest zoom; the zoom is 1 to this.
        jitter: pixels by which a view may extend beyond the picture's borders.
        noise: standard deviation of what is added to every value.
        grain: float32 (channels, 2 · rows, 2 · columns), noise of variance 1 from which each view
            gets a crop; drawing new noise for every view takes 2 ms.

    Returns:
        float32 of the picture's shape.
    """
    rows, columns = picture.shape[1:]
    draws = tf.random.stateless_uniform((5,), seed)
    zoom = 1 + (largest - 1) * draws[0]
    down, right = (
        (2 * draw - 1) * ((1 - 1 / zoom) * length / 2 + jitter)
        for draw, length in ((draws[1], rows), (draws[2], columns))
    )
    resampled = resampling(rows, zoom, down) @ picture
    resampled = tf.matmul(resampled, resampling(columns, zoom, right), transpose_b=True)
    top, left = (tf.cast(d * n, tf.int32) for d, n in ((draws[3], rows), (draws[4], columns)))
    return resampled + noise * tf.slice(grain, [0, top, left], picture.shape)
