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


class Past(NamedTuple):
    """What a rule remembers.

    Attributes:
        mean: momentum's last change of the parameters; Adam's running mean of the gradient.
        square: the running mean of the squared gradient.
        steps: how many steps have been made.
    """

    mean: Array
    square: Array
    steps: int


Rule = Callable[[Array, Past, float, float], tuple[Array, Past]]
"""(gradient, past, learning rate, momentum) → (change of the parameters, new past)."""


def sgd(slope: Array, past: Past, rate: float, keep: float) -> tuple[Array, Past]:
    """Against the gradient; nothing is remembered."""
    return -rate * slope, past


def momentum(slope: Array, past: Past, rate: float, keep: float) -> tuple[Array, Past]:
    """A share `keep` of the last change, and a step against the gradient (Polyak 1964)."""
    change = keep * past.mean - rate * slope
    return change, past._replace(mean=change)


def rmsprop(slope: Array, past: Past, rate: float, keep: float) -> tuple[Array, Past]:
    """Each parameter's gradient divided by its own usual size (Tieleman & Hinton 2012)."""
    square = RHO * past.square + (1 - RHO) * slope**2
    return -rate * slope / np.sqrt(square + EPSILON), past._replace(square=square)


def adam(slope: Array, past: Past, rate: float, keep: float) -> tuple[Array, Past]:
    """Both: a running mean of the gradient, divided by its usual size (Kingma & Ba 2015).

    Both means begin at zero, and are therefore too small at first; what they are divided by,
    1 - keepᵗ and 1 - BETA_2ᵗ, corrects that.
    """
    steps = past.steps + 1
    mean = keep * past.mean + (1 - keep) * slope
    square = BETA_2 * past.square + (1 - BETA_2) * slope**2
    sized = rate * np.sqrt(1 - BETA_2**steps) / (1 - keep**steps)
    return -sized * mean / (np.sqrt(square) + EPSILON), Past(mean, square, steps)


RULES: dict[str, Rule] = {"SGD": sgd, "momentum": momentum, "RMSprop": rmsprop, "Adam": adam}


class Optimizer:
    """One of the rules, and what it remembers from step to step.

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
        self._past: Past | None = None

    def step(self, parameters: ArrayLike, slope: ArrayLike, share: float = 1.0) -> Array:
        """The parameters after one step.

        Args:
            parameters: an array of any shape.
            slope: the gradient there, of the same shape.
            share: of the learning rate, for one that decays.
        """
        here, slopes = np.asarray(parameters, np.float64), np.asarray(slope, np.float64)
        if here.shape != slopes.shape:
            raise InvalidValueError(
                f"Parameters of shape {here.shape} need a gradient of that shape; "
                f"got {slopes.shape}."
            )
        if self._past is None:
            self._past = Past(np.zeros(here.shape), np.zeros(here.shape), 0)
        rule = RULES[self.name]
        change, self._past = rule(slopes, self._past, self.rate * share, self.keep)
        return here + change
