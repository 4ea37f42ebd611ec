"""A fully connected network in NumPy, forward and backward: small enough to be read."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

Array = NDArray[np.float64]


def sigmoid(z: ArrayLike) -> Array:
    """1 / (1 + exp(-z)), without an overflow anywhere."""
    size = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, size) / (1 + size)


def softmax(z: ArrayLike) -> Array:
    """Numbers of any size, (…, classes), as probabilities along the last axis."""
    values = np.asarray(z, np.float64)
    size = np.exp(values - values.max(axis=-1, keepdims=True))
    return size / size.sum(axis=-1, keepdims=True)


class Activation(NamedTuple):
    """An activation function of the weighted sum z.

    Attributes:
        value: of arrays of z, element by element.
        slope: the derivative; 0 at a bend.
        gain: g in the variance g / inputs of the initial weights: 2 for the ReLUs, which lose half
            of the signal (He et al. 2015), else 1 (after Glorot & Bengio 2010).
    """

    value: Callable[[ArrayLike], Array]
    slope: Callable[[ArrayLike], Array]
    gain: float = 1.0


ACTIVATIONS = {
    "linear": Activation(lambda z: np.asarray(z, np.float64), lambda z: np.ones(np.shape(z))),
    "sigmoid": Activation(sigmoid, lambda z: sigmoid(z) * sigmoid(np.negative(z))),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(
        lambda z: np.maximum(z, 0.0), lambda z: (np.asarray(z) > 0).astype(float), gain=2.0
    ),
    "relu6": Activation(
        lambda z: np.clip(z, 0.0, 6.0),
        lambda z: ((np.asarray(z) > 0) & (np.asarray(z) < 6)).astype(float),
        gain=2.0,
    ),
}


def activation(name: object) -> Activation:
    """One of `ACTIVATIONS`.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in ACTIVATIONS:
        raise UnknownNameError.of("activation", name, ACTIVATIONS)
    return ACTIVATIONS[str(name)]


class SmallNetwork:
    """Layers of weighted sums; between them an activation, at the end a probability.

    With one output unit it is the sigmoid's: of class 1, against class 0. With more, softmax's.

    Args:
        sizes: the number of inputs, of units of each hidden layer, of output units.
        activation: of the hidden units, one of `ACTIVATIONS`.
        seed: of the first weights, normal with mean 0 and variance gain / inputs; biases are 0.
        deviation: standard deviation of the first weights, in place of that.

    Attributes:
        sizes: as above.
        activation: as above.
        weights: of each layer, (inputs, units).
        biases: of each layer, (units,).

    Raises:
        InvalidValueError: invalid sizes.
        UnknownNameError: another activation.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        seed: int = 0,
        deviation: float | None = None,
    ) -> None:
        self.sizes = _checked_sizes(sizes)
        self.activation = activation
        gain = self._hidden.gain
        rng = np.random.default_rng(seed)
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        for inputs, units in itertools.pairwise(self.sizes):
            scale = np.sqrt(gain / inputs) if deviation is None else deviation
            self.weights.append(rng.normal(0.0, 1.0, (inputs, units)) * scale)
            self.biases.append(np.zeros(units))

    @property
    def _hidden(self) -> Activation:
        return activation(self.activation)

    @property
    def parameters(self) -> Array:
        """All parameters in one row: of each layer the weights, row by row, then the biases."""
        pairs = zip(self.weights, self.biases, strict=True)
        return np.concatenate([array.ravel() for pair in pairs for array in pair])

    @parameters.setter
    def parameters(self, values: ArrayLike) -> None:
        row = np.asarray(values, np.float64)
        if row.shape != (self.count,) or not np.isfinite(row).all():
            raise InvalidValueError(
                f"A network of sizes {self.sizes} has {self.count} finite parameters; "
                f"got an array of shape {row.shape}."
            )
        start = 0
        for weights, biases in zip(self.weights, self.biases, strict=True):
            for array in (weights, biases):
                array[...] = row[start : start + array.size].reshape(array.shape)
                start += array.size

    @property
    def count(self) -> int:
        """The number of parameters."""
        return sum((inputs + 1) * units for inputs, units in itertools.pairwise(self.sizes))

    def sums(self, x: ArrayLike) -> list[Array]:
        """The weighted sums z of each layer for inputs (examples, inputs): (examples, units)."""
        return [z for _, z in self._layers(x)]

    def probabilities(self, x: ArrayLike) -> Array:
        """(examples,) of class 1 with one output unit, else (examples, classes)."""
        z = self.sums(x)[-1]
        return sigmoid(z[:, 0]) if self.sizes[-1] == 1 else softmax(z)

    def classes(self, x: ArrayLike) -> NDArray[np.int64]:
        """The most probable class of each example: (examples,)."""
        z = self.sums(x)[-1]
        return (z[:, 0] > 0).astype(np.int64) if self.sizes[-1] == 1 else z.argmax(axis=1)

    def loss(self, x: ArrayLike, classes: ArrayLike) -> float:
        """The mean cross-entropy, -log of the probability of the right class."""
        return _cross_entropy(self.sums(x)[-1], np.asarray(classes, np.int64))

    def gradients(self, x: ArrayLike, classes: ArrayLike) -> tuple[list[Array], list[Array]]:
        """∂loss/∂weights and ∂loss/∂biases of each layer, by backpropagation."""
        return self._backward(list(self._layers(x)), np.asarray(classes, np.int64))

    def step(self, x: ArrayLike, classes: ArrayLike, rate: float) -> float:
        """One step of gradient descent, all parameters at once; returns the loss before it."""
        layers, right = list(self._layers(x)), np.asarray(classes, np.int64)
        for part, slopes in zip(
            (self.weights, self.biases), self._backward(layers, right), strict=True
        ):
            for values, slope in zip(part, slopes, strict=True):
                values -= rate * slope
        return _cross_entropy(layers[-1][1], right)

    def train(self, x: ArrayLike, classes: ArrayLike, steps: int, rate: float) -> list[float]:
        """Steps with all examples each; the loss before the first one and after each."""
        losses = [self.step(x, classes, rate) for _ in range(steps)]
        return [*losses, self.loss(x, classes)]

    def _backward(
        self, layers: list[tuple[Array, Array]], right: NDArray[np.int64]
    ) -> tuple[list[Array], list[Array]]:
        z = layers[-1][1]
        if self.sizes[-1] == 1:
            back = sigmoid(z) - right[:, None]
        else:
            back = softmax(z) - np.eye(self.sizes[-1])[right]
        back = back / len(right)
        of_weights: list[Array] = []
        of_biases: list[Array] = []
        for at in reversed(range(len(layers))):
            inputs, _ = layers[at]
            of_weights.insert(0, inputs.T @ back)
            of_biases.insert(0, back.sum(axis=0))
            if at:
                back = (back @ self.weights[at].T) * self._hidden.slope(layers[at - 1][1])
        return of_weights, of_biases

    def _layers(self, x: ArrayLike) -> Iterator[tuple[Array, Array]]:
        """The inputs and the weighted sums of each layer."""
        inputs = np.asarray(x, np.float64)
        if inputs.ndim != 2 or inputs.shape[1] != self.sizes[0]:
            raise InvalidValueError(
                f"Inputs are (examples, {self.sizes[0]}); got an array of shape {inputs.shape}."
            )
        for weights, biases in zip(self.weights, self.biases, strict=True):
            z = inputs @ weights + biases
            yield inputs, z
            inputs = self._hidden.value(z)


def _cross_entropy(z: Array, right: NDArray[np.int64]) -> float:
    if z.shape[1] == 1:
        return float(np.logaddexp(0.0, np.where(right == 1, -z[:, 0], z[:, 0])).mean())
    top = z.max(axis=1)
    log_sum = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return float((log_sum - z[np.arange(len(right)), right]).mean())


def _checked_sizes(values: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(size) for size in values)
    except TypeError:
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise InvalidValueError(
            f"Sizes are at least two whole numbers of 1 or more, inputs first; got {values!r}."
        )
    return sizes
