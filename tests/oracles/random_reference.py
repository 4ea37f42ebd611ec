"""A neuron of a random network's twin: its value, its derivatives, and whether a map agrees.

Values and derivatives are those of the twin in double precision. Where the oracle itself moves when
the picture moves by a millionth (a kink, equal maxima, cancellation), it cannot tell right from
wrong: that is a verdict of its own, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from oracles.random_layers import relu_rule
from oracles.random_networks import Twin

RELATIVE, FLOOR = 3e-3, 2e-5
STEP = 1e-6
SHIFTS = (3e-7, 1e-6, 3e-6)
ROUNDING = 1e-6  # of values: some ten layers' in float32
_rounding = False


@contextmanager
def rounding() -> Iterator[None]:
    """Within this, the oracle's values are rounded about as float32 would."""
    global _rounding
    _rounding = True
    try:
        yield
    finally:
        _rounding = False


class DisagreementError(AssertionError):
    """A map, or a value beside it, that the oracle contradicts."""


@dataclass(frozen=True)
class Reference:
    """One number of the twin.

    Attributes:
        twin: the network.
        layer: one of its layers; None is the logits, "output" the output.
        weights: unit → how much it counts.
        aggregate: "sum", "mean" or "max" over the places.
        position: one place instead.
    """

    twin: Twin
    layer: str | None
    weights: tuple[tuple[int, float], ...]
    aggregate: str = "sum"
    position: tuple[int, ...] | None = None

    def of_outputs(self) -> Reference:
        """The same of the output instead of the logits."""
        return replace(self, layer="output")

    @property
    def fits(self) -> bool:
        """Whether the layer has such units and places."""
        ends = {None: 0, "output": 1}
        if self.layer in ends:
            shape = self.twin.model.output[ends[self.layer]].shape
        else:
            shape = self.twin.nudges[self.layer].seen.shape
        units = max(unit for unit, _ in self.weights)
        return units < shape[-1] and len(self.position or shape[1:-1]) == len(shape) - 2

    def tensor(self, batch: Any) -> Any:
        """The number for each picture of a batch, as a tensor."""
        logits, output = self.twin.run(batch)[:2]
        given = {None: logits, "output": output}.get(self.layer)
        if given is None:
            given = self.twin.nudges[self.layer].seen
        map_ = sum(weight * given[..., unit] for unit, weight in self.weights)
        if self.position is not None:
            return map_[(slice(None), *self.position)]
        flat = tf.reshape(map_, (len(map_), -1))
        reductions = {"sum": tf.reduce_sum, "mean": tf.reduce_mean, "max": tf.reduce_max}
        return reductions[self.aggregate](flat, axis=1)

    def values(self, batch: np.ndarray) -> np.ndarray:
        """float64 (batch,), as if rounded to float32 on the way within `rounding`."""
        exact = self.exact(batch)
        if not _rounding:
            return exact
        noise = np.random.default_rng(len(batch)).normal(size=exact.shape)
        return exact + ROUNDING * noise * np.maximum(np.abs(exact), 1)

    def exact(self, batch: np.ndarray) -> np.ndarray:
        """float64 (batch,), a few pictures at a time."""
        parts = [self.tensor(batch[n : n + 64]).numpy() for n in range(0, len(batch), 64)]
        return np.concatenate(parts)

    def along(self, x: np.ndarray, ways: np.ndarray, side: int = 0) -> np.ndarray:
        """The derivative along each of some directions, by differences.

        Args:
            x: float64 (rows, columns, channels).
            ways: float64 (directions, rows, columns, channels).
            side: 0 for central differences, 1 and -1 for those to one side.
        """
        step = STEP * max(1.0, np.abs(x).max()) / max(1e-9, np.abs(ways).max())
        if side:
            ahead = self.exact(np.concatenate([x[None], x + side * step * ways]))
            return side * (ahead[1:] - ahead[0]) / step
        up, down = np.split(self.exact(np.concatenate([x + step * ways, x - step * ways])), 2)
        return (up - down) / (2 * step)

    def gradients(
        self, batch: np.ndarray, place: str | None = None, rule: str = "gradient"
    ) -> tuple[np.ndarray, np.ndarray]:
        """A layer's result (None: the pictures) and the derivatives to it, both float64."""
        with relu_rule(rule), tf.GradientTape() as tape:
            pixels = tf.convert_to_tensor(batch, tf.float64)
            tape.watch(pixels)
            value = self.tensor(pixels)
            at = pixels if place is None else self.twin.nudges[place].seen
        zero = tf.UnconnectedGradients.ZERO
        return at.numpy(), tape.gradient(value, at, unconnected_gradients=zero).numpy()

    def changed(self, x: np.ndarray, layer: str, change: Callable[[Any], Any]) -> float:
        """The value with a layer's result changed."""
        nudge = self.twin.nudges[layer]
        nudge.change = change
        try:
            return float(self.values(x[None])[0])
        finally:
            nudge.change = None


def agreement(
    given: np.ndarray,
    wanted: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    size: float,
    *more: Callable[[], np.ndarray],
) -> str:
    """Whether a map is what it should be.

    Args:
        given: what the product said.
        wanted: the oracle, a function of the picture.
        x: the picture, float64.
        size: of the neuron's value; differences far below it are rounding.
        more: the oracle computed in other ways, where it should come to the same.

    Returns:
        "agreed", or "kink" where the oracle itself is not sure.

    Raises:
        DisagreementError: neither.
    """
    right = wanted(x)
    if given.shape != right.shape:
        raise DisagreementError(f"shape {given.shape} instead of {right.shape}")
    largest = np.abs(right).max(initial=0)
    away = np.abs(given - right).max(initial=0)
    if away <= RELATIVE * largest + FLOOR * size:
        return "agreed"
    rng = np.random.default_rng(0)
    reach = max(1.0, np.abs(x).max())
    moved = [wanted(x + shift * reach * rng.normal(size=x.shape)) for shift in SHIFTS]
    moved += [other() for other in more]
    with rounding():
        moved.append(wanted(x))
    unsure = max(np.abs(other - right).max() for other in moved if other.shape == right.shape)
    if away <= 5 * unsure:
        return "kink"
    raise DisagreementError(
        f"off by {away:.3g} of {largest:.3g} (value {size:.3g}, the oracle is sure to {unsure:.2g})"
    )
