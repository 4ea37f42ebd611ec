"""Gradient descent on a picture towards a given code, one compiled step at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.adam import adam
from cnnvis_widgets.backend.colours import Colours
from cnnvis_widgets.backend.compiled_functions import CompiledFunction, compiled, forward_in
from cnnvis_widgets.backend.synthesis.regularizers import alpha_norm, total_variation
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

# Mahendran & Vedaldi 2016: colours of 0..255 less their mean have a typical length of 80, and
# between neighbours a typical difference of that over 6.5. Here in colours of 0..1.
TYPICAL_LENGTH = 80 / 255
TYPICAL_DIFFERENCE = TYPICAL_LENGTH / 6.5
# Standard deviation of the colours that the descent starts from, around mid-grey. From faint noise
# too few of a deep layer's ReLUs are active for a useful gradient: the error of the cat's code at
# the last map of EfficientNet-Lite0 was 0.76 after 200 steps from 0.02, and 0.52 from 0.3.
START = 0.3
SHRINKING = 50  # steps after which a step is 1/√2 of the first, after three times as many half


class Weights(NamedTuple):
    """Of the loss: fidelity · relative error + alpha_weight · |x|^α + tv_weight · TV_β."""

    fidelity: float
    alpha: float
    alpha_weight: float
    beta: float
    tv_weight: float


class Descent:
    """Gradient descent of a picture towards a code. The same seed gives the same steps.

    Args:
        network: the network.
        layer: any layer's name.
        code: float32, the target: the layer's result to match; not all zeros.
        colours: how the network's input follows from colours.
        weights: of the terms.
        step_size: Adam's at the start, in colours of 0..1.
        seed: of the noise to start from.

    Attributes:
        errors: the relative error ‖Φ(x) - code‖² / ‖code‖² before each step.

    Raises:
        UnknownNameError: no such layer.
        UnsuitableError: the layer does not depend on the picture.
    """

    def __init__(
        self,
        network: Network,
        layer: str,
        code: np.ndarray,
        colours: Colours,
        weights: Weights,
        step_size: float,
        seed: int,
    ) -> None:
        self._layer = path = network.structure.call(layer).path
        self._step = network.compiled(
            ("inversion", path), lambda: program(network.model, network.input_shape, path)
        )
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((1, *network.input_shape), np.float32)
        start = tf.constant(np.clip(0.5 + np.float32(START) * noise, 0, 1))
        self._state = (start, tf.zeros_like(start), tf.zeros_like(start))
        self._fixed = (
            tf.constant(code[None]),
            tf.constant(colours.matrix),
            tf.constant(colours.black[None]),
            tf.constant(weights, tf.float32),
        )
        self._step_size = step_size
        self.errors: list[float] = []

    @property
    def colours(self) -> np.ndarray:
        """The picture so far: float32 (rows, columns, channels) of 0..1."""
        return self._state[0].numpy()[0]

    def step(self) -> None:
        """One step of Adam.

        Raises:
            InvalidValueError: the error is NaN or infinite.
        """
        # The step size depends on the step number only, so a longer run begins as a shorter one.
        size = self._step_size / math.sqrt(1 + len(self.errors) / SHRINKING)
        time = tf.constant(len(self.errors) + 1, tf.float32)
        *state, error = self._step(*self._state, time, tf.constant(size, tf.float32), *self._fixed)
        if not math.isfinite(float(error)):
            raise InvalidValueError(
                f"The code's error at {self._layer!r} is {float(error)} at step "
                f"{len(self.errors) + 1}: the layer's activations overflow."
            )
        self._state = tuple(state)
        self.errors.append(float(error))


def program(model: keras.Model, shape: tuple[int, int, int], layer: str) -> CompiledFunction:
    """(x, mean, square, time, size, code, matrix, black, weights) → x, mean, square, its error.

    `x` holds the picture's colours, `mean` and `square` are Adam's running sums (`adam.py`); `time`
    is the step number, from 1, `size` the step size. The error is the relative error of the old
    `x`. Colours stay within 0..1, as published.
    """
    picture = tf.TensorSpec((1, *shape), tf.float32)

    def body(
        x: tf.Tensor,
        mean: tf.Tensor,
        square: tf.Tensor,
        time: tf.Tensor,
        size: tf.Tensor,
        code: tf.Tensor,
        matrix: tf.Tensor,
        black: tf.Tensor,
        weights: tf.Tensor,
    ) -> Any:
        fidelity, alpha, alpha_weight, beta, tv_weight = tf.unstack(weights)
        structure = forward_in(model, tf.tensordot(x, matrix, 1) + black)
        output = tf.cast(structure.call(layer).output, tf.float32)
        error = tf.reduce_sum(tf.square(output - code)) / tf.reduce_sum(tf.square(code))
        grey = x - 0.5
        slope = tf.gradients(error, x)[0]
        if slope is None:
            raise UnsuitableError(
                f"The layer {layer!r} does not depend on the picture, so that it cannot be "
                "inverted. Choose another layer."
            )
        _, bright = alpha_norm(grey / TYPICAL_LENGTH, alpha)
        _, rough = total_variation(grey / TYPICAL_DIFFERENCE, beta)
        slope = fidelity * slope
        slope += alpha_weight / TYPICAL_LENGTH * bright + tv_weight / TYPICAL_DIFFERENCE * rough
        change, mean, square = adam(slope, mean, square, time, size)
        return tf.clip_by_value(x - change, 0.0, 1.0), mean, square, error

    scalar = tf.TensorSpec((), tf.float32)
    channels = shape[2]
    return compiled(
        body,
        picture,
        picture,
        picture,
        scalar,
        scalar,
        tf.TensorSpec(None, tf.float32),
        tf.TensorSpec((channels, channels), tf.float32),
        picture,
        tf.TensorSpec((5,), tf.float32),
    )
