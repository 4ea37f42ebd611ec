"""Training a small network with the techniques of section 2.4: batches, penalties, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.course.models.optimizers import Optimizer
from cnnvis_widgets.course.models.small_network import SmallNetwork, activation, sigmoid, softmax
from cnnvis_widgets.errors import InvalidValueError

Array = NDArray[np.float64]
FAR = 1e9  # larger weights have diverged
Examples = tuple[ArrayLike, ArrayLike]
"""Inputs (examples, inputs) and their classes (examples,)."""


class History(NamedTuple):
    """The history of a training.

    Attributes:
        epochs: the recorded epochs, 0 first.
        training: the loss on the training examples, without dropout and penalties.
        validation: the same on the validation examples; empty if there are none.
        steps: the number of steps.
        away: whether the weights diverged, which ended the training.
    """

    epochs: list[int]
    training: list[float]
    validation: list[float]
    steps: int
    away: bool = False


def train(
    network: SmallNetwork,
    training: Examples,
    validation: Examples | None = None,
    *,
    optimizer: Optimizer,
    epochs: int = 10,
    batch: int | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout: float = 0.0,
    seed: int = 0,
    looks: int = 50,
) -> History:
    """Train a network in place.

    Args:
        network: changed from its present state.
        training: the training examples.
        validation: the validation examples.
        optimizer: new; it makes one step for each batch.
        epochs: passes through all training examples, each in another order.
        batch: examples for a step, `None` is all of them; an epoch's last batch may be smaller.
        l1: the penalty on each weight's size, l1 · Σ|w|; biases are free.
        l2: the penalty on each weight's square, l2 · Σ w².
        dropout: the share of each hidden layer that is dropped in a step; the rest is scaled by
            1 / (1 - dropout) (inverted dropout).
        seed: of the order and of the dropout masks.
        looks: the number of recorded epochs, evenly spread.

    Raises:
        InvalidValueError: a number out of its range.
    """
    x, right = np.asarray(training[0], np.float64), np.asarray(training[1], np.int64)
    size = len(x) if batch is None else checks.whole("batch", batch, 1)
    epoch_count = checks.whole("epochs", epochs, 0)
    for name, value in (("l1", l1), ("l2", l2)):
        if not 0 <= value < np.inf:
            raise InvalidValueError(f"{name} is a number from 0 on; got {value!r}.")
    if not 0 <= dropout < 1:
        raise InvalidValueError(f"dropout is from 0 to below 1; got {dropout!r}.")
    rng = np.random.default_rng(seed)
    recorded_epochs = sorted({round(k * epoch_count / max(1, looks)) for k in range(looks + 1)})
    result = History([], [], [], steps=0)
    steps = 0
    for epoch in range(epoch_count + 1):
        if epoch:
            order = rng.permutation(len(x))
            for start in range(0, len(x), size):
                batch_indices = order[start : start + size]
                masks = _masks(network, len(batch_indices), dropout, rng)
                with np.errstate(over="ignore", invalid="ignore"):
                    slope = penalized_gradient(
                        network, x[batch_indices], right[batch_indices], l1, l2, masks
                    )
                    updated = optimizer.step(network.parameters, slope)
                if not (np.abs(updated) < FAR).all():
                    return result._replace(steps=steps, away=True)
                network.parameters = updated
                steps += 1
        if epoch in recorded_epochs:
            result.epochs.append(epoch)
            result.training.append(network.loss(x, right))
            if validation is not None:
                result.validation.append(network.loss(*validation))
    return result._replace(steps=steps)


def penalized_gradient(
    network: SmallNetwork,
    x: ArrayLike,
    classes: ArrayLike,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[Array] = (),
) -> Array:
    """The gradient of loss + l1 · Σ|w| + l2 · Σ w² for all parameters, as one row.

    Args:
        network: not changed.
        x: (examples, inputs).
        classes: (examples,).
        l1: as in `train`.
        l2: as in `train`.
        masks: factors of each hidden layer's activations, (examples, units) each; () is all 1.
    """
    hidden, right = activation(network.activation), np.asarray(classes, np.int64)
    signals, sums = [np.asarray(x, np.float64)], []
    last = len(network.weights) - 1
    for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        sums.append(signals[-1] @ w + b)
        if layer < last:
            activations = hidden.value(sums[-1])
            signals.append(activations * masks[layer] if masks else activations)
    if network.sizes[-1] == 1:
        back = (sigmoid(sums[-1]) - right[:, None]) / len(right)
    else:
        back = (softmax(sums[-1]) - np.eye(network.sizes[-1])[right]) / len(right)
    gradients: list[Array] = []
    for layer in reversed(range(last + 1)):
        w = network.weights[layer]
        slope = signals[layer].T @ back + l1 * np.sign(w) + 2 * l2 * w
        gradients = [slope.ravel(), back.sum(axis=0), *gradients]
        if layer:
            back = back @ w.T * hidden.slope(sums[layer - 1])
            back = back * masks[layer - 1] if masks else back
    return np.concatenate(gradients)


def _masks(
    network: SmallNetwork, examples: int, dropout: float, random: np.random.Generator
) -> list[Array]:
    if not dropout:
        return []
    units = network.sizes[1:-1]
    return [(random.random((examples, count)) >= dropout) / (1 - dropout) for count in units]
