"""Agreement of raters beyond chance, with intervals: Cohen's and Fleiss' kappa.

Maps of one picture are not independent, so the bootstrap draws pictures with all their maps. Cohen,
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
    """The agreement of raters.

    Attributes:
        kappa: 1 for full agreement, 0 for chance; None if all answers are the same.
        low: the lower end of the bootstrap interval, or None.
        high: the upper end.
        same: the share of pairs of raters with the same answer to a map.
        items: the number of maps that all raters judged.
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
    """Cohen's kappa of two raters, or of one rater at two times.

    Args:
        one: the first rater's answer to each map.
        other: the second rater's, in the same order.
        groups: the picture of each map.
        level: of confidence.
        seed: of the bootstrap.

    Raises:
        InvalidValueError: no maps, or unequal numbers of answers.

    Examples:
        >>> cohen([1, 1, 0, 0], [1, 0, 0, 0], "abcd").kappa
        0.5
    """
    _check(one, other, groups)
    codes = {answer: n for n, answer in enumerate(dict.fromkeys([*one, *other]))}
    picture_indices = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    size = len(codes)
    tables = np.zeros((len(picture_indices), size, size))
    for first, second, group in zip(one, other, groups, strict=True):
        tables[picture_indices[group], codes[first], codes[second]] += 1

    def kappas(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tables = sums.reshape(-1, size, size)
        total = tables.sum(axis=(1, 2))
        same = np.trace(tables, axis1=1, axis2=2) / total
        chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / total**2
        return same, chance

    return _with_interval(tables.reshape(len(picture_indices), -1), kappas, len(one), level, seed)


def fleiss(
    answers: Sequence[Sequence[Hashable]],
    groups: Sequence[Hashable],
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Fleiss' kappa of any number of raters.

    Args:
        answers: for each map the answers of all raters, equally many.
        groups: the picture of each map.
        level: of confidence.
        seed: of the draws.

    Raises:
        InvalidValueError: no maps, fewer than two raters, or unequal numbers of answers.

    Examples:
        >>> fleiss([[1, 1, 1], [0, 0, 0]], "ab").kappa
        1.0
    """
    _check(answers, groups)
    raters = len(answers[0])
    if raters < 2 or any(len(row) != raters for row in answers):
        raise InvalidValueError("Agreement is of two raters or more, the same for every map.")
    codes = {answer: n for n, answer in enumerate(dict.fromkeys(a for row in answers for a in row))}
    picture_indices = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    # For each picture: number of maps, sum of their agreements, count of each answer
    sums = np.zeros((len(picture_indices), 2 + len(codes)))
    for row, group in zip(answers, groups, strict=True):
        counts = np.zeros(len(codes))
        for answer in row:
            counts[codes[answer]] += 1
        same = (counts * (counts - 1)).sum() / (raters * (raters - 1))
        sums[picture_indices[group]] += [1, same, *counts]

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
        sums: (pictures, numbers), additive over pictures.
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
    observed, expected = kappas(weights @ sums)
    defined = expected < 1 - 1e-12  # leave out draws in which all answers are the same
    resampled = (observed[defined] - expected[defined]) / (1 - expected[defined])
    if len(sums) < 2 or not resampled.size:
        return Agreement(kappa, None, None, float(same[0]), items)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Agreement(kappa, float(low), float(high), float(same[0]), items)


def _check(reference: Sequence[object], *rest: Sequence[object]) -> None:
    if not len(reference) or any(len(more) != len(reference) for more in rest):
        raise InvalidValueError(
            "Expected one answer of each rater and one picture for every map, and at least one "
            f"map; got {', '.join(str(len(answers)) for answers in (reference, *rest))}."
        )
