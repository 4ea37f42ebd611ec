"""One step of Adam (Kingma & Ba 2015), for pictures and for decoders' weights."""

from __future__ import annotations

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # as published


def adam(
    gradient: tf.Tensor, mean: tf.Tensor, square: tf.Tensor, time: tf.Tensor, rate: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The change of the parameters, and the new running sums.

    The running means are kept as sums, Σ β^age · gradient, without the factor 1 - β, and scalars
    are multiplied first. This saves three passes over the parameters.

    Args:
        gradient: float32, any shape.
        mean: the running sum of the gradient, of that shape; zeros at first.
        square: the running sum of its square.
        time: the step number, from 1, a float32 scalar.
        rate: the learning rate, a float32 scalar.

    Returns:
        The change along the gradient (subtract it to descend), and the new `mean` and `square`.
    """
    mean = BETA_1 * mean + gradient
    square = BETA_2 * square + tf.square(gradient)
    late = tf.sqrt((1 - tf.pow(BETA_2, time)) / (1 - BETA_2))
    length = rate * late * (1 - BETA_1) / (1 - tf.pow(BETA_1, time))
    return length * mean / (tf.sqrt(square) + EPSILON * late), mean, square
