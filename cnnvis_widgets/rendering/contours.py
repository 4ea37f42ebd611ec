"""Contour lines of a map, drawn over the picture without hiding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.colormaps import choose, lookup
from cnnvis_widgets.rendering.pictures import Colormap, Picture, fit, gray, indices, mix
from cnnvis_widgets.rendering.scales import Scale, as_heatmap

LEVELS = (0.25, 0.5, 0.75)
"""The default levels, as fractions of the scale."""

_FINE = 4  # supersampling factor, for smooth edges


@dataclass(frozen=True)
class IsoLine:
    """One line of equal value.

    Attributes:
        value: the raw value along the line.
        fraction: the same as a fraction of the scale's high end; negative below zero.
        points: float64 (n, 2), row and column in pixels of the picture, centres at integers.
    """

    value: float
    fraction: float
    points: NDArray[np.float64]


def iso_lines(
    heatmap: ArrayLike, levels: Sequence[float] = LEVELS, scale: Scale | None = None
) -> tuple[IsoLine, ...]:
    """Lines of equal value at fractions of the scale; a map of zeros has none.

    Args:
        heatmap: (rows, columns), at the resolution of the lines.
        levels: fractions of the scale's high end, in (0, 1]; on a diverging scale each is also
            drawn at its negative.
        scale: None for ``Scale.of(heatmap)``.
    """
    values = as_heatmap(heatmap)
    scale = scale or Scale.of(values)
    scale.normalise(values)  # refuses a scale that does not fit
    if not all(0 < level <= 1 for level in levels):
        raise InvalidValueError(f"Levels are fractions in (0, 1]; these are {tuple(levels)}.")
    if scale.is_zero or min(values.shape) < 2:
        return ()
    from skimage.measure import find_contours  # imported late: takes 0.4 s

    signs = (1, -1) if scale.kind == "diverging" else (1,)
    return tuple(
        IsoLine(sign * level * scale.high, sign * level, points)
        for level in sorted(levels)
        for sign in signs
        for points in find_contours(values.astype(np.float64), sign * level * scale.high)
    )


def contour(
    picture: ArrayLike,
    heatmap: ArrayLike,
    levels: Sequence[float] = LEVELS,
    scale: Scale | None = None,
    colormap: Colormap = None,
    gray_picture: bool = True,
    zoom: int = 1,
) -> Picture:
    """The picture with lines of equal value in the map's colours.

    Args:
        picture: uint8 (rows, columns, 3).
        heatmap: (r, c); enlarged bilinearly before the lines are drawn.
        levels: fractions of the scale, see ``iso_lines``.
        scale: None for ``Scale.of(heatmap)``.
        colormap: see ``colorize``.
        gray_picture: convert the picture to grey first.
        zoom: enlargement of the picture, for finer lines.

    Returns:
        uint8 (zoom·rows, zoom·columns, 3).
    """
    scale = scale or Scale.of(heatmap)
    base_picture, values = fit(picture, heatmap)
    lines = iso_lines(values, levels, scale)
    base = Image.fromarray(gray(base_picture) if gray_picture else base_picture)
    size = (base.width * zoom, base.height * zoom)
    result = np.asarray(base.resize(size, Image.Resampling.BICUBIC) if zoom > 1 else base)
    table = lookup(choose(scale.kind, colormap))
    width = max(1.5, min(size) / 150)
    for value in dict.fromkeys(line.value for line in lines):
        paths = [line.points for line in lines if line.value == value]
        colour = table[indices(scale.normalise([[value]]))[0, 0]]
        for thickness, ink in ((width * 2, halo(colour)), (width, colour)):
            alpha = _stroke(paths, thickness, size, zoom)
            result = mix(result, np.broadcast_to(ink, result.shape), alpha)
    return result


def halo(colour: ArrayLike) -> Picture:
    """Black or white, uint8 (3,): the outline of a line of this colour, for contrast."""
    dark = np.asarray(colour) @ np.array([0.299, 0.587, 0.114]) < 128
    return np.full(3, 255 if dark else 0, np.uint8)


def _stroke(
    paths: Sequence[NDArray[np.float64]], width: float, size: tuple[int, int], zoom: int
) -> NDArray[np.float64]:
    """The coverage of each pixel by the lines, float64 (rows, columns) in [0, 1]."""
    canvas = Image.new("L", (size[0] * _FINE, size[1] * _FINE))
    draw = ImageDraw.Draw(canvas)
    for points in paths:
        corners = [((c + 0.5) * zoom * _FINE, (r + 0.5) * zoom * _FINE) for r, c in points]
        draw.line(corners, 255, round(width * _FINE), joint="curve")
    return np.asarray(canvas.reduce(_FINE), np.float64) / 255
