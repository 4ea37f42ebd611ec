"""What natural pictures have in common, as terms to be kept small (Mahendran & Vedaldi 2015, 2016).

Pure functions of symbolic pictures. Their derivatives are written out: TensorFlow's own, which pads
and slices colour by colour, take a processor several times as long.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

LEAST = 1e-12  # below it a slope has no direction: keeps the derivative finite where β is under 2


def alpha_norm(x: tf.Tensor, alpha: float | tf.Tensor) -> tf.Tensor:
    """Mean over the places of |x|^α, where |x| is the length of a place's colour vector.

    Args:
        x: float32 (batch, rows, columns, channels), zero for mid-grey.
        alpha: at least 1; 6 is the published value, which lets colours be strong but not extreme.

    Returns:
        float32 (batch,).
    """
    places = x.shape[1] * x.shape[2]

    @tf.custom_gradient
    def norm(x: tf.Tensor) -> tuple[tf.Tensor, Any]:
        squares = tf.reduce_sum(tf.square(x), -1, keepdims=True) + LEAST

        def derivative(upstream: tf.Tensor) -> tf.Tensor:
            share = alpha / places * upstream[:, None, None, None]
            return share * _power(squares, alpha / 2 - 1) * x

        return tf.reduce_sum(_power(squares, alpha / 2), (1, 2, 3)) / places, derivative

    return norm(x)


def total_variation(x: tf.Tensor, beta: float | tf.Tensor) -> tf.Tensor:
    """Σ over the channels of the mean over the places of (down² + right²)^(β/2).

    `down` and `right` are the differences to the next row and column; beyond the last there is
    none.

    Args:
        x: float32 (batch, rows, columns, channels).
        beta: 1 keeps edges and allows spikes, 2 (published) gives smoother pictures.

    Returns:
        float32 (batch,).
    """
    rows, columns, channels = x.shape[1:]

    @tf.custom_gradient
    def variation(lines: tf.Tensor) -> tuple[tf.Tensor, Any]:
        down = tf.concat([lines[:, 1:], lines[:, -1:]], 1) - lines
        right = tf.concat([lines[:, :, channels:], lines[:, :, -channels:]], 2) - lines
        squares = tf.square(down) + tf.square(right) + LEAST

        def derivative(upstream: tf.Tensor) -> tf.Tensor:
            share = beta / (rows * columns) * upstream[:, None, None]
            pull = share * _power(squares, beta / 2 - 1)
            first, second = pull * down, pull * right
            above = tf.pad(first[:, :-1], ((0, 0), (1, 0), (0, 0)))
            before = tf.pad(second[:, :, :-channels], ((0, 0), (0, 0), (channels, 0)))
            return above - first + before - second

        return tf.reduce_sum(_power(squares, beta / 2), (1, 2)) / (rows * columns), derivative

    return variation(tf.reshape(x, (-1, rows, columns * channels)))  # lines of whole pixels


def _power(x: tf.Tensor, exponent: float | tf.Tensor) -> tf.Tensor | float:
    """x^exponent for x > 0. TensorFlow's own power takes the processor several times as long."""
    if not tf.is_tensor(exponent) and exponent in (0.0, 1.0, 2.0, 3.0):
        return math.prod([x] * int(exponent))
    return tf.exp(exponent * tf.math.log(x))
