"""A box around what a map marks, and how well it fits: localisation without having learned boxes.

The rule is that of Zhou, Khosla, Lapedriza, Oliva & Torralba, Learning Deep Features for
Discriminative Localization, CVPR 2016, arXiv:1512.04150, section 3.2: of the places with at least
a share (0.2 in the paper) of the map's largest value take the largest connected region, and draw
the smallest box around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError

SHARE = 0.2  # of the largest value, in the paper
IOU_THRESHOLD = (
    0.5  # intersection over union from which a box counts as right, in ImageNet's contest
)


class Box(NamedTuple):
    """Rows `top` … `bottom` - 1 and columns `left` … `right` - 1 of a picture."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """How many pixels are in it."""
        return (self.bottom - self.top) * (self.right - self.left)

    def iou(self, other: Box) -> float:
        """Pixels in both boxes, divided by pixels in either: 0 … 1."""
        rows = min(self.bottom, other.bottom) - max(self.top, other.top)
        columns = min(self.right, other.right) - max(self.left, other.left)
        both = max(rows, 0) * max(columns, 0)
        return both / (self.area + other.area - both)


def region(heatmap: ArrayLike, share: float = SHARE) -> NDArray[np.bool_]:
    """The largest connected region of the places that have enough: bool, the map's shape.

    Places touch at their sides, not at their corners. Of two regions of one size the first in
    reading order is taken. A map that is nowhere above zero has no region: all False.

    Args:
        heatmap: (rows, columns).
        share: of the map's largest value that a place needs, above 0, at most 1.

    Raises:
        InvalidValueError: a map of another form, or that is not finite; a share beyond its ends.
    """
    from scipy.ndimage import label  # which takes a while to load

    values = np.asarray(heatmap, np.float64)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise InvalidValueError(
            f"A map is (rows, columns) of finite numbers; got the shape {values.shape}"
            f"{' with some that are not' if values.ndim == 2 and values.size else ''}."
        )
    if not 0 < share <= 1:
        raise InvalidValueError(f"share is above 0 and at most 1; got {share!r}.")
    if values.max() <= 0:
        return np.zeros(values.shape, np.bool_)
    numbers, count = label(values >= share * values.max())
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    return numbers == 1 + int(sizes.argmax())


def box_around(mask: ArrayLike) -> Box | None:
    """The smallest box that holds all that is true; None where nothing is."""
    inside = np.asarray(mask, np.bool_)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
