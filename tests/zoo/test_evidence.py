"""The drawn pictures: that the masks are true, and that nothing but the object tells the class."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import ndimage

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo import evidence
from cnnvis_widgets.zoo.drawn import shapes
from cnnvis_widgets.zoo.drawn.noise import noise
from cnnvis_widgets.zoo.drawn.plan import KINDS
from cnnvis_widgets.zoo.evidence import CLASSES, Scene, scene, scenes

EIGHT = np.ones((3, 3), bool)


def same(one: Scene, other: Scene) -> bool:
    masks = zip(one.distractors, other.distractors, strict=True)
    return (
        np.array_equal(one.picture, other.picture)
        and one.label == other.label
        and np.array_equal(one.evidence, other.evidence)
        and np.array_equal(one.shortcut, other.shortcut)
        and all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in masks)
    )


def changed(one: Scene, other: Scene) -> np.ndarray:
    return (one.picture != other.picture).any(-1)


def grown(mask: np.ndarray) -> np.ndarray:
    """With the pixels around, of which the part may fill less than half."""
    return ndimage.binary_dilation(mask, EIGHT)


@pytest.fixture(scope="module")
def many() -> list[Scene]:
    return scenes(96, 21, shortcut="background", share=0.5)


def test_types_shapes_and_ranges(many: list[Scene]) -> None:
    for one in many:
        assert one.picture.dtype == np.uint8
        assert one.picture.shape == (64, 64, 3)
        masks = [one.evidence, one.shortcut, *(m for _, m in one.distractors)]
        assert all(m.dtype == bool and m.shape == (64, 64) for m in masks)
        assert np.sum(masks, axis=0).max() == 1  # disjoint
        assert one.picture.std() > 8  # something is to be seen
    assert {len(one.distractors) for one in many} == {0, 1, 2, 3}


def test_the_object_is_the_largest_and_every_distractor_is_seen(many: list[Scene]) -> None:
    for one in many:
        assert 150 < one.evidence.sum() < 800
        kinds = [one.label, *(label for label, _ in one.distractors)]
        assert len(set(kinds)) == len(kinds)
        for _, mask in one.distractors:
            assert 20 < mask.sum() < 0.6 * one.evidence.sum()


def test_the_same_seed_is_the_same_picture_and_another_is_another() -> None:
    first = scenes(9, 5, shortcut="corner", share=0.5)
    np.random.seed(3)
    assert all(map(same, first, scenes(9, 5, shortcut="corner", share=0.5)))
    assert all(map(same, first, scenes(17, 5, shortcut="corner", share=0.5)))  # the first of more
    others = [*first, *scenes(9, 6, shortcut="corner", share=0.5)]
    assert len({one.picture.tobytes() for one in others}) == 18


def test_labels_are_balanced_in_every_run_of_eight() -> None:
    labels = [evidence.plan(0, one.label).main_object.label for one in scenes(20, 8, distractors=0)]
    assert sorted(labels[:8]) == sorted(labels[8:16]) == list(range(len(CLASSES)))
    assert labels[:8] != labels[8:16]
    assert len(set(labels[16:])) == 4
    assert {one.label for one in scenes(5, 8, label=3, distractors=0)} == {3}


def test_classes_differ_in_outline_and_in_texture() -> None:
    assert len(CLASSES) >= 8
    for column in zip(*KINDS, strict=True):
        assert len(set(column)) == len(CLASSES)


# --- masks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_an_object_of_other_colours_changes_its_mask_and_nothing_else(seed: int) -> None:
    plan = evidence.plan(seed, distractors=3, shortcut=("background", "corner")[seed % 2])
    white, black = (np.full(3, v) for v in (1.0, 0.0))
    for place in range(4):
        things = [plan.main_object, *plan.distractors]

        def painted(colour: np.ndarray, place: int = place, things: list = things) -> Scene:
            repainted = dataclasses.replace(things[place], colours=(colour, colour))
            rest = [*things[:place], repainted, *things[place + 1 :]]
            return evidence.draw_plan(
                dataclasses.replace(plan, main_object=rest[0], distractors=tuple(rest[1:]))
            )

        one, other = painted(white), painted(black)
        mask = one.evidence if place == 0 else one.distractors[place - 1][1]
        difference = changed(one, other)
        assert difference[mask].all()
        assert not (difference & ~grown(mask)).any()
        apart = one.picture.astype(int).sum(-1) - other.picture.astype(int).sum(-1)
        inner = ndimage.binary_erosion(mask, EIGHT)
        if inner.any():
            assert apart[inner].min() > 100  # it is wholly there, not shining through


@pytest.mark.parametrize("kind", ["background", "corner"])
def test_the_same_seed_with_and_without_a_shortcut_differs_in_its_mask_only(kind: str) -> None:
    for seed in range(8):
        without, there = scene(seed, 4), scene(seed, 4, shortcut=kind)
        assert not without.shortcut.any()
        difference = changed(without, there)
        assert difference[there.shortcut].mean() > 0.97  # snow may fall on what was as white
        # Snow in a gap of two pixels between objects may fill less than half of each.
        objects = np.any([there.evidence, *(m for _, m in there.distractors)], axis=0)
        rims = grown(objects) & grown(~objects)
        assert not (difference & ~grown(there.shortcut) & ~rims).any()
        assert (difference & ~grown(there.shortcut)).sum() < 12
        hidden = without.evidence & ~there.evidence
        if kind == "background":  # behind the objects
            assert not hidden.any()
            assert 500 < there.shortcut.sum() < 1700
            assert not there.shortcut[:30].any()
        else:  # before everything, in a corner
            assert not (hidden & ~grown(there.shortcut)).any()
            rows, columns = np.nonzero(there.shortcut)
            assert 130 < len(rows) < 160
            assert abs(rows.mean() - 31.5) > 20
            assert abs(columns.mean() - 31.5) > 20


def test_more_distractors_leave_the_others_where_they_are() -> None:
    for seed in range(5):
        few, more = scene(seed, 2, distractors=1), scene(seed, 2, distractors=3)
        kept = more.distractors[0][0]
        assert kept == few.distractors[0][0]
        added = np.any([grown(m) for _, m in more.distractors[1:]], axis=0)
        assert changed(few, more).any()
        assert not (changed(few, more) & ~added).any()


def test_a_disc_s_mask_is_the_circle_that_was_planned() -> None:
    for seed in range(12):
        plan = evidence.plan(seed, CLASSES.index("striped disc"), distractors=0)
        row, column, radius = 22.3, 37.8, 11.6
        thing = dataclasses.replace(
            plan.main_object, row=row, column=column, radius=radius, stretch=1.0
        )
        mask = evidence.draw_plan(dataclasses.replace(plan, main_object=thing)).evidence
        rows, columns = np.mgrid[:64, :64] + 0.5
        distance = np.hypot(rows - row, columns - column)
        assert mask[distance < radius - 0.5].all()
        assert not mask[distance > radius + 0.5].any()


@pytest.mark.parametrize("label", range(len(CLASSES)), ids=CLASSES)
def test_outlines_have_the_planned_area(label: int) -> None:
    plan = evidence.plan(2, label, distractors=0)
    thing = dataclasses.replace(plan.main_object, row=31.0, column=33.0, radius=13.0, stretch=1.1)
    mask = evidence.draw_plan(dataclasses.replace(plan, main_object=thing)).evidence
    assert mask.sum() == pytest.approx(np.pi * 13**2, rel=0.04)
    rows, columns = np.nonzero(mask)
    reach = 13 * 1.1 * shapes.reach(KINDS[label].shape) / shapes.spread(KINDS[label].shape)
    assert np.hypot(rows + 0.5 - 31, columns + 0.5 - 33).max() <= reach + 0.8


def test_outlines_on_paper() -> None:
    """Points whose side is known, x and y unequal."""
    inside = {
        shapes.square: [(0.99, 0.5), (-0.2, -0.97)],
        shapes.triangle: [(0.0, -0.95), (0.8, 0.45), (-0.8, 0.45)],
        shapes.hexagon: [(1.1, 0.02), (0.4, 0.95)],
        shapes.star: [(0.0, -0.97), (0.92, -0.3), (0.57, 0.78)],
        shapes.heart: [(0.5, -0.9), (-0.5, -0.9), (0.0, 0.85)],
        shapes.cross: [(0.95, 0.3), (0.3, -0.95)],
        shapes.crescent: [(-0.7, 0.1), (0.2, 0.95)],
    }
    outside = {
        shapes.square: [(1.02, 0.5)],
        shapes.triangle: [(0.8, -0.5), (0.0, 0.55)],
        shapes.hexagon: [(0.4, 1.05), (0.98, 0.75)],
        shapes.star: [(0.0, 0.8), (0.5, -0.6)],
        shapes.heart: [(0.0, -1.15), (0.6, 0.6)],
        shapes.cross: [(0.6, 0.5), (1.05, 0.1)],
        shapes.crescent: [(0.6, 0.1), (1.0, 0.2)],
    }
    for points, sign in ((inside, -1), (outside, 1)):
        for shape, places in points.items():
            x, y = np.array(places).T
            assert (np.sign(shape(x, y)) == sign).all(), (shape.__name__, shape(x, y))


# --- what must say nothing --------------------------------------------------------------------


def test_shortcuts_go_with_one_class_or_with_chance() -> None:
    options = {"shortcut": "corner", "distractors": 0}
    tied = scenes(24, 31, with_class=5, **options)
    assert [one.shortcut.any() for one in tied] == [one.label == 5 for one in tied]
    often = [bool(evidence.plan(n, shortcut="corner", share=0.3).shortcut) for n in range(500)]
    assert 0.24 < np.mean(often) < 0.36  # three standard deviations
    assert not any(evidence.plan(n, shortcut="corner", share=0.0).shortcut for n in range(50))
    for label in range(len(CLASSES)):
        plans = (evidence.plan(n, label, shortcut="corner", share=0.5) for n in range(60))
        assert 18 < sum(bool(one.shortcut) for one in plans) < 42  # three standard deviations


def test_place_size_turn_and_colour_say_nothing_about_the_class() -> None:
    count = 120
    for label in range(len(CLASSES)):
        things = [evidence.plan(1000 * label + n, label).main_object for n in range(count)]
        numbers = np.array(
            [(t.row, t.column, t.radius, t.angle, t.period, *t.colours[0]) for t in things]
        )
        ends = np.array([(16, 48), (16, 48), (9.5, 14.5), (0, 6.3), (5, 7.5), *[(0, 1)] * 3])
        spread = np.ptp(ends, axis=1)
        middle = ends.mean(axis=1)
        assert (abs(numbers.mean(0) - middle) < 0.12 * spread).all()
        assert (numbers.std(0) > 0.2 * spread).all()


def test_two_objects_of_nearly_the_same_size() -> None:
    for one in scenes(12, 44, distractors=1, distractor_size=(0.9, 1.0)):
        other = one.distractors[0][1].sum()
        assert 0.4 < other / one.evidence.sum() < 1.6


def test_noise_is_smooth_and_in_its_range() -> None:
    y, x = np.mgrid[:40, :90].astype(float)
    values = noise(x, y, 7.0, np.random.default_rng(2))
    assert values.shape == (40, 90)
    assert 0 <= values.min() < 0.15
    assert 0.85 < values.max() <= 1
    assert abs(values.mean() - 0.5) < 0.1
    steps = [abs(np.diff(values, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 1.5 / 7 + 0.02  # the steepest of 3u² - 2u³ is 1.5


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"label": 8}, "label"),
        ({"label": -1}, "label"),
        ({"distractors": 4}, "distractors"),
        ({"distractors": True}, "distractors"),
        ({"with_class": 9}, "with_class"),
        ({"share": 1.5}, "share"),
        ({"distractor_size": (0.6, 0.4)}, "distractor_size"),
        ({"distractor_size": (0.5, 1.4)}, "distractor_size"),
    ],
)
def test_numbers_out_of_range_are_told(options: dict, word: str) -> None:
    for draw in (lambda: scene(3, **options), lambda: scenes(1, 3, **options)):
        with pytest.raises(InvalidValueError, match=word):
            draw()


def test_other_refusals() -> None:
    with pytest.raises(UnknownNameError, match="background"):
        scene(3, shortcut="backgruond")
    for count, seed in itertools.product((-1, 1.5), (-1, 2)):
        with pytest.raises(InvalidValueError, match=r"count is|seed is"):
            scenes(count, seed)  # type: ignore[arg-type]
