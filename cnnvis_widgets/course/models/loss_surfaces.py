"""Losses of two parameters: surfaces for showing gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.course.models.optimizers import Optimizer
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

Array = NDArray[np.float64]
FAR = 1e3  # a path that leaves this range has diverged; its last point is clipped to it


class Surface(NamedTuple):
    """A loss J(x, y).

    Attributes:
        value: J of arrays of x and y.
        slope: ∂J/∂x and ∂J/∂y.
        x: the range that is shown.
        y: the same.
        start: the default start of a descent.
        lowest: a point where J is smallest.
    """

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], tuple[Array, Array]]
    x: tuple[float, float]
    y: tuple[float, float]
    start: tuple[float, float]
    lowest: tuple[float, float]

    @property
    def least(self) -> float:
        """The smallest value of J."""
        return float(self.value(*np.array(self.lowest, np.float64)))


def _tilted(x: Array, y: Array) -> tuple[Array, Array]:
    along, across = x + y, y - x
    return along / 8 - 5 * across / 2, along / 8 + 5 * across / 2


def _hollow(x: Array, y: Array) -> Array:
    return np.exp(-(x**2 + y**2) / 0.72)


_WIDE = {"x": (-3.0, 3.0), "y": (-2.0, 2.0)}

SURFACES = {
    # A bowl, 20 times as steep across as along.
    "narrow valley": Surface(
        lambda x, y: x**2 / 8 + 5 * y**2 / 2,
        lambda x, y: (x / 4, 5 * y),
        **_WIDE,
        start=(-2.6, 1.2),
        lowest=(0.0, 0.0),
    ),
    # The same bowl and start, turned by 45 degrees.
    "tilted valley": Surface(
        lambda x, y: (x + y) ** 2 / 16 + 5 * (y - x) ** 2 / 4,
        _tilted,
        **_WIDE,
        start=(-2.687, -0.99),
        lowest=(0.0, 0.0),
    ),
    # Rosenbrock's, with 10 in place of his 100, and a tenth of it.
    "banana": Surface(
        lambda x, y: (1 - x) ** 2 / 10 + (y - x**2) ** 2,
        lambda x, y: ((x - 1) / 5 - 4 * x * (y - x**2), 2 * (y - x**2)),
        x=(-2.0, 2.0),
        y=(-1.0, 3.0),
        start=(-1.5, 2.8),
        lowest=(1.0, 1.0),
    ),
    "saddle": Surface(
        lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 8,
        lambda x, y: (x, -y + y**3 / 2),
        **_WIDE,
        start=(-2.6, 0.01),
        lowest=(0.0, 2**0.5),
    ),
    "plateau": Surface(
        lambda x, y: 1 - _hollow(x, y),
        lambda x, y: (x / 0.36 * _hollow(x, y), y / 0.36 * _hollow(x, y)),
        **_WIDE,
        start=(-1.9, 1.3),
        lowest=(0.0, 0.0),
    ),
    "two hollows": Surface(
        lambda x, y: (x**2 - 2.25) ** 2 / 10 - x / 5 + y**2 / 2,
        lambda x, y: (0.4 * x * (x**2 - 2.25) - 0.2, y),
        **_WIDE,
        start=(-2.7, 1.0),
        lowest=(1.600736169110, 0.0),
    ),
}


def surface(name: object) -> Surface:
    """One of `SURFACES`.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in SURFACES:
        raise UnknownNameError.of("surface", name, SURFACES)
    return SURFACES[str(name)]


def descend(
    name: str,
    optimizer: Optimizer,
    start: Sequence[float],
    steps: int,
    decay: float = 0.0,
    errors: ArrayLike | None = None,
) -> Array:
    """The path of an optimizer on a surface.

    Args:
        name: of the surface.
        optimizer: new; its state changes.
        start: x and y.
        steps: how many to make.
        decay: after k steps the learning rate is the (1 + decay · k)-th part.
        errors: (at least steps, 2), added to the gradients: as if each had been computed from a
            few examples only.

    Returns:
        float64 (steps + 1, 2), including the start; shorter if it diverges. All are finite.

    Raises:
        InvalidValueError: fewer errors than steps, or an invalid start.
        UnknownNameError: another surface.
    """
    loss_surface, position = surface(name), np.asarray(start, np.float64)
    if position.shape != (2,) or not (np.abs(position) <= FAR).all():
        raise InvalidValueError(f"start is an x and a y; got {start!r}.")
    gradient_errors = np.zeros((steps, 2)) if errors is None else np.asarray(errors, np.float64)
    if gradient_errors.ndim != 2 or gradient_errors.shape[1] != 2 or len(gradient_errors) < steps:
        raise InvalidValueError(f"errors are ({steps}, 2) or more; got {gradient_errors.shape}.")
    path = [position]
    for k in range(steps):
        slope = np.array(loss_surface.slope(*position)) + gradient_errors[k]
        position = optimizer.step(position, slope, 1 / (1 + decay * k))
        diverged = bool((np.abs(position) > FAR).any())
        path.append(np.clip(position, -FAR, FAR))
        if diverged:
            break
    return np.array(path)
