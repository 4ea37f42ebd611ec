"""Regularisers: terms that are small for natural pictures (Mahendran & Vedaldi 2015, 2016).

Pure functions of symbolic pictures. Their derivatives are written out: TensorFlow's own, which pads
and slices colour by colour, take a processor several times as long. They are returned with the
values: `tf.custom_gradient` would keep every graph that it was traced in.
"""

from __future__ import annotations

import math

import tensorflow as tf

LEAST = 1e-12  # added to squares: keeps the derivative finite for β below 2


def alpha_norm(x: tf.Tensor, alpha: float | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean over the positions of |x|^α, where |x| is the norm of a position's colour vector.

    Args:
        x: float32 (batch, rows, columns, channels), zero for mid-grey.
        alpha: at least 1; 6 is the published value, which lets colours be strong but not extreme.

    Returns:
        The value, float32 (batch,), and its derivative by `x`, of the shape of `x`.
    """
    positions = x.shape[1] * x.shape[2]
    squares = tf.reduce_sum(tf.square(x), -1, keepdims=True) + LEAST
    slope = alpha / positions * _power(squares, alpha / 2 - 1) * x
    return tf.reduce_sum(_power(squares, alpha / 2), (1, 2, 3)) / positions, slope


def total_variation(x: tf.Tensor, beta: float | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Σ over the channels of the mean over the positions of (down² + right²)^(β/2).

    `down` and `right` are the differences to the next row and column, 0 at the last.

    Args:
        x: float32 (batch, rows, columns, channels).
        beta: 1 keeps edges and allows spikes, 2 (published) gives smoother pictures.

    Returns:
        The value, float32 (batch,), and its derivative by `x`, of the shape of `x`.
    """
    rows, columns, channels = x.shape[1:]
    lines = tf.reshape(x, (-1, rows, columns * channels))  # of whole pixels
    down = tf.concat([lines[:, 1:], lines[:, -1:]], 1) - lines
    right = tf.concat([lines[:, :, channels:], lines[:, :, -channels:]], 2) - lines
    squares = tf.square(down) + tf.square(right) + LEAST
    pull = beta / (rows * columns) * _power(squares, beta / 2 - 1)
    pull_down, pull_right = pull * down, pull * right
    from_above = tf.pad(pull_down[:, :-1], ((0, 0), (1, 0), (0, 0)))
    from_left = tf.pad(pull_right[:, :, :-channels], ((0, 0), (0, 0), (channels, 0)))
    slope = tf.reshape(from_above - pull_down + from_left - pull_right, tf.shape(x))
    return tf.reduce_sum(_power(squares, beta / 2), (1, 2)) / (rows * columns), slope


def _power(x: tf.Tensor, exponent: float | tf.Tensor) -> tf.Tensor | float:
    """x^exponent for x > 0. TensorFlow's own power takes the processor several times as long."""
    if not tf.is_tensor(exponent) and exponent in (0.0, 1.0, 2.0, 3.0):
        return math.prod([x] * int(exponent))
    return tf.exp(exponent * tf.math.log(x))
