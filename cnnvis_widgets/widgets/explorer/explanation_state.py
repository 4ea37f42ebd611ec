"""The view state of one explanation as plain values, for kernels and saved pages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering import Scale, png_bytes
from cnnvis_widgets.rendering.pictures import as_picture, fit
from cnnvis_widgets.rendering.scales import Kind, as_heatmap

SHOWN = (
    *("picture", "heatmap", "shape", "lookup", "low", "high", "kind", "ticks", "clipped", "unit"),
    *("image", "title", "alt", "notes", "warnings", "code", "filename"),
)
"""The traits of a view state; `ExplanationView` documents them."""


def heatmap_state(
    picture: ArrayLike,
    heatmap: ArrayLike,
    lookup: ArrayLike,
    low: float,
    high: float,
    kind: Kind,
    *,
    clipped: str | None = None,
) -> dict[str, Any]:
    """View state of a map: pixels, values and scale.

    The arguments are those of `ExplanationView.show`.

    Raises:
        InvalidValueError: a wrong shape or dtype, proportions of another crop, values that are NaN
            or infinite, or a scale that does not fit them.
    """
    values = as_heatmap(heatmap)
    below, _ = fit(picture, values)
    table = np.asarray(lookup)
    if table.dtype != np.uint8 or table.shape != (256, 3):
        raise InvalidValueError(
            "A colour table is uint8 of the shape (256, 3); "
            f"this one is {table.dtype} of the shape {table.shape}."
        )
    scale = Scale(low, high, kind, largest=max(high, float(np.abs(values).max())))
    scale.normalise(values)
    return {
        "picture": png_bytes(below),
        "heatmap": values.astype("<f4").tobytes(),
        "shape": list(values.shape),
        "lookup": table.tobytes(),
        "low": low,
        "high": high,
        "kind": kind,
        "ticks": labelled_ticks(low, high, kind),
        "clipped": scale.note if clipped is None else clipped,
        "image": b"",
    }


def image_state(image: ArrayLike, picture: ArrayLike | None = None) -> dict[str, Any]:
    """View state of a picture that a method made.

    Args:
        image: uint8 (rows, columns, 3).
        picture: uint8 (rows, columns, 3), the network's input for comparison.

    Raises:
        InvalidValueError: a wrong shape or dtype.
    """
    return {
        "image": png_bytes(as_picture(image)),
        "picture": b"" if picture is None else png_bytes(as_picture(picture)),
        "heatmap": b"",
        "shape": [0, 0],
        "clipped": "",
        "unit": "",
    }


def labelled_ticks(low: float, high: float, kind: Kind) -> list[list[Any]]:
    """Values and labels for the colour bar of a scale; [] for an invalid scale."""
    try:
        return [list(tick) for tick in Scale(low, high, kind).labelled_ticks()]
    except InvalidValueError:  # between two scales, while `low` and `high` are set
        return []
