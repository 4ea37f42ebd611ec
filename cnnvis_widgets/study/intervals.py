"""How sure a mean or a ratio of hits is: Wilson's interval, and a percentile bootstrap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

DRAWS = 2000


def wilson(hits: float, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a ratio of hits (1927); it never leaves 0…1.

    Args:
        hits: how many; a fraction where a tie counts for a part.
        total: of how many, at least 1.
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
    """Percentile bootstrap of the mean of all values, drawing whole groups (Efron 1979).

    Values of one picture hang together, so it is pictures that are drawn, each with all its values.

    Args:
        groups: the values of each picture; none empty.
        level: of confidence.
        seed: of the draws.
        draws: how many.

    Returns:
        Lower and upper end; both the mean where there is one group, of which nothing can be said.
    """
    sums = np.array([math.fsum(group) for group in groups])
    counts = np.array([len(group) for group in groups])
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):  # one at a time: all at once would need draws × groups numbers
        chosen = rng.integers(len(groups), size=len(groups))
        means[draw] = sums[chosen].sum() / counts[chosen].sum()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
