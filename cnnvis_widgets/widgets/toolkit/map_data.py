"""Shared by components with coarse maps over a picture: `pixel_cursor.js` in the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError


def picture_size(picture: Any, maps: Iterable[tuple[int, ...]]) -> tuple[int, int]:
    """The rows and columns of a picture that is at least as large as each of the maps.

    Args:
        picture: uint8 (rows, columns, 3).
        maps: their shapes, (rows, columns).

    Raises:
        InvalidValueError: an invalid picture, or a map is larger.
    """
    shape: Any = getattr(picture, "shape", ())
    kind = getattr(picture, "dtype", type(picture).__name__)
    most = tuple(max(sizes) for sizes in zip(*maps, strict=True))
    large = len(shape) == 3 and shape[2] == 3 and all(np.array(shape[:2]) >= most)
    if not large or kind != np.uint8:
        raise InvalidValueError(
            f"Expected a uint8 picture of (rows, columns, 3), at least {most[0]} × {most[1]} as "
            f"the largest map; got {kind} {tuple(shape)}."
        )
    return shape[0], shape[1]


def cell(at: Sequence[int], shape: tuple[int, ...], size: tuple[int, int]) -> tuple[int, int]:
    """The (row, column) of a map of `shape` that has the pixel `at` of a picture of `size`."""
    row, column = (i * n // p for i, n, p in zip(at, shape, size, strict=True))
    return row, column


def over(picture: NDArray[np.uint8], alt: str) -> dict[str, Any]:
    """Data to draw maps over a picture: its pixels, alt text and colours."""
    from cnnvis_widgets.rendering.colormaps import DEFAULTS, lookup  # imports Pillow

    table = lookup(DEFAULTS["sequential"]).tobytes()
    return {"picture": picture.tobytes(), "table": table, "alt": alt}
