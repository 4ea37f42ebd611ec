"""What will be drawn, in numbers: what chance decides about the objects, and where they are.

Each part draws its numbers from a stream of its own. So the same seed with and without a shortcut,
or with more distractors, gives the same object in the same place before the same ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.zoo.drawn import shapes, shortcuts, textures
from cnnvis_widgets.zoo.drawn.colours import contrasting

SIZE = 64

RADII = (9.5, 14.5)  # of the object: of the disc of the same area, in pixels
LEAST_RADIUS = 5.0  # below it a texture cannot be told
PERIODS = (5.0, 7.5)  # of the textures, in pixels
TRIES = 40
CORNERS = tuple((row, column, 8.0) for row in (9, SIZE - 9) for column in (9, SIZE - 9))
"""Where a mark may be: row, column, radius."""


class Kind(NamedTuple):
    """A class: its name, its outline, its texture."""

    name: str
    shape: shapes.Shape
    texture: textures.Texture


KINDS = (
    Kind("striped disc", shapes.disc, textures.stripes),
    Kind("dotted square", shapes.square, textures.dots),
    Kind("checked triangle", shapes.triangle, textures.checks),
    Kind("ringed star", shapes.star, textures.rings),
    Kind("wavy heart", shapes.heart, textures.waves),
    Kind("netted hexagon", shapes.hexagon, textures.net),
    Kind("rayed cross", shapes.cross, textures.rays),
    Kind("blotched crescent", shapes.crescent, textures.blotches),
)
SHORTCUTS = {"background": shortcuts.snow, "corner": shortcuts.mark}


@dataclass(frozen=True)
class Thing:
    """An object: which class, where, how large, how turned and stretched, in which colours.

    Attributes:
        label: index in `KINDS`.
        row: of its centre, in pixels.
        column: of its centre, in pixels.
        radius: of the disc of the same area, in pixels.
        angle: in radians.
        stretch: along its own axis; across it is divided by the same.
        period: of its texture, in pixels.
        colours: two of (red, green, blue), 0..1.
        light: the direction that it is lit from, in radians.
        seed: of what is irregular in its texture.
    """

    label: int
    row: float
    column: float
    radius: float
    angle: float
    stretch: float
    period: float
    colours: tuple[np.ndarray, np.ndarray]
    light: float
    seed: int


@dataclass(frozen=True)
class Plan:
    """A picture before it is drawn.

    Attributes:
        seed: what all chance comes from.
        thing: the object of the picture's class.
        distractors: objects of other classes, each smaller.
        shortcut: a key of `SHORTCUTS`, or "" for none.
    """

    seed: int
    thing: Thing
    distractors: tuple[Thing, ...]
    shortcut: str


def stream(seed: int, part: str) -> np.random.Generator:
    """The chance that one part of a picture hangs on, and nothing else does."""
    return np.random.default_rng([seed, *part.encode()])


def make_plan(
    seed: int, label: int, count: int, shortcut: str, distractor_size: tuple[float, float]
) -> Plan:
    """Decide everything.

    Args:
        seed: at least 0.
        label: index in `KINDS`.
        count: of distractors; each of a class of its own.
        shortcut: a key of `SHORTCUTS`, or "".
        distractor_size: the range of a distractor's radius, as a share of the object's.
    """
    rng = stream(seed, "object")
    thing = _thing(rng, label, rng.uniform(*RADII), [])
    rng = stream(seed, "distractors")
    others = [k for k in rng.permutation(len(KINDS)) if k != label]
    placed: list[Thing] = []
    for other in others[:count]:
        radius = max(LEAST_RADIUS, rng.uniform(*distractor_size) * thing.radius)
        taken = [(t.row, t.column, t.radius) for t in (thing, *placed)]
        # Out of the corners, where a mark would hide a small object wholly.
        placed.append(_thing(rng, int(other), radius, [*taken, *CORNERS]))
    return Plan(seed, thing, tuple(placed), shortcut)


def _thing(
    rng: np.random.Generator, label: int, radius: float, taken: list[tuple[float, float, float]]
) -> Thing:
    """An object in a place that is free, or else where it is least in the way.

    Args:
        rng: where the numbers come from.
        label: index in `KINDS`.
        radius: of the disc of the same area.
        taken: row, column and radius of what is already there.
    """
    margin = 1.1 * radius

    places = rng.uniform(margin, SIZE - margin, (TRIES, 2))
    gaps = np.zeros(TRIES)
    if taken:
        there = np.array(taken)
        apart = np.linalg.norm(places[:, None] - there[:, :2], axis=-1)
        gaps = (apart - 1.15 * (there[:, 2] + radius)).min(axis=1)
    free = gaps >= 0
    row, column = places[free.argmax() if free.any() else gaps.argmax()]
    return Thing(
        label,
        float(row),
        float(column),
        radius,
        angle=rng.uniform(0, 2 * np.pi),
        stretch=rng.uniform(0.9, 1.12),
        period=rng.uniform(*PERIODS) * min(1.0, max(0.8, radius / 9)),
        colours=contrasting(rng),
        light=rng.uniform(0, 2 * np.pi),
        seed=int(rng.integers(2**31)),
    )
