"""Draws a plan: its pixels, and the visible mask of each part."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.zoo.drawn import shapes
from cnnvis_widgets.zoo.drawn.grounds import GROUNDS
from cnnvis_widgets.zoo.drawn.plan import KINDS, SHORTCUTS, SIZE, DrawnObject, Plan, stream

FINE = 3  # supersampling: points per pixel along each axis


class Drawn(NamedTuple):
    """A picture and the visible mask of each part.

    Attributes:
        picture: uint8 (64, 64, 3).
        main_object: bool (64, 64), where more than half of a pixel shows the object.
        distractors: the same for each distractor.
        shortcut: the same for the shortcut.
    """

    picture: np.ndarray
    main_object: np.ndarray
    distractors: tuple[np.ndarray, ...]
    shortcut: np.ndarray


def draw(plan: Plan) -> Drawn:
    """Paint background, snow, distractors, object and mark; add light and noise."""
    axis = np.arange(SIZE) + 0.5
    x, y = np.meshgrid(axis, axis)
    rng = stream(plan.seed, "ground")
    canvas = GROUNDS[rng.integers(len(GROUNDS))](x, y, rng)
    covers: list[np.ndarray] = []

    def paint(colours: np.ndarray, cover: np.ndarray) -> None:
        """Paint a part over the others; `colours` are premultiplied by `cover`."""
        nonlocal canvas
        canvas = canvas * (1 - cover[..., None]) + colours
        covers[:] = [c * (1 - cover) for c in covers]
        covers.append(cover)

    def paint_shortcut() -> None:
        # The stream keeps its original name: another would change the training pictures.
        colours, cover = SHORTCUTS[plan.shortcut](x, y, stream(plan.seed, "tell-tale"))
        paint(colours * cover[..., None], cover)

    if plan.shortcut == "background":
        paint_shortcut()
    for drawn_object in (*plan.distractors, plan.main_object):
        paint(*_painted(drawn_object))
    if plan.shortcut == "corner":
        paint_shortcut()
    rng = stream(plan.seed, "light")
    direction, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.3)
    across = (x - 32) / 32 * np.cos(direction) + (y - 32) / 32 * np.sin(direction)
    tint = rng.uniform(0.93, 1.07, 3)
    bright = rng.uniform(0.85, 1.1) * (1 + strength * across / np.sqrt(2))
    lighted = np.clip(canvas * bright[..., None] * tint, 0, 1)
    noisy = 255 * lighted + rng.normal(0, rng.uniform(1, 5), canvas.shape)
    picture = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    visible = [cover > 0.5 for cover in covers]
    shortcut_mask = np.zeros((SIZE, SIZE), bool)
    if plan.shortcut == "background":
        shortcut_mask = visible.pop(0)
    elif plan.shortcut == "corner":
        shortcut_mask = visible.pop()
    return Drawn(picture, visible[-1], tuple(visible[:-1]), shortcut_mask)


def _painted(drawn_object: DrawnObject) -> tuple[np.ndarray, np.ndarray]:
    """An object's premultiplied colours and its coverage, both of the whole picture."""
    kind = KINDS[drawn_object.label]
    unit = shapes.spread(kind.shape) / drawn_object.radius
    reach = math.ceil(1.2 * shapes.reach(kind.shape) / unit)
    top, left = max(0, int(drawn_object.row) - reach), max(0, int(drawn_object.column) - reach)
    below, right = (
        min(SIZE, int(drawn_object.row) + reach + 1),
        min(SIZE, int(drawn_object.column) + reach + 1),
    )
    x, y = _points(left, top, right, below)
    x, y = x - drawn_object.column, y - drawn_object.row
    cosine, sine = math.cos(drawn_object.angle), math.sin(drawn_object.angle)
    along, across = cosine * x + sine * y, cosine * y - sine * x
    depth = (
        kind.shape(along * unit / drawn_object.stretch, across * unit * drawn_object.stretch) / unit
    )
    inside = depth < 0
    x, y, along, across, depth = (a[inside] for a in (x, y, along, across, depth))
    rng = np.random.default_rng(drawn_object.seed)
    share = kind.texture(along, across, drawn_object.period, rng)[:, None]
    toward = (
        x * math.cos(drawn_object.light) + y * math.sin(drawn_object.light)
    ) / drawn_object.radius
    shade = 1 + 0.16 * toward - 0.35 * np.clip(1 + depth / 1.3, 0, 1)  # a darker rim
    colours = np.zeros((*inside.shape, 3))
    first, second = drawn_object.colours
    colours[inside] = np.clip((first + (second - first) * share) * shade[:, None], 0, 1)
    weighed, cover = np.zeros((SIZE, SIZE, 3)), np.zeros((SIZE, SIZE))
    weighed[top:below, left:right] = _reduced(colours)
    cover[top:below, left:right] = _reduced(inside[..., None])[..., 0]
    return weighed, cover


def _points(left: int, top: int, right: int, below: int) -> tuple[np.ndarray, np.ndarray]:
    """The centres of the supersampling points of some pixels: x and y, in pixels."""
    x = left + (np.arange((right - left) * FINE) + 0.5) / FINE
    y = top + (np.arange((below - top) * FINE) + 0.5) / FINE
    across, down = np.meshgrid(x, y)
    return across, down


def _reduced(fine: np.ndarray) -> np.ndarray:
    """The mean over each pixel's supersampling points."""
    rows, columns, channels = fine.shape
    return fine.reshape(rows // FINE, FINE, columns // FINE, FINE, channels).mean((1, 3))
