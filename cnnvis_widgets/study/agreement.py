"""How far raters agree beyond chance, with intervals: Cohen's and Fleiss' kappa.

Maps of one picture hang together, so the bootstrap draws pictures, each with all its maps. Cohen,
A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20, 1960;
Fleiss, Measuring Nominal Scale Agreement Among Many Raters, Psychological Bulletin 76, 1971.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.intervals import DRAWS


class Agreement(NamedTuple):
    """How far raters agree.

    Attributes:
        kappa: 1 for full agreement, 0 for that of chance; None where all gave one and the same
            answer to everything, so that chance explains it as well.
        low: lower end of the bootstrap interval; None where it is not defined.
        high: upper end.
        same: the share of pairs of raters that gave a map the same answer.
        items: how many maps all of them judged.
    """

    kappa: float | None
    low: float | None
    high: float | None
    same: float
    items: int


def cohen(
    one: Sequence[Hashable],
    other: Sequence[Hashable],
    groups: Sequence[Hashable],
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Cohen's kappa of two raters, or of one rater and the same one later.

    Args:
        one: an answer for each map.
        other: the other's, in the same order.
        groups: which picture each map is of.
        level: of confidence.
        seed: of the draws.

    Raises:
        InvalidValueError: no maps, or another number of answers.

    Examples:
        >>> cohen([1, 1, 0, 0], [1, 0, 0, 0], "abcd").kappa
        0.5
    """
    _check(one, other, groups)
    known = {answer: n for n, answer in enumerate(dict.fromkeys([*one, *other]))}
    places = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    size = len(known)
    tables = np.zeros((len(places), size, size))
    for a, b, group in zip(one, other, groups, strict=True):
        tables[places[group], known[a], known[b]] += 1

    def kappas(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tables = sums.reshape(-1, size, size)
        total = tables.sum(axis=(1, 2))
        same = np.trace(tables, axis1=1, axis2=2) / total
        chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / total**2
        return same, chance

    return _with_interval(tables.reshape(len(places), -1), kappas, len(one), level, seed)


def fleiss(
    answers: Sequence[Sequence[Hashable]],
    groups: Sequence[Hashable],
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Fleiss' kappa of any number of raters.

    Args:
        answers: for each map the answers of all raters, as many for every map.
        groups: which picture each map is of.
        level: of confidence.
        seed: of the draws.

    Raises:
        InvalidValueError: no maps, fewer than two raters, or not as many for every map.

    Examples:
        >>> fleiss([[1, 1, 1], [0, 0, 0]], "ab").kappa
        1.0
    """
    _check(answers, groups)
    raters = len(answers[0])
    if raters < 2 or any(len(row) != raters for row in answers):
        raise InvalidValueError("Agreement is of two raters or more, the same for every map.")
    known = {answer: n for n, answer in enumerate(dict.fromkeys(a for row in answers for a in row))}
    places = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    # Of each picture: how many maps, the sum of their agreements, how often each answer was given.
    sums = np.zeros((len(places), 2 + len(known)))
    for row, group in zip(answers, groups, strict=True):
        counts = np.zeros(len(known))
        for answer in row:
            counts[known[answer]] += 1
        same = (counts * (counts - 1)).sum() / (raters * (raters - 1))
        sums[places[group]] += [1, same, *counts]

    def kappas(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shares = sums[:, 2:] / (sums[:, :1] * raters)
        return sums[:, 1] / sums[:, 0], (shares**2).sum(axis=1)

    return _with_interval(sums, kappas, len(answers), level, seed)


def _with_interval(
    sums: np.ndarray,
    kappas: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    items: int,
    level: float,
    seed: int,
) -> Agreement:
    """Kappa of all pictures, and its percentile bootstrap over pictures.

    Args:
        sums: (pictures, numbers) that add up over pictures.
        kappas: from sums (n, numbers) to observed and chance agreement, each (n,).
        items: how many maps.
        level: of confidence.
        seed: of the draws.
    """
    same, chance = kappas(sums.sum(axis=0, keepdims=True))
    if chance[0] > 1 - 1e-12:
        return Agreement(None, None, None, float(same[0]), items)
    kappa = float((same[0] - chance[0]) / (1 - chance[0]))
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=DRAWS)
    drawn, by_chance = kappas(weights @ sums)
    defined = by_chance < 1 - 1e-12  # a draw in which all answers are one says nothing
    resampled = (drawn[defined] - by_chance[defined]) / (1 - by_chance[defined])
    if len(sums) < 2 or not resampled.size:
        return Agreement(kappa, None, None, float(same[0]), items)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Agreement(kappa, float(low), float(high), float(same[0]), items)


def _check(first: Sequence[object], *others: Sequence[object]) -> None:
    if not len(first) or any(len(other) != len(first) for other in others):
        raise InvalidValueError(
            "Expected one answer of each rater and one picture for every map, and at least one "
            f"map; got {', '.join(str(len(x)) for x in (first, *others))}."
        )
