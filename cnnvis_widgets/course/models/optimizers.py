"""Four rules for a step of gradient descent: SGD, momentum, RMSprop and Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

Array = NDArray[np.float64]

RHO = 0.9  # of RMSprop's running mean of squares
BETA_2 = 0.999  # of Adam's
EPSILON = 1e-7  # Keras' own; inside RMSprop's root, outside Adam's


class OptimizerState(NamedTuple):
    """The state of a rule.

    Attributes:
        mean: momentum's last change of the parameters, or Adam's running mean of the gradient.
        square: the running mean of the squared gradient.
        steps: how many steps have been made.
    """

    mean: Array
    square: Array
    steps: int


Rule = Callable[[Array, OptimizerState, float, float], tuple[Array, OptimizerState]]
"""(gradient, state, learning rate, momentum) → (change of the parameters, new state)."""


def sgd(
    slope: Array, state: OptimizerState, rate: float, keep: float
) -> tuple[Array, OptimizerState]:
    """A step against the gradient, without state."""
    return -rate * slope, state


def momentum(
    slope: Array, state: OptimizerState, rate: float, keep: float
) -> tuple[Array, OptimizerState]:
    """A share `keep` of the last change, and a step against the gradient (Polyak 1964)."""
    change = keep * state.mean - rate * slope
    return change, state._replace(mean=change)


def rmsprop(
    slope: Array, state: OptimizerState, rate: float, keep: float
) -> tuple[Array, OptimizerState]:
    """Each parameter's gradient divided by its own usual size (Tieleman & Hinton 2012)."""
    square = RHO * state.square + (1 - RHO) * slope**2
    return -rate * slope / np.sqrt(square + EPSILON), state._replace(square=square)


def adam(
    slope: Array, state: OptimizerState, rate: float, keep: float
) -> tuple[Array, OptimizerState]:
    """Both: a running mean of the gradient, divided by its usual size (Kingma & Ba 2015).

    Both means start at zero and are too small at first; dividing by 1 - keepᵗ and 1 - BETA_2ᵗ
    corrects this bias.
    """
    steps = state.steps + 1
    mean = keep * state.mean + (1 - keep) * slope
    square = BETA_2 * state.square + (1 - BETA_2) * slope**2
    step_size = rate * np.sqrt(1 - BETA_2**steps) / (1 - keep**steps)
    return -step_size * mean / (np.sqrt(square) + EPSILON), OptimizerState(mean, square, steps)


RULES: dict[str, Rule] = {"SGD": sgd, "momentum": momentum, "RMSprop": rmsprop, "Adam": adam}


class Optimizer:
    """One of the rules, with its state.

    Args:
        name: one of `RULES`.
        rate: the learning rate, above 0.
        keep: the share of the past that momentum and Adam keep (Adam's β₁), from 0 to below 1.

    Raises:
        InvalidValueError: a number out of its range.
        UnknownNameError: another rule.
    """

    def __init__(self, name: str, rate: float, keep: float = 0.9) -> None:
        if name not in RULES:
            raise UnknownNameError.of("optimizer", name, RULES)
        if not (rate > 0 and np.isfinite(rate)):
            raise InvalidValueError(f"A learning rate is a number above 0; got {rate!r}.")
        if not 0 <= keep < 1:
            raise InvalidValueError(f"Momentum is from 0 to below 1; got {keep!r}.")
        self.name, self.rate, self.keep = name, float(rate), float(keep)
        self._state: OptimizerState | None = None

    def step(self, parameters: ArrayLike, slope: ArrayLike, share: float = 1.0) -> Array:
        """The parameters after one step.

        Args:
            parameters: an array of any shape.
            slope: the gradient there, of the same shape.
            share: of the learning rate, for one that decays.
        """
        values, slopes = np.asarray(parameters, np.float64), np.asarray(slope, np.float64)
        if values.shape != slopes.shape:
            raise InvalidValueError(
                f"Parameters of shape {values.shape} need a gradient of that shape; "
                f"got {slopes.shape}."
            )
        if self._state is None:
            self._state = OptimizerState(np.zeros(values.shape), np.zeros(values.shape), 0)
        rule = RULES[self.name]
        change, self._state = rule(slopes, self._state, self.rate * share, self.keep)
        return values + change
