"""What natural pictures have in common, as terms to be kept small (Mahendran & Vedaldi 2015, 2016).

Pure functions of symbolic pictures; their derivatives are TensorFlow's.
"""

from __future__ import annotations

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
    squares = tf.reduce_sum(tf.square(x), -1)
    return tf.reduce_mean(_power(squares + LEAST, alpha / 2), (1, 2))


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
    down = tf.pad(x[:, 1:] - x[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    right = tf.pad(x[:, :, 1:] - x[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    squares = tf.square(down) + tf.square(right)
    return tf.reduce_sum(tf.reduce_mean(_power(squares + LEAST, beta / 2), (1, 2)), -1)


def _power(x: tf.Tensor, exponent: float | tf.Tensor) -> tf.Tensor:
    """x^exponent for x > 0. TensorFlow's own power takes the processor several times as long."""
    return tf.exp(exponent * tf.math.log(x))
