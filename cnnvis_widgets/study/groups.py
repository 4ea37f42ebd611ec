"""Whether a mean is larger on one group of pictures than on another: ImageNet's classes or not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.study.intervals import DRAWS

MOST = 20_000
"""Ways to divide the pictures that are all tried; where there are more, so many are drawn."""


class Difference(NamedTuple):
    """The mean on the first group of pictures less that on the second.

    Attributes:
        first: the group's name.
        second: that of the other.
        value: the difference.
        low: lower end of its interval, a percentile bootstrap that draws pictures in each group.
        high: upper end.
        p: of the permutation test, two-sided: in which share of all ways to divide the pictures
            into groups of these sizes the difference is at least as large, either way.
        pictures: how many are in each group.
    """

    first: str
    second: str
    value: float
    low: float
    high: float
    p: float
    pictures: tuple[int, int]


def group_difference(
    sums: Mapping[str, tuple[float, float]],
    groups: Mapping[str, str],
    level: float = 0.95,
    seed: int = 0,
) -> Difference | None:
    """Compare two groups of pictures; values of one picture hang together and are drawn together.

    Args:
        sums: picture → the sum of its values, and how many they are.
        groups: picture → the name of its group.
        level: of confidence.
        seed: of the draws.

    Returns:
        None where there are not two groups, or one of them has no value.

    Examples:
        >>> sums = {"a": (2, 2), "b": (1, 2), "c": (0, 2), "d": (1, 2)}
        >>> difference = group_difference(sums, {"a": "x", "b": "x", "c": "y", "d": "y"})
        >>> difference.value, round(difference.p, 3)
        (0.5, 0.333)
    """
    names = list(dict.fromkeys(groups.values()))
    if len(names) != 2:
        return None
    own = [
        np.array([sums[p] for p in sums if groups.get(p) == name and sums[p][1]], np.float64)
        for name in names
    ]
    if not all(map(len, own)):
        return None
    rng, shares = np.random.default_rng(seed), []
    for values in own:
        weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=DRAWS)
        drawn = np.vstack([values.sum(axis=0), weights @ values])
        shares.append(drawn[:, 0] / drawn[:, 1])
    gap = shares[0] - shares[1]
    low, high = np.quantile(gap[1:], [(1 - level) / 2, (1 + level) / 2])
    sizes = len(own[0]), len(own[1])
    p = _permuted(np.vstack(own), sizes[0], abs(float(gap[0])), rng)
    return Difference(names[0], names[1], float(gap[0]), float(low), float(high), p, sizes)


def _permuted(values: np.ndarray, size: int, observed: float, rng: np.random.Generator) -> float:
    """The share of divisions whose difference is at least as large; all of them, or many."""
    total, count = values.sum(axis=0), len(values)
    every = math.comb(count, size) <= MOST
    larger = tried = 0
    for chosen in _divisions(count, size, every, rng):
        first = values[list(chosen)].sum(axis=0)
        other = total - first
        gap = first[0] / first[1] - other[0] / other[1]
        larger += bool(abs(gap) >= observed - 1e-12)
        tried += 1
    return larger / tried if every else (larger + 1) / (tried + 1)


def _divisions(
    count: int, size: int, every: bool, rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    if every:
        yield from combinations(range(count), size)
    else:
        for _ in range(MOST):
            yield tuple(rng.permutation(count)[:size].tolist())
