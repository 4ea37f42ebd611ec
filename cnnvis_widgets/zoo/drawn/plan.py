"""The random plan of a picture: its objects and their positions.

Each part has its own random stream. So the same seed with and without a shortcut, or with more
distractors, gives the same object at the same position on the same background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.zoo.drawn import shapes, shortcuts, textures
from cnnvis_widgets.zoo.drawn.colours import contrasting

SIZE = 64

RADII = (9.5, 14.5)  # of the object: of the disc of the same area, in pixels
LEAST_RADIUS = 5.0  # below it a texture is not recognisable
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
class DrawnObject:
    """An object: its class, position, size, rotation, stretch and colours.

    Attributes:
        label: index in `KINDS`.
        row: of its centre, in pixels.
        column: of its centre, in pixels.
        radius: of the disc of the same area, in pixels.
        angle: in radians.
        stretch: along its own axis; across it is divided by the same.
        period: of its texture, in pixels.
        colours: two of (red, green, blue), 0..1.
        light: the direction of the light, in radians.
        seed: of the irregular parts of its texture.
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
        seed: of all random streams.
        main_object: the object of the picture's class.
        distractors: objects of other classes, each smaller.
        shortcut: a key of `SHORTCUTS`, or "" for none.
    """

    seed: int
    main_object: DrawnObject
    distractors: tuple[DrawnObject, ...]
    shortcut: str


def stream(seed: int, part: str) -> np.random.Generator:
    """The random stream of one part of a picture."""
    return np.random.default_rng([seed, *part.encode()])


def make_plan(
    seed: int, label: int, count: int, shortcut: str, distractor_size: tuple[float, float]
) -> Plan:
    """Draw a random plan.

    Args:
        seed: at least 0.
        label: index in `KINDS`.
        count: of distractors; each of a class of its own.
        shortcut: a key of `SHORTCUTS`, or "".
        distractor_size: the range of a distractor's radius, as a share of the object's.
    """
    rng = stream(seed, "object")
    main_object = _random_object(rng, label, rng.uniform(*RADII), [])
    rng = stream(seed, "distractors")
    other_labels = [k for k in rng.permutation(len(KINDS)) if k != label]
    objects: list[DrawnObject] = []
    for other_label in other_labels[:count]:
        radius = max(LEAST_RADIUS, rng.uniform(*distractor_size) * main_object.radius)
        occupied = [(t.row, t.column, t.radius) for t in (main_object, *objects)]
        # Not in the corners, where a mark would hide a small object.
        objects.append(_random_object(rng, int(other_label), radius, [*occupied, *CORNERS]))
    return Plan(seed, main_object, tuple(objects), shortcut)


def _random_object(
    rng: np.random.Generator, label: int, radius: float, occupied: list[tuple[float, float, float]]
) -> DrawnObject:
    """An object at a free position, or else where it overlaps least.

    Args:
        rng: random generator.
        label: index in `KINDS`.
        radius: of the disc of the same area.
        occupied: row, column and radius of what is already there.
    """
    margin = 1.1 * radius

    candidates = rng.uniform(margin, SIZE - margin, (TRIES, 2))
    gaps = np.zeros(TRIES)
    if occupied:
        occupied_array = np.array(occupied)
        distances = np.linalg.norm(candidates[:, None] - occupied_array[:, :2], axis=-1)
        gaps = (distances - 1.15 * (occupied_array[:, 2] + radius)).min(axis=1)
    free = gaps >= 0
    row, column = candidates[free.argmax() if free.any() else gaps.argmax()]
    return DrawnObject(
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
