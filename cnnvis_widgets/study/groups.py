"""Compares the means of two groups of pictures, e.g. ImageNet's and others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.study.intervals import DRAWS

MOST = 20_000
"""The most divisions of a permutation test; if there are more, a random sample is used."""


class Difference(NamedTuple):
    """The mean on the first group of pictures minus that on the second.

    Attributes:
        first: the first group's name.
        second: the second group's name.
        value: the difference.
        low: the lower end of its interval, a percentile bootstrap of pictures in each group.
        high: the upper end.
        p: of the two-sided permutation test: the share of divisions of the pictures into groups of
            these sizes with at least this absolute difference.
        pictures: the number of pictures in each group.
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
    """Compare two groups of pictures; all values of a picture are drawn together.

    Args:
        sums: picture → (sum of its values, number of values).
        groups: picture → name of its group.
        level: of confidence.
        seed: of the draws.

    Returns:
        None if there are not two groups, or one of them has no value.

    Examples:
        >>> sums = {"a": (2, 2), "b": (1, 2), "c": (0, 2), "d": (1, 2)}
        >>> difference = group_difference(sums, {"a": "x", "b": "x", "c": "y", "d": "y"})
        >>> difference.value, round(difference.p, 3)
        (0.5, 0.333)
    """
    names = list(dict.fromkeys(groups.values()))
    if len(names) != 2:
        return None
    samples = [
        np.array([sums[p] for p in sums if groups.get(p) == name and sums[p][1]], np.float64)
        for name in names
    ]
    if not all(map(len, samples)):
        return None
    rng, shares = np.random.default_rng(seed), []
    for values in samples:
        weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=DRAWS)
        draws = np.vstack([values.sum(axis=0), weights @ values])
        shares.append(draws[:, 0] / draws[:, 1])
    gap = shares[0] - shares[1]
    low, high = np.quantile(gap[1:], [(1 - level) / 2, (1 + level) / 2])
    sizes = len(samples[0]), len(samples[1])
    p = _permuted(np.vstack(samples), sizes[0], abs(float(gap[0])), rng)
    return Difference(names[0], names[1], float(gap[0]), float(low), float(high), p, sizes)


def _permuted(values: np.ndarray, size: int, observed: float, rng: np.random.Generator) -> float:
    """The p-value: the share of divisions whose absolute difference is at least `observed`."""
    total, count = values.sum(axis=0), len(values)
    exhaustive = math.comb(count, size) <= MOST
    larger = tried = 0
    for indices in _divisions(count, size, exhaustive, rng):
        first_sums = values[list(indices)].sum(axis=0)
        second_sums = total - first_sums
        gap = first_sums[0] / first_sums[1] - second_sums[0] / second_sums[1]
        larger += bool(abs(gap) >= observed - 1e-12)
        tried += 1
    return larger / tried if exhaustive else (larger + 1) / (tried + 1)


def _divisions(
    count: int, size: int, exhaustive: bool, rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    if exhaustive:
        yield from combinations(range(count), size)
    else:
        for _ in range(MOST):
            yield tuple(rng.permutation(count)[:size].tolist())
