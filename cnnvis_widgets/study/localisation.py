"""Bounding boxes from maps: weakly supervised localisation.

The rule is that of Zhou, Khosla, Lapedriza, Oliva & Torralba, Learning Deep Features for
Discriminative Localization, CVPR 2016, arXiv:1512.04150, section 3.2: threshold the map at a share
(0.2 in the paper) of its largest value, and take the bounding box of the largest connected region.
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
        """The number of its pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 … 1."""
        rows = min(self.bottom, other.bottom) - max(self.top, other.top)
        columns = min(self.right, other.right) - max(self.left, other.left)
        intersection = max(rows, 0) * max(columns, 0)
        return intersection / (self.area + other.area - intersection)


def region(heatmap: ArrayLike, share: float = SHARE) -> NDArray[np.bool_]:
    """The largest connected region above the threshold: bool, the map's shape.

    Pixels are connected by their sides, not by their corners. Of equally large regions, the first
    in row order is taken. A map without positive values has no region: all False.

    Args:
        heatmap: (rows, columns).
        share: the threshold relative to the map's largest value, above 0, at most 1.

    Raises:
        InvalidValueError: a map that is not 2-D or not finite; a share out of range.
    """
    from scipy.ndimage import label  # slow to import

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
    """The bounding box of the true pixels, or None."""
    inside = np.asarray(mask, np.bool_)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
