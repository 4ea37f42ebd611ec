"""Confidence intervals: Wilson's for a ratio of hits, and the percentile bootstrap of a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

DRAWS = 2000
AT_ONCE = 1 << 16  # numbers


def wilson(hits: float, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a ratio of hits (1927); within 0…1.

    Args:
        hits: the number of hits; ties may count as fractions.
        total: the number of trials, at least 1.
        level: of confidence, between 0 and 1.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    ratio, room = hits / total, z * z / total
    middle = (ratio + room / 2) / (1 + room)
    half = z / (1 + room) * math.sqrt(ratio * (1 - ratio) / total + room / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(
    groups: Sequence[Sequence[float]], level: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """Percentile bootstrap of the mean of all values, resampling groups (Efron 1979).

    Values of one picture are not independent, so pictures are drawn with all their values.

    Args:
        groups: the values of each picture; none empty.
        level: of confidence.
        seed: of the bootstrap.
        draws: the number of draws.

    Returns:
        The lower and the upper end; both are the mean if there is only one group.
    """
    sums = np.array([math.fsum(group) for group in groups])
    counts = np.array([len(group) for group in groups])
    rng = np.random.default_rng(seed)
    means, step = np.empty(draws), max(1, AT_ONCE // len(groups))
    for start in range(0, draws, step):  # all at once would need draws × groups numbers
        count = min(step, draws - start)
        indices = rng.integers(len(groups), size=(count, len(groups)))
        means[start : start + count] = sums[indices].sum(axis=1) / counts[indices].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
