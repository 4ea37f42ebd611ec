"""Boxes from maps: against a flood fill written out, boxes counted pixel by pixel, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.localisation import Box, box_around, region

MAP = np.array(
    [
        [0, 9, 9, 0, 0, 0],
        [0, 8, 0, 0, 5, 5],
        [0, 0, 0, 5, 5, 5],
        [10, 0, -9, 0, 2, 2],
    ],
    float,
)


def flooded(enough: np.ndarray) -> np.ndarray:
    """The largest region by walking from place to place."""
    best: set[tuple[int, int]] = set()
    left = {tuple(place) for place in np.argwhere(enough)}
    while left:
        todo, cells = [min(left)], set()
        while todo:
            r, c = todo.pop()
            if (r, c) in left:
                left.remove((r, c))
                cells.add((r, c))
                todo += [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
        if len(cells) > len(best):
            best = cells
    mask = np.zeros(enough.shape, bool)
    for place in best:
        mask[place] = True
    return mask


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.55, 0.85, 1.0])
def test_the_region_is_that_of_a_flood_fill(share: float) -> None:
    rough = np.random.default_rng(3).normal(0, 1, (13, 22))
    for values in (MAP, rough):
        mask = region(values, share)
        np.testing.assert_array_equal(mask, flooded(values >= share * values.max()))


def test_boxes_of_the_small_map_are_those_on_paper() -> None:
    assert box_around(region(MAP, 0.2)) == Box(1, 3, 4, 6)  # the larger one, not the brighter one
    assert box_around(region(MAP, 0.55)) == Box(0, 1, 2, 3)
    assert box_around(region(MAP, 1)) == Box(3, 0, 4, 1)


def test_intersection_over_union_is_what_counting_gives() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        boxes, masks = [], []
        for _ in range(2):
            (top, bottom), (left, right) = np.sort(
                [random.choice(15, 2, False), random.choice(20, 2, False)], axis=1
            )
            mask = np.zeros((14, 19), bool)
            mask[top:bottom, left:right] = True
            boxes.append(Box(int(top), int(left), int(bottom), int(right)))
            masks.append(mask)
            assert box_around(mask) == boxes[-1] and boxes[-1].area == mask.sum()
        counted = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
        assert boxes[0].iou(boxes[1]) == boxes[1].iou(boxes[0]) == pytest.approx(counted)


def test_a_map_without_anything_above_zero_has_no_box() -> None:
    assert not region(-np.ones((3, 4))).any()
    assert box_around(region(np.zeros((3, 4)))) is None


@pytest.mark.parametrize(
    ("values", "share", "message"),
    [
        (np.zeros(3), 0.2, r"\(3,\)"),
        (np.full((2, 3), np.nan), 0.2, "finite"),
        (np.zeros((0, 3)), 0.2, r"\(0, 3\)"),
        (MAP, 0.0, "above 0"),
        (MAP, 1.01, "at most 1"),
    ],
)
def test_what_is_no_map_or_share_is_refused(values, share, message) -> None:
    with pytest.raises(InvalidValueError, match=message):
        region(values, share)
