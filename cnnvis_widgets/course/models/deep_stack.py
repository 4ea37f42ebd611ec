"""A deep stack of equal layers: the size of its activations and gradients, and BatchNorm."""

from __future__ import annotations

import itertools
import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.course.models.small_network import activation as _activation
from cnnvis_widgets.course.models.small_network import softmax
from cnnvis_widgets.errors import InvalidValueError

Array = NDArray[np.float64]
EPSILON = 1e-3  # Keras' own for BatchNorm


def batch_norm(z: ArrayLike, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0) -> Array:
    """Each column of z, (examples, units), brought to mean beta and deviation gamma.

    Ioffe & Szegedy 2015, in training: with the mean and the variance of this very batch.
    """
    values = np.asarray(z, np.float64)
    centred = values - values.mean(axis=0)
    return np.asarray(gamma * centred / np.sqrt(values.var(axis=0) + EPSILON) + beta)


def batch_norm_back(z: ArrayLike, gamma: ArrayLike, slope: ArrayLike) -> Array:
    """∂loss/∂z, where `slope` is ∂loss/∂`batch_norm(z, gamma, …)`, all (examples, units).

    Each example changes the batch's mean and variance, so its gradient depends on all others.
    """
    values, back = np.asarray(z, np.float64), np.asarray(slope, np.float64)
    normalised = batch_norm(values)
    centred_back = back - back.mean(axis=0) - normalised * (back * normalised).mean(axis=0)
    return np.asarray(gamma * centred_back / np.sqrt(values.var(axis=0) + EPSILON))


class Sizes(NamedTuple):
    """Root mean squares, from the input (0) to the last hidden layer.

    Attributes:
        signal: (depth + 1,), of the activations of each layer.
        slope: (depth + 1,), of the loss's gradient with respect to them.
    """

    signal: Array
    slope: Array


class DeepStack:
    """`depth` hidden layers of as many units each, and softmax behind the last.

    Args:
        inputs: the number of inputs.
        depth: hidden layers.
        width: units of each.
        classes: output units; their initial weights always have mean 0 and variance 1 / width.
        activation: of the hidden units, one of `small_network.ACTIVATIONS`.
        deviation: standard deviation of the initial weights of the hidden layers; `None` is
            √(gain / inputs of the layer), the gain being 2 for the ReLUs (He et al. 2015) and
            1 for the others (Glorot & Bengio 2010, for layers as wide as the one before).
        mean: of these weights.
        normalised: whether there is a BatchNorm between each weighted sum and its activation.
        seed: of the weights.

    Raises:
        InvalidValueError: invalid sizes.
        UnknownNameError: another activation.
    """

    def __init__(
        self,
        inputs: int,
        depth: int,
        width: int,
        classes: int = 10,
        activation: str = "relu",
        deviation: float | None = None,
        mean: float = 0.0,
        normalised: bool = False,
        seed: int = 0,
    ) -> None:
        sizes = [_size(size) for size in (inputs, *[width] * _size(depth), classes)]
        self._hidden = _activation(activation)
        self.normalised = normalised
        random = np.random.default_rng(seed)
        self.weights: list[Array] = []
        for layer, (fan_in, units) in enumerate(itertools.pairwise(sizes)):
            is_output = layer == len(sizes) - 2
            default_deviation = np.sqrt((1.0 if is_output else self._hidden.gain) / fan_in)
            scale = default_deviation if is_output or deviation is None else deviation
            initial = random.normal(0.0, 1.0, (fan_in, units)) * scale
            self.weights.append(initial + (0.0 if is_output else mean))
        self.gammas = [np.ones(units) for units in sizes[1:-1]]
        self.betas = [np.zeros(units) for units in sizes[1:]]  # without BatchNorm the biases

    def activations(self, x: ArrayLike) -> list[Array]:
        """The input, and each hidden layer's activations: (examples, units) each."""
        return self._forward(x)[0]

    def sizes(self, x: ArrayLike, classes: ArrayLike) -> Sizes:
        """Root mean squares of the activations and of the gradient in each layer."""
        signals, sums = self._forward(x)
        slopes = self._backward(signals, sums, np.asarray(classes, np.int64))[0]
        return Sizes(_rms(signals), _rms(slopes))

    def loss(self, x: ArrayLike, classes: ArrayLike) -> float:
        """The mean cross-entropy."""
        return _cross_entropy(self._forward(x)[1][-1], np.asarray(classes, np.int64))

    def accuracy(self, x: ArrayLike, classes: ArrayLike) -> float:
        """The share of right answers; with BatchNorm the examples count as one batch."""
        return float((self._forward(x)[1][-1].argmax(axis=1) == np.asarray(classes)).mean())

    def step(self, x: ArrayLike, classes: ArrayLike, rate: float) -> float:
        """One step of gradient descent; returns the loss before it."""
        right = np.asarray(classes, np.int64)
        signals, sums = self._forward(x)
        _, *slopes = self._backward(signals, sums, right)
        for parameters, parameter_slopes in zip(
            (self.weights, self.gammas, self.betas), slopes, strict=True
        ):
            for values, slope in zip(parameters, parameter_slopes, strict=True):
                values -= rate * slope
        return _cross_entropy(sums[-1], right)

    def _forward(self, x: ArrayLike) -> tuple[list[Array], list[Array]]:
        """Activations from the input on, and the weighted sums, before BatchNorm."""
        signals, sums = [np.asarray(x, np.float64)], []
        if signals[0].ndim != 2 or signals[0].shape[1] != len(self.weights[0]):
            raise InvalidValueError(
                f"Inputs are (examples, {len(self.weights[0])}); got {signals[0].shape}."
            )
        for layer, weights in enumerate(self.weights):
            sums.append(signals[-1] @ weights)
            if layer < len(self.gammas):
                signals.append(self._hidden.value(self._activation_input(layer, sums[-1])))
        sums[-1] = sums[-1] + self.betas[-1]
        return signals, sums

    def _activation_input(self, layer: int, z: Array) -> Array:
        """The input of the activation function."""
        if self.normalised:
            return batch_norm(z, self.gammas[layer], self.betas[layer])
        return z + self.betas[layer]

    def _backward(
        self, signals: list[Array], sums: list[Array], right: NDArray[np.int64]
    ) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
        """The gradients: of the activations, the weights, the gammas, the betas."""
        back = (softmax(sums[-1]) - np.eye(sums[-1].shape[1])[right]) / len(right)
        of_signals: list[Array] = []
        of_weights: list[Array] = []
        of_gammas: list[Array] = []
        of_betas = [back.sum(axis=0)]
        for layer in reversed(range(len(self.weights))):
            of_weights.insert(0, signals[layer].T @ back)
            of_signals.insert(0, back @ self.weights[layer].T)
            if layer:
                z, gamma = sums[layer - 1], self.gammas[layer - 1]
                back = of_signals[0] * self._hidden.slope(self._activation_input(layer - 1, z))
                of_betas.insert(0, back.sum(axis=0))
                of_gammas.insert(0, (back * batch_norm(z)).sum(axis=0) * self.normalised)
                if self.normalised:
                    back = batch_norm_back(z, gamma, back)
        return of_signals, of_weights, of_gammas, of_betas


def _rms(arrays: list[Array]) -> Array:
    return np.array([np.sqrt((array**2).mean()) for array in arrays])


def _cross_entropy(z: Array, right: NDArray[np.int64]) -> float:
    top = z.max(axis=1)
    log_sum = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return float((log_sum - z[np.arange(len(right)), right]).mean())


def _size(value: Any) -> int:
    try:
        size = operator.index(value)
    except TypeError:
        size = 0
    if size < 1:
        raise InvalidValueError(f"A size is a whole number of 1 or more; got {value!r}.")
    return size
