"""From a plan to pixels, and to what is seen of each part."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.zoo.drawn import shapes
from cnnvis_widgets.zoo.drawn.grounds import GROUNDS
from cnnvis_widgets.zoo.drawn.plan import KINDS, SHORTCUTS, SIZE, Plan, Thing, stream

FINE = 3  # points to a pixel, across and down


class Drawn(NamedTuple):
    """A picture and what is seen of each part.

    Attributes:
        picture: uint8 (64, 64, 3).
        thing: bool (64, 64), where more than half of a pixel shows the object.
        distractors: the same for each distractor.
        shortcut: the same for the shortcut.
    """

    picture: np.ndarray
    thing: np.ndarray
    distractors: tuple[np.ndarray, ...]
    shortcut: np.ndarray


def draw(plan: Plan) -> Drawn:
    """Paint the ground, the snow, the distractors, the object, the mark; light them; add grain."""
    axis = np.arange(SIZE) + 0.5
    x, y = np.meshgrid(axis, axis)
    rng = stream(plan.seed, "ground")
    canvas = GROUNDS[rng.integers(len(GROUNDS))](x, y, rng)
    covers: list[np.ndarray] = []

    def lay(colours: np.ndarray, cover: np.ndarray) -> None:
        """Put a part before all that are there; `colours` are already weighed by `cover`."""
        nonlocal canvas
        canvas = canvas * (1 - cover[..., None]) + colours
        covers[:] = [c * (1 - cover) for c in covers]
        covers.append(cover)

    def lay_shortcut() -> None:
        # The stream keeps its first name: another would draw other pictures than were trained on.
        colours, cover = SHORTCUTS[plan.shortcut](x, y, stream(plan.seed, "tell-tale"))
        lay(colours * cover[..., None], cover)

    if plan.shortcut == "background":
        lay_shortcut()
    for thing in (*plan.distractors, plan.thing):
        lay(*_painted(thing))
    if plan.shortcut == "corner":
        lay_shortcut()
    rng = stream(plan.seed, "light")
    direction, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.3)
    across = (x - 32) / 32 * np.cos(direction) + (y - 32) / 32 * np.sin(direction)
    tint = rng.uniform(0.93, 1.07, 3)
    bright = rng.uniform(0.85, 1.1) * (1 + strength * across / np.sqrt(2))
    lit = np.clip(canvas * bright[..., None] * tint, 0, 1)
    noisy = 255 * lit + rng.normal(0, rng.uniform(1, 5), canvas.shape)
    picture = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    seen = [cover > 0.5 for cover in covers]
    told = np.zeros((SIZE, SIZE), bool)
    if plan.shortcut == "background":
        told = seen.pop(0)
    elif plan.shortcut == "corner":
        told = seen.pop()
    return Drawn(picture, seen[-1], tuple(seen[:-1]), told)


def _painted(thing: Thing) -> tuple[np.ndarray, np.ndarray]:
    """An object's colours weighed by its cover, and its cover, both of the whole picture."""
    kind = KINDS[thing.label]
    unit = shapes.spread(kind.shape) / thing.radius
    reach = math.ceil(1.2 * shapes.reach(kind.shape) / unit)
    top, left = max(0, int(thing.row) - reach), max(0, int(thing.column) - reach)
    below, right = min(SIZE, int(thing.row) + reach + 1), min(SIZE, int(thing.column) + reach + 1)
    x, y = _points(left, top, right, below)
    x, y = x - thing.column, y - thing.row
    cosine, sine = math.cos(thing.angle), math.sin(thing.angle)
    along, across = cosine * x + sine * y, cosine * y - sine * x
    depth = kind.shape(along * unit / thing.stretch, across * unit * thing.stretch) / unit
    inside = depth < 0
    x, y, along, across, depth = (a[inside] for a in (x, y, along, across, depth))
    rng = np.random.default_rng(thing.seed)
    share = kind.texture(along, across, thing.period, rng)[:, None]
    toward = (x * math.cos(thing.light) + y * math.sin(thing.light)) / thing.radius
    shade = 1 + 0.16 * toward - 0.35 * np.clip(1 + depth / 1.3, 0, 1)  # a darker rim
    colours = np.zeros((*inside.shape, 3))
    first, second = thing.colours
    colours[inside] = np.clip((first + (second - first) * share) * shade[:, None], 0, 1)
    weighed, cover = np.zeros((SIZE, SIZE, 3)), np.zeros((SIZE, SIZE))
    weighed[top:below, left:right] = _reduced(colours)
    cover[top:below, left:right] = _reduced(inside[..., None])[..., 0]
    return weighed, cover


def _points(left: int, top: int, right: int, below: int) -> tuple[np.ndarray, np.ndarray]:
    """The centres of the fine points within some pixels: x and y, in pixels."""
    x = left + (np.arange((right - left) * FINE) + 0.5) / FINE
    y = top + (np.arange((below - top) * FINE) + 0.5) / FINE
    across, down = np.meshgrid(x, y)
    return across, down


def _reduced(fine: np.ndarray) -> np.ndarray:
    """The mean over each pixel's fine points."""
    rows, columns, channels = fine.shape
    return fine.reshape(rows // FINE, FINE, columns // FINE, FINE, channels).mean((1, 3))
