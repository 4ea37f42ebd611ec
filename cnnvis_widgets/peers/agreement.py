"""The agreement of two maps, in numbers and in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnnvis_widgets.engine.similarity import spearman

LEVELS = (1e-6, 1e-5, 1e-4, 1e-3)
SAME = LEVELS[-1]
"""The difference up to which maps count as the same; another order of float32 sums stays below."""
SAME_ORDER = 0.999
"""The rank correlation from which two maps count as having the same order of pixels."""


EXPLAINS = 0.2
"""A reason explains a difference if at most this share of it remains. Not 0, as rounding alone may
change a derivative by percents where a value is at a ReLU's kink."""


class Agreement(NamedTuple):
    """The comparison of two maps.

    Attributes:
        difference: the largest difference, relative to our map's largest absolute value.
        correlation: Spearman's rank correlation of the values; None if both are constant.
        factor: the least-squares factor from ours to theirs.
        scaled: the largest difference from factor times ours, relative to its largest value.
    """

    difference: float
    correlation: float | None
    factor: float
    scaled: float

    @property
    def same(self) -> bool:
        """Whether the maps are the same."""
        return self.difference <= SAME

    @property
    def same_but_for_scale(self) -> bool:
        """Whether the maps are the same up to a positive factor."""
        return self.factor > 0 and self.scaled <= SAME

    @property
    def same_order(self) -> bool:
        """Whether the maps have the same order of pixels."""
        return self.correlation is not None and self.correlation >= SAME_ORDER


def measure(theirs: np.ndarray, ours: np.ndarray) -> Agreement:
    """Compare two maps of one shape.

    Args:
        theirs: any shape, finite.
        ours: the same shape.

    Raises:
        ValueError: different shapes.

    Example:
        >>> measure(np.float32([2, 4, 0]), np.float32([1, 2, 0]))[2:]
        (2.0, 0.0)
    """
    if theirs.shape != ours.shape:
        raise ValueError(f"Expected maps of one shape; got {theirs.shape} and {ours.shape}.")
    first, second = (np.asarray(x, np.float64) for x in (theirs, ours))
    largest = float(np.abs(second).max())
    largest_difference = float(np.abs(first - second).max())
    squares = float((second**2).sum())
    factor = float((first * second).sum()) / squares if squares else 0.0
    residual = float(np.abs(first - factor * second).max())
    return Agreement(
        _share(largest_difference, largest),
        spearman(first, second),
        factor,
        _share(residual, abs(factor) * largest),
    )


def explains(recomputed: Agreement, agreement: Agreement) -> bool:
    """Whether a reason explains a difference.

    Args:
        recomputed: of their map with ours after applying the reason.
        agreement: of their map with ours.
    """
    return recomputed.same or recomputed.difference <= EXPLAINS * agreement.difference


def close(difference: float) -> str:
    """A difference in words: "the same to 1e-5", or "within 1.6 %".

    Example:
        >>> close(3e-6), close(0.016)
        ('the same to 1e-5', 'within 1.6 %')
    """
    if difference <= SAME:
        return f"the same to {within(difference)}"
    return f"within {percent(difference)}"


def _share(part: float, total: float) -> float:
    if not part:
        return 0.0
    return part / total if total else float("inf")


def within(difference: float) -> str:
    """The level that a difference stays below: "1e-5".

    Example:
        >>> within(3e-6)
        '1e-5'
    """
    level = next((level for level in LEVELS if difference <= level), SAME)
    return f"1e{round(np.log10(level))}"


def percent(difference: float) -> str:
    """A difference in words: "92 %", "0.3 %", "more than ten times".

    Example:
        >>> percent(0.917), percent(0.0031), percent(40.0)
        ('92 %', '0.31 %', 'more than ten times')
    """
    if not np.isfinite(difference) or difference > 10:
        return "more than ten times"
    if difference >= 0.1:
        return f"{difference:.0%}".replace("%", " %")
    return f"{100 * difference:.2g} %"
