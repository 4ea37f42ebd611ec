"""The arithmetic: ratios within a round, their median and the range of their middle half."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Round = Mapping[str, float]
"""Seconds by work, all measured one after the other."""

DENOMINATORS = {
    "saliency": "forward_backward",
    "deconvnet": "forward_backward",
    "guided_backprop": "forward_backward",
    "grad_cam": "forward",
    "guided_grad_cam": "forward_backward",
}
"""The raw work that a method cannot do without."""

TARGETS = {
    "saliency": 1.10,
    "deconvnet": 1.10,
    "guided_backprop": 1.10,
    "grad_cam": 1.15,
    "guided_grad_cam": 1.50,
}
"""What ours may cost at most, as a multiple of that raw work."""


class Spread(NamedTuple):
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles (inclusive: of the values at hand, not of a population)."""
    if not values:
        raise ValueError("Expected at least one value; got none.")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def seconds(rounds: Sequence[Round], work: str) -> Spread:
    """How long a work took."""
    return spread([r[work] for r in rounds])


def ratio(rounds: Sequence[Round], work: str, raw: str) -> Spread:
    """A work over a raw work, each of the same round, so that a slow moment slows both."""
    return spread([r[work] / r[raw] for r in rounds])


def beside(theirs: Sequence[Round], ours: Sequence[Round], work: str) -> Spread:
    """Their time over ours for the same work, round by round; above 1 ours is faster."""
    return spread([t[work] / o[work] for t, o in zip(theirs, ours, strict=True)])


def compile_seconds(first: float, rounds: Sequence[Round], work: str) -> float:
    """What the first call cost over a usual one: building, tracing and compiling."""
    return max(0.0, first - seconds(rounds, work).median)


def verdict(method: str, measured: float) -> str:
    """Whether ours keeps its promise, and by how much it misses."""
    target = TARGETS[method]
    if measured <= target:
        return f"≤ {target:.2f} met"
    return f"≤ {target:.2f} missed by {100 * (measured / target - 1):.0f} %"
