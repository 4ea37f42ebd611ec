"""Synthetic pictures with known evidence: drawn, with the mask of the object of the class.

64 × 64 pixels in colour. The class is that of the largest object, both its outline and its texture;
up to three smaller objects of other classes are beside it. Size, position, rotation, colours, light
and background are random and independent of the class. A shortcut (snow on the ground, a mark in a
corner) may be added: always, at random, or with one class only.

The same seed and options give the same picture, bit for bit on one machine; another processor or
version of NumPy may round a value differently. No TensorFlow here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo.drawn.painting import draw
from cnnvis_widgets.zoo.drawn.plan import KINDS, SHORTCUTS, Plan, make_plan, stream

CLASSES: tuple[str, ...] = tuple(kind.name for kind in KINDS)
"""The names of the classes; a scene's label is an index here."""

SHORTCUT_KINDS: tuple[str, ...] = ("none", *SHORTCUTS)
"""What `scene` takes as shortcut: "none", "background" (snow), "corner" (a mark)."""

MOST_DISTRACTORS = 3
PREFIX = "scene:"
"""The prefix of a drawn picture's name."""


class Scene(NamedTuple):
    """A picture and its ground truth. Masks are disjoint: a pixel belongs to its largest part.

    Attributes:
        picture: uint8 (64, 64, 3).
        label: index in `CLASSES`.
        evidence: bool (64, 64), the visible pixels of the object of that class.
        distractors: for each smaller object (its label, bool (64, 64) of its visible pixels).
        shortcut: bool (64, 64), nowhere True where there is none.
    """

    picture: np.ndarray
    label: int
    evidence: np.ndarray
    distractors: tuple[tuple[int, np.ndarray], ...]
    shortcut: np.ndarray


def scene(
    seed: int,
    label: int | None = None,
    *,
    distractors: int | None = None,
    shortcut: str = "none",
    with_class: int | None = None,
    share: float = 1.0,
    distractor_size: tuple[float, float] = (0.4, 0.6),
) -> Scene:
    """Draw one picture.

    The same seed with and without a shortcut gives the same picture but for the shortcut; the
    same holds for more or fewer distractors.

    Args:
        seed: at least 0; determines everything that is not given.
        label: index in `CLASSES`; None for one by chance.
        distractors: how many, 0 to 3; None for a number by chance.
        shortcut: "none", "background" (snow on the ground) or "corner" (a mark).
        with_class: the shortcut appears with this class only; None for all.
        share: how often it then appears, 0 to 1.
        distractor_size: smallest and largest radius of a distractor as a share of the object's,
            over 0 and at most 1 (never below 5 pixels). About 1 makes objects of nearly the same
            size: then there are several classes, and the label is that of one of them.

    Raises:
        InvalidValueError: a number out of its range.
        UnknownNameError: no such shortcut.
    """
    return draw_plan(
        plan(
            seed,
            label,
            distractors=distractors,
            shortcut=shortcut,
            with_class=with_class,
            share=share,
            distractor_size=distractor_size,
        )
    )


def scenes(
    count: int,
    seed: int,
    *,
    label: int | None = None,
    distractors: int | None = None,
    shortcut: str = "none",
    with_class: int | None = None,
    share: float = 1.0,
    distractor_size: tuple[float, float] = (0.4, 0.6),
) -> list[Scene]:
    """Draw several pictures; a shorter list is a prefix of a longer one.

    Args:
        count: how many, at least 0.
        seed: at least 0; another seed gives other pictures.
        label: one class for all; None for all classes in turn: each run of `len(CLASSES)` pictures
            holds every class once, in an order by chance.
        distractors: as for `scene`, and so are the others.
        shortcut: see `scene`.
        with_class: see `scene`.
        share: see `scene`.
        distractor_size: see `scene`.

    Raises:
        InvalidValueError: a number out of its range.
        UnknownNameError: no such shortcut.
    """
    checks.whole("count", count)
    checks.whole("seed", seed)
    rng = stream(seed, "labels")
    runs = -(-count // len(CLASSES))
    labels = [int(k) for _ in range(runs) for k in rng.permutation(len(CLASSES))]
    seeds = np.random.SeedSequence([seed, 1]).generate_state(count, np.uint64)
    return [
        scene(
            int(picture_seed),
            picture_label if label is None else label,
            distractors=distractors,
            shortcut=shortcut,
            with_class=with_class,
            share=share,
            distractor_size=distractor_size,
        )
        for picture_seed, picture_label in zip(seeds, labels[:count], strict=True)
    ]


def by_name(name: str) -> Scene:
    """The scene with this name: "scene:17" is `scene(17)`, "scene:17:background" has snow as well.

    Raises:
        InvalidValueError: no such name.
        UnknownNameError: no such shortcut.
    """
    seed, _, shortcut = name.removeprefix(PREFIX).partition(":")
    if not name.startswith(PREFIX) or not (seed.isascii() and seed.isdecimal()):
        raise InvalidValueError(
            "A drawn picture is called scene:SEED or scene:SEED:SHORTCUT, as scene:17 and "
            f"scene:17:background; got {name[:80]!r}."
        )
    return scene(int(seed), shortcut=shortcut or "none")


def plan(
    seed: int,
    label: int | None = None,
    *,
    distractors: int | None = None,
    shortcut: str = "none",
    with_class: int | None = None,
    share: float = 1.0,
    distractor_size: tuple[float, float] = (0.4, 0.6),
) -> Plan:
    """The plan of a `scene`, which `dataclasses.replace` can change; see `scene`."""
    checks.whole("seed", seed)
    for name, value, maximum in (
        ("label", label, len(CLASSES) - 1),
        ("with_class", with_class, len(CLASSES) - 1),
        ("distractors", distractors, MOST_DISTRACTORS),
    ):
        if value is not None:
            checks.whole(name, value, 0, maximum)
    if shortcut not in SHORTCUT_KINDS:
        raise UnknownNameError.of("shortcut", shortcut, SHORTCUT_KINDS)
    if not 0 <= share <= 1:
        raise InvalidValueError(f"share is from 0 to 1; got {share!r}.")
    low, high = distractor_size
    if not 0 < low <= high <= 1:
        raise InvalidValueError(
            f"distractor_size is two rising numbers over 0 and at most 1; got {distractor_size!r}."
        )
    rng = stream(seed, "choices")
    random_label, random_count, chance = rng.integers(len(CLASSES)), rng.integers(4), rng.random()
    label = int(random_label) if label is None else label
    distractors = int(random_count) if distractors is None else distractors
    has_shortcut = shortcut != "none" and with_class in (None, label) and chance < share
    return make_plan(seed, label, distractors, shortcut if has_shortcut else "", distractor_size)


def draw_plan(picture_plan: Plan) -> Scene:
    """Draw a plan of `plan`, changed or not."""
    drawing = draw(picture_plan)
    distractors = zip((d.label for d in picture_plan.distractors), drawing.distractors, strict=True)
    return Scene(
        drawing.picture,
        picture_plan.main_object.label,
        drawing.main_object,
        tuple(distractors),
        drawing.shortcut,
    )
