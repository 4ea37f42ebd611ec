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
    "deep_taylor": "forward_backward",
    "visual_backprop": "forward",
    "integrated_gradients": "forward_backward_50",
    "smoothgrad": "forward_backward_50",
    "lime": "forward_1000",
    "activation_maximization": "forward_backward_200",
    "network_inversion": "forward_backward_200",
}
"""The raw work that a method cannot do without."""

TARGETS = {
    "saliency": 1.05,
    "deconvnet": 1.05,
    "guided_backprop": 1.05,
    "grad_cam": 1.15,
    "guided_grad_cam": 1.35,
    "deep_taylor": 2.2,
    "visual_backprop": 1.3,
    "integrated_gradients": 1.05,
    "smoothgrad": 1.05,
    "lime": 1.05,
    "activation_maximization": 1.15,
}
"""What ours may cost at most, as a multiple of that raw work; one that is not here, no promise."""

SETUPS = {"deep_taylor": 3.0}
"""Seconds that a method's first call may take beyond a usual one."""


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
    target = TARGETS.get(method)
    if target is None:
        return "for information"
    if measured <= target:
        return f"≤ {target:.2f} met"
    return f"≤ {target:.2f} missed by {100 * (measured / target - 1):.0f} %"


def setup_verdict(method: str, seconds: float) -> str:
    """The same of a method's set-up."""
    target = SETUPS[method]
    word = "met" if seconds <= target else f"missed by {seconds - target:.1f} s"
    return f"≤ {target:.0f} s {word}"
