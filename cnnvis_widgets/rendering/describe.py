"""A heatmap in words: what a reader who does not see the picture needs to know of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.rendering.scales import as_heatmap, format_value

_VERTICAL = ("upper", "middle", "lower")
_HORIZONTAL = ("left", "middle", "right")


def place(row: int, column: int, shape: tuple[int, int]) -> str:
    """Where a pixel is, in words of a 3×3 division: "upper left", "middle", "lower middle"."""
    vertical = _VERTICAL[3 * row // shape[0]]
    horizontal = _HORIZONTAL[3 * column // shape[1]]
    return vertical if vertical == horizontal else f"{vertical} {horizontal}"


def half_mass_share(heatmap: ArrayLike) -> float:
    """The smallest share of the pixels that together hold half of Σ|value|, in (0, 1].

    A map of zeros has no such pixels: 0.
    """
    sizes = np.sort(np.abs(as_heatmap(heatmap).astype(np.float64)).ravel())[::-1]
    total = sizes.sum()
    if total == 0:
        return 0.0
    # a rounding error in the sum must not cost one more pixel
    needed = int(np.searchsorted(np.cumsum(sizes), total / 2 * (1 - 1e-12))) + 1
    return needed / sizes.size


def describe(heatmap: ArrayLike, picture_alt: str = "") -> str:
    """Alternative text for a heatmap: where its mass is, its signs, its range, or all zeros.

    Rows and columns are counted from 0 at the upper left, as in the array.

    Args:
        heatmap: (rows, columns), raw values.
        picture_alt: what the picture under it shows, in words ("a tabby cat").

    Raises:
        InvalidValueError: NaN or infinite values, or not (rows, columns).
    """
    values = as_heatmap(heatmap)
    rows, columns = values.shape
    what = f"Heatmap of {rows} × {columns} values" + (f" over {picture_alt}" if picture_alt else "")
    if not values.any():
        return f"{what}: all zeros, the method marks no pixel."
    low, high = float(values.min()), float(values.max())
    if low == high:
        return f"{what}: the same value everywhere, {format_value(low)}."
    span = f"values from {format_value(low)} to {format_value(high)}"
    half = f"half of the total is in {_percent(half_mass_share(values))} of the picture"
    if low >= 0:
        return f"{what}: strongest {_where(values, values == high)}; {half}; {span}."
    parts = []
    if high > 0:
        parts.append(f"most positive {_where(values, values == high)}")
    parts.append(f"most negative {_where(values, values == low)}")
    sizes = np.abs(values.astype(np.float64))
    share = _percent(float(sizes[values > 0].sum() / sizes.sum()))
    signs = f"{share} of the total is positive" if high > 0 else "no value is positive"
    return f"{what}: {', '.join(parts)}; {signs}; {half} (by absolute value); {span}."


def _where(values: NDArray[np.float32], chosen: NDArray[np.bool_]) -> str:
    """Where the chosen pixels are: the one, or how many and the most central of them."""
    points = np.argwhere(chosen)
    nearest = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    row, column = (int(n) for n in points[nearest])
    rows, columns = values.shape
    named = f"row {row}, column {column} ({place(row, column, (rows, columns))})"
    if len(points) == 1:
        return f"at {named}"
    return f"on {_percent(len(points) / values.size)} of the pixels, around {named}"


def _percent(share: float) -> str:
    """A share in [0, 1] as a percentage; what is neither nothing nor all is not rounded to it."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    if 99.9 < percent < 100:
        return "more than 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"
