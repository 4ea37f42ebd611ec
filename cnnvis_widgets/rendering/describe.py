"""Alternative text for heatmaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.rendering.scales import as_heatmap, format_value

_VERTICAL = ("upper", "middle", "lower")
_HORIZONTAL = ("left", "middle", "right")


def place(row: int, column: int, shape: tuple[int, int]) -> str:
    """A pixel's cell in a 3 × 3 division, in words: "upper left", "middle", "lower middle"."""
    vertical = _VERTICAL[3 * row // shape[0]]
    horizontal = _HORIZONTAL[3 * column // shape[1]]
    return vertical if vertical == horizontal else f"{vertical} {horizontal}"


def half_mass_share(heatmap: ArrayLike) -> float:
    """The smallest share of the pixels that contain half of Σ|value|, in (0, 1]; 0 for zeros."""
    sizes = np.sort(np.abs(as_heatmap(heatmap).astype(np.float64)).ravel())[::-1]
    total = sizes.sum()
    if total == 0:
        return 0.0
    # with tolerance, so that a rounding error does not add a pixel
    count = int(np.searchsorted(np.cumsum(sizes), total / 2 * (1 - 1e-12))) + 1
    return count / sizes.size


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
    subject = f"Heatmap of {rows} × {columns} values" + (
        f" over {picture_alt}" if picture_alt else ""
    )
    if not values.any():
        return f"{subject}: all zeros, the method marks no pixel."
    low, high = float(values.min()), float(values.max())
    if low == high:
        return f"{subject}: the same value everywhere, {format_value(low)}."
    span = f"values from {format_value(low)} to {format_value(high)}"
    half = f"half of the total is in {_percent(half_mass_share(values))} of the picture"
    if low >= 0:
        return f"{subject}: strongest {_location(values, values == high)}; {half}; {span}."
    extremes = []
    if high > 0:
        extremes.append(f"most positive {_location(values, values == high)}")
    extremes.append(f"most negative {_location(values, values == low)}")
    sizes = np.abs(values.astype(np.float64))
    share = _percent(float(sizes[values > 0].sum() / sizes.sum()))
    signs = f"{share} of the total is positive" if high > 0 else "no value is positive"
    return f"{subject}: {', '.join(extremes)}; {signs}; {half} (by absolute value); {span}."


def _location(values: NDArray[np.float32], chosen: NDArray[np.bool_]) -> str:
    """The position of the chosen pixel, or the share and the most central of several."""
    points = np.argwhere(chosen)
    nearest = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    row, column = (int(n) for n in points[nearest])
    rows, columns = values.shape
    location = f"row {row}, column {column} ({place(row, column, (rows, columns))})"
    if len(points) == 1:
        return f"at {location}"
    return f"on {_percent(len(points) / values.size)} of the pixels, around {location}"


def _percent(share: float) -> str:
    """A share in [0, 1] as a percentage; only exact 0 and 1 become 0 % and 100 %."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    if 99.9 < percent < 100:
        return "more than 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"
