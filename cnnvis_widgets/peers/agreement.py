"""How far two maps agree, in numbers and in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnnvis_widgets.engine.similarity import spearman

LEVELS = (1e-6, 1e-5, 1e-4, 1e-3)
SAME = LEVELS[-1]
"""Below it two maps are called the same: float32 in another order of sums stays below it."""
SAME_ORDER = 0.999
"""From this rank correlation on two maps are said to put pixels in the same order."""


EXPLAINS = 0.2
"""A reason counts if it leaves at most this share of a difference. It need not leave nothing: where
a value is at a ReLU's bend, rounding alone moves a derivative by percents."""


class Agreement(NamedTuple):
    """Two maps beside each other.

    Attributes:
        difference: the largest difference, as a share of our map's largest absolute value.
        correlation: Spearman's rank correlation of the values; None where both are constant.
        factor: theirs is best fitted by this times ours (least squares).
        scaled: the largest difference that is left then, as a share of our largest value times it.
    """

    difference: float
    correlation: float | None
    factor: float
    scaled: float

    @property
    def same(self) -> bool:
        """Whether the two are one map."""
        return self.difference <= SAME

    @property
    def same_but_for_scale(self) -> bool:
        """Whether a positive factor makes the two one map."""
        return self.factor > 0 and self.scaled <= SAME

    @property
    def same_order(self) -> bool:
        """Whether they put the pixels in the same order."""
        return self.correlation is not None and self.correlation >= SAME_ORDER


def measure(theirs: np.ndarray, ours: np.ndarray) -> Agreement:
    """Compare two maps of one shape.

    Args:
        theirs: any shape, finite.
        ours: the same shape.

    Raises:
        ValueError: other shapes.

    Example:
        >>> measure(np.float32([2, 4, 0]), np.float32([1, 2, 0]))[2:]
        (2.0, 0.0)
    """
    if theirs.shape != ours.shape:
        raise ValueError(f"Expected maps of one shape; got {theirs.shape} and {ours.shape}.")
    one, other = (np.asarray(x, np.float64) for x in (theirs, ours))
    largest = float(np.abs(other).max())
    far = float(np.abs(one - other).max())
    squares = float((other**2).sum())
    factor = float((one * other).sum()) / squares if squares else 0.0
    left = float(np.abs(one - factor * other).max())
    return Agreement(
        _share(far, largest), spearman(one, other), factor, _share(left, abs(factor) * largest)
    )


def explains(recomputed: Agreement, agreement: Agreement) -> bool:
    """Whether a reason makes up for a difference.

    Args:
        recomputed: their map beside ours as it is by that reason.
        agreement: their map beside ours.
    """
    return recomputed.same or recomputed.difference <= EXPLAINS * agreement.difference


def close(difference: float) -> str:
    """How near two maps are: "the same to 1e-5", or "within 1.6 %".

    Example:
        >>> close(3e-6), close(0.016)
        ('the same to 1e-5', 'within 1.6 %')
    """
    if difference <= SAME:
        return f"the same to {within(difference)}"
    return f"within {percent(difference)}"


def _share(part: float, whole: float) -> float:
    if not part:
        return 0.0
    return part / whole if whole else float("inf")


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
