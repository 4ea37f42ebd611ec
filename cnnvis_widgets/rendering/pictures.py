"""Heatmaps as pictures: uint8 arrays or PNG bytes, with NumPy and Pillow only.

A *heatmap* is float (rows, columns), raw, signed or not. A *picture* is uint8 (rows, columns, 3).
A *scale* (see ``scales``) maps raw values to colours; by default it is the scale of the heatmap. A
map of zeros is drawn in the colour of zero.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, PngImagePlugin

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering.colormaps import choose, lookup
from cnnvis_widgets.rendering.scales import Scale, as_heatmap

Blend = Literal["value", "uniform"]
How = Literal["bilinear", "nearest"]
Colormap = str | Sequence[str] | None
Picture = NDArray[np.uint8]

_GAP = 8  # white columns between two pictures


@dataclass(frozen=True)
class Look:
    """Drawing options of a map, see `figures.figure`."""

    mode: str
    colormap: Colormap = None
    opacity: float = 0.6
    blend: Blend = "uniform"
    least: float = 0.0
    gray_picture: bool = True
    split: float = 0.5


def as_picture(picture: ArrayLike) -> Picture:
    """The picture as uint8 (rows, columns, 3); one grey channel is repeated.

    Raises:
        InvalidValueError: another dtype or shape.
    """
    array: NDArray[Any] = np.asarray(picture)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise InvalidValueError(
            "A picture is a uint8 array of the shape (rows, columns, 3); "
            f"this one is {array.dtype} of the shape {np.shape(picture)}."
        )
    return array


def enlarge(
    heatmap: ArrayLike, rows: int, columns: int, how: How = "bilinear"
) -> NDArray[np.float32]:
    """The heatmap on a finer grid, float32 (rows, columns).

    Pixel centres are at half-integers, as in ``tf.image.resize``; beyond the outermost centres the
    border value is repeated. No value exceeds the range of the given ones.

    Args:
        heatmap: (r, c) with r ≤ rows and c ≤ columns.
        rows: of the result.
        columns: of the result.
        how: "bilinear", or "nearest" to show the method's own cells.

    Raises:
        InvalidValueError: a result smaller than the heatmap, which would lose values.
        UnknownNameError: another ``how``.
    """
    values = as_heatmap(heatmap)
    if how not in get_args(How):
        raise UnknownNameError.of("way to enlarge", how, get_args(How))
    if rows < values.shape[0] or columns < values.shape[1]:
        raise InvalidValueError(
            f"enlarge() makes a map larger: {values.shape} does not fit into {(rows, columns)}."
        )
    if how == "nearest":
        r, c = (_cells(n, m) for n, m in zip((rows, columns), values.shape, strict=True))
        return values[r[:, None], c[None, :]]
    # Pillow's bilinear filter is the triangle with half-pixel centres, renormalised at the border
    resized = Image.fromarray(values).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)


def averaged(maps: NDArray[np.floating], side: int) -> NDArray[np.float32]:
    """Maps on a coarser grid: each value is the mean of its cells.

    Args:
        maps: (rows, columns, maps).
        side: the largest number of rows and columns, at least 1; smaller maps are not changed.

    Returns:
        float32 (rows, columns, maps).
    """
    values: NDArray[np.float32] = np.asarray(maps, np.float32)
    for axis in (0, 1):
        if (length := values.shape[axis]) > side:
            edges = np.linspace(0, length, side + 1).astype(int)
            sums = np.add.reduceat(values, edges[:-1], axis)
            counts = np.diff(edges)
            shares = sums / (counts[:, None, None] if axis == 0 else counts[:, None])
            values = shares.astype(np.float32)
    return values


def _cells(fine: int, coarse: int) -> NDArray[np.intp]:
    return np.floor((np.arange(fine) + 0.5) * coarse / fine).astype(np.intp)


def colorize(heatmap: ArrayLike, scale: Scale | None = None, colormap: Colormap = None) -> Picture:
    """The heatmap in colours, uint8 (rows, columns, 3), at its own resolution.

    Args:
        heatmap: (rows, columns).
        scale: None for ``Scale.of(heatmap)``; values beyond it get the colour of the end.
        colormap: a name that suits the scale's kind; None for the default of that kind.
    """
    values = as_heatmap(heatmap)
    scale = scale or Scale.of(values)
    table = lookup(choose(scale.kind, colormap))
    return table[indices(scale.normalise(values))]


def indices(normalised: NDArray[np.float32]) -> NDArray[np.intp]:
    """The indices of a colour table for positions in [0, 1]: the nearest of 256."""
    return np.rint(normalised.astype(np.float64) * 255).astype(np.intp)


def gray(picture: ArrayLike) -> Picture:
    """The picture without its colours (ITU-R BT.601 luma), uint8 (rows, columns, 3)."""
    luma = as_picture(picture) @ np.array([0.299, 0.587, 0.114])
    return as_picture(np.rint(luma).astype(np.uint8))


def blended_table(
    scale: Scale,
    colormap: Colormap = None,
    opacity: float = 0.6,
    blend: Blend = "uniform",
    under: int = 128,
    least: float = 0.0,
) -> Picture:
    """The colours of an overlay over mid-grey, uint8 (256, 3), low to high.

    For the colour bar of an overlay, which does not contain the table's own colours.

    Args:
        scale: of the overlay, as the next three.
        colormap: see ``colorize``.
        opacity: see ``overlay``.
        blend: see ``overlay``.
        under: the grey level of the pixel underneath, 0 to 255.
        least: see ``overlay``.
    """
    table = lookup(choose(scale.kind, colormap))
    positions = np.linspace(0, 1, 256)[:, None]
    alpha = _alpha(positions, scale, opacity, blend)
    if least > 0:
        alpha[np.abs(scale.low + positions * (scale.high - scale.low)) < least] = 0
    return mix(np.full((256, 1, 3), under, np.uint8), table[:, None, :], alpha)[:, 0]


def _alpha(
    normalised: NDArray[Any], scale: Scale, opacity: float, blend: str
) -> NDArray[np.float64]:
    """The opacity of each pixel of the map, float64 in [0, opacity]."""
    if not 0 <= opacity <= 1:
        raise InvalidValueError(f"Opacity is a number from 0 to 1; got {opacity}.")
    if blend == "uniform":
        return np.full(normalised.shape, opacity, np.float64)
    if blend == "value":
        positions = normalised.astype(np.float64)
        return opacity * (np.abs(2 * positions - 1) if scale.kind == "diverging" else positions)
    raise UnknownNameError.of("way to blend", blend, get_args(Blend))


def mix(bottom: Picture, top: Picture, alpha: NDArray[np.float64]) -> Picture:
    """``top`` over ``bottom``, both uint8 (rows, columns, 3), alpha (rows, columns) in [0, 1]."""
    share = alpha[:, :, None]
    return np.rint(bottom * (1 - share) + top * share).astype(np.uint8)


def fit(picture: ArrayLike, heatmap: ArrayLike) -> tuple[Picture, NDArray[np.float32]]:
    """Picture and map on the larger one's grid; the map is resized bilinearly.

    Raises:
        InvalidValueError: their aspect ratios differ by more than one cell of the map, which then
            belongs to another crop of the picture.
    """
    base_picture, values = as_picture(picture), as_heatmap(heatmap)
    (rows, columns), (r, c) = base_picture.shape[:2], values.shape
    stretch = (rows / r, columns / c)
    if max(stretch) / min(stretch) > 1 + 1 / min(r, c) + 1e-9:
        raise InvalidValueError(
            f"The heatmap has {r} × {c} values and the picture {rows} × {columns} pixels, other "
            "proportions. Show the map over the picture as the network saw it, cropped and resized."
        )
    rows, columns = max(rows, r), max(columns, c)
    if base_picture.shape[:2] != (rows, columns):
        resized = Image.fromarray(base_picture).resize((columns, rows), Image.Resampling.BILINEAR)
        base_picture = np.asarray(resized)
    return base_picture, enlarge(values, rows, columns)


def overlay(
    picture: ArrayLike,
    heatmap: ArrayLike,
    scale: Scale | None = None,
    colormap: Colormap = None,
    opacity: float = 0.6,
    blend: Blend = "uniform",
    gray_picture: bool = True,
    least: float = 0.0,
) -> Picture:
    """The heatmap laid over the picture, uint8 (rows, columns, 3).

    Args:
        picture: uint8 (rows, columns, 3), as the network saw it.
        heatmap: (r, c), as large or smaller; enlarged bilinearly.
        scale: None for ``Scale.of(heatmap)``.
        colormap: see ``colorize``.
        opacity: of the map, 0 (the picture alone) to 1.
        blend: "uniform": every pixel of the map has that opacity. "value": opacity grows with the
            absolute value, from none at zero to ``opacity`` at the scale's end.
        gray_picture: convert the picture to grey first, so that its colours are not confused with
            the map's.
        least: smaller absolute values are transparent.

    Raises:
        InvalidValueError: an opacity outside [0, 1], or a map of other proportions.
    """
    scale = scale or Scale.of(heatmap)
    base_picture, values = fit(picture, heatmap)
    if gray_picture:
        base_picture = gray(base_picture)
    alpha = _alpha(scale.normalise(values), scale, opacity, blend)
    alpha[np.abs(values) < least] = 0
    return mix(base_picture, colorize(values, scale, colormap), alpha)


def side_by_side(
    picture: ArrayLike,
    heatmap: ArrayLike,
    scale: Scale | None = None,
    colormap: Colormap = None,
    gap: int = _GAP,
) -> Picture:
    """The picture and the coloured map, uint8 (rows, 2·columns + gap, 3), ``gap`` being white."""
    scale = scale or Scale.of(heatmap)
    left, values = fit(picture, heatmap)
    white = np.full((left.shape[0], gap, 3), 255, np.uint8)
    return np.concatenate([left, white, colorize(values, scale, colormap)], axis=1)


def split(
    picture: ArrayLike,
    heatmap: ArrayLike,
    at: float = 0.5,
    scale: Scale | None = None,
    colormap: Colormap = None,
) -> Picture:
    """The picture left of a line and the coloured map right of it, uint8 (rows, columns, 3).

    Args:
        picture: uint8 (rows, columns, 3).
        heatmap: (r, c).
        at: where the line is, from 0 (map only) to 1 (picture only).
        scale: None for ``Scale.of(heatmap)``.
        colormap: see ``colorize``.
    """
    if not 0 <= at <= 1:
        raise InvalidValueError(f"A split is a number from 0 to 1; got {at}.")
    scale = scale or Scale.of(heatmap)
    left, values = fit(picture, heatmap)
    columns = left.shape[1]
    border = round(at * columns)
    result = np.concatenate([left[:, :border], colorize(values, scale, colormap)[:, border:]], 1)
    if 0 < border < columns:  # white with a dark edge is visible on any colours
        width = max(1, columns // 224)
        result[:, max(0, border - 2 * width) : border + 2 * width] = 0
        result[:, max(0, border - width) : border + width] = 255
    return result


def color_bar(
    scale: Scale,
    colormap: Colormap = None,
    length: int = 256,
    thickness: int = 24,
    vertical: bool = True,
) -> Picture:
    """A bare colour bar, high end on top (or right); its ticks are ``scale.ticks()``.

    Returns:
        uint8 (length, thickness, 3), or (thickness, length, 3) where not vertical. Of a map of
        zeros it has the one colour of zero.
    """
    table = lookup(choose(scale.kind, colormap))
    if scale.is_zero:
        ends = table[indices(scale.normalise([[0.0]]))[0]]
        row = np.repeat(ends, length, axis=0)
    else:
        row = table[_cells(length, 256)]
    bar = np.repeat(row[None], thickness, axis=0)
    return np.ascontiguousarray(bar.transpose(1, 0, 2)[::-1]) if vertical else bar


def png_bytes(array: ArrayLike, text: Mapping[str, str] | None = None) -> bytes:
    """A picture as the bytes of a PNG file; the same array and text always give the same bytes.

    Args:
        array: uint8 (rows, columns), (rows, columns, 3) or, with transparency, (rows, columns, 4).
        text: metadata in the file: keywords ("Title", "Description", "Source") of
            1 to 79 Latin-1 characters, and their texts.

    Raises:
        InvalidValueError: another dtype or shape, or a keyword that PNG does not allow.
    """
    values: NDArray[Any] = np.asarray(array)
    fits = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if values.dtype != np.uint8 or not fits or values.size == 0:
        raise InvalidValueError(
            "A PNG is made of uint8 (rows, columns), (rows, columns, 3) or (rows, columns, 4); "
            f"this is {values.dtype} of the shape {values.shape}."
        )
    info = PngImagePlugin.PngInfo()
    for keyword, value in (text or {}).items():
        if not (0 < len(keyword) < 80 and all(" " <= k <= "~" or "¡" <= k <= "ÿ" for k in keyword)):
            raise InvalidValueError(f"{keyword!r} is no PNG keyword: 1 to 79 Latin-1 characters.")
        info.add_text(keyword, value)
    buffer = io.BytesIO()
    # level 1: for a 224 × 224 overlay a fifth of the default time, and a tenth more bytes
    image = Image.fromarray(np.ascontiguousarray(values))
    image.save(buffer, "PNG", pnginfo=info, compress_level=1)
    return buffer.getvalue()


def jpeg_bytes(array: ArrayLike, quality: int = 88) -> bytes:
    """A picture as the bytes of a JPEG file: lossy, and a tenth of PNG's size for photos.

    Args:
        array: uint8 (rows, columns, 3).
        quality: 1 to 95.
    """
    buffer = io.BytesIO()
    Image.fromarray(as_picture(array)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
