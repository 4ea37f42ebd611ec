"""A run's map as two files: a picture, and numbers for the page's read-out."""

from __future__ import annotations

import base64
import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.rendering import Scale, overlay
from cnnvis_widgets.study.grid_requests import FINE_PERCENTILE, seen_picture

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

SIDE = 64
"""The most blocks along a side of a map whose numbers are read out."""

SMALL = 100  # pixels: pictures up to this size are saved losslessly
QUALITY = 82


def webp(picture: np.ndarray) -> bytes:
    """A WebP file of a picture: uint8 (rows, columns, 3)."""
    stream = io.BytesIO()
    small = max(picture.shape[:2]) <= SMALL
    Image.fromarray(picture).save(stream, "WEBP", lossless=small, quality=QUALITY)
    return stream.getvalue()


def map_picture(study: Study, line: dict[str, Any], heatmap: np.ndarray) -> np.ndarray:
    """The map over its picture, as in the comparer: uint8 (rows, columns, 3)."""
    fine = method_named(study.methods[line["method"]]["method"]).resolution == "high"
    scale = Scale.of(heatmap, percentile=FINE_PERCENTILE if fine else 100)
    return overlay(seen_picture(study, line["picture"], heatmap.shape), heatmap, scale)


def blocks(heatmap: np.ndarray, side: int = SIDE) -> tuple[np.ndarray, int]:
    """The means of a map's square blocks, and the side of a block in pixels.

    Args:
        heatmap: (rows, columns); blocks at the right and lower edge may be smaller.
        side: the most blocks along rows and columns.

    Returns:
        float64 (rows, columns) of the blocks, and the block's side.

    Examples:
        >>> blocks(np.arange(6.0).reshape(2, 3), 2)
        (array([[2. , 3.5]]), 2)
    """
    block = math.ceil(max(heatmap.shape) / side)
    edges = [np.arange(0, length, block) for length in heatmap.shape]
    values = np.asarray(heatmap, np.float64)
    sums = np.add.reduceat(np.add.reduceat(values, edges[0], 0), edges[1], 1)
    counts = [np.diff([*edge, length]) for edge, length in zip(edges, heatmap.shape, strict=True)]
    return sums / np.outer(*counts), block


def numbers_script(address: str, heatmap: np.ndarray, unit: str) -> str:
    """A script that passes a map's numbers to the page, as local pages cannot load JSON.

    Numbers are 16-bit integers; multiply by `scale`.

    Args:
        address: of the map, without ending.
        heatmap: (rows, columns).
        unit: of its values, in words.
    """
    means, block = blocks(heatmap)
    largest = float(np.abs(means).max())
    scale = largest / 32767 or 1.0
    steps = np.round(means / scale).astype("<i2")
    record = {
        "rows": means.shape[0],
        "columns": means.shape[1],
        "height": heatmap.shape[0],
        "width": heatmap.shape[1],
        "block": block,
        "scale": scale,
        "unit": unit,
        "values": base64.b64encode(steps.tobytes()).decode("ascii"),
    }
    return f"cnnvisMap({json.dumps(address)}, {json.dumps(record)});\n"
