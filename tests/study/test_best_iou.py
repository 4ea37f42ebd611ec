"""Intersection over union at the best threshold, against every threshold tried by itself."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case

IOU = metric("best_iou")
RNG = np.random.default_rng(11)
MASK = np.zeros((6, 9), np.bool_)
MASK[2:5, 1:6] = True


@pytest.mark.parametrize("levels", [3, 1000])
def test_equals_the_best_of_all_thresholds(levels: int) -> None:
    for _ in range(5):
        heatmap = RNG.integers(-levels // 4, levels, (6, 9)) + 2.0 * MASK
        scores = {}
        for t in np.unique(heatmap[heatmap > 0]):
            region = heatmap >= t
            scores[t] = (region & MASK).sum() / (region | MASK).sum()
        score = IOU.measure(Case(heatmap, MASK))
        assert score.value == pytest.approx(max(scores.values()))
        assert scores[score.details["threshold"]] == pytest.approx(score.value)


def test_the_objects_shape_at_any_height_is_right() -> None:
    haze = RNG.uniform(0, 0.5, (6, 9)) + MASK
    assert IOU.measure(Case(haze, MASK)).value == 1
    assert IOU.measure(Case(~MASK * 1.0, MASK)).value == 0  # it never touches the object
    assert IOU.measure(Case(np.ones((6, 9)), MASK)).value == pytest.approx(15 / 54)
