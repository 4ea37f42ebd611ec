"""Mosaics: where each picture goes, and maps that know or do not know the class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toys import Fixed

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case, Companion, Maps
from cnnvis_widgets.study.metrics.focus import build

FOCUS = metric("focus")


def plain(level: int) -> np.ndarray:
    return np.full((8, 6, 3), level, np.uint8)


def case(explain: Any, **options: Any) -> Case:
    companions = (Companion(plain(40), 0), Companion(plain(220), 3), Companion(plain(60), 5))
    made = Case(
        np.ones((9, 7)), network=object(), image=np.full((9, 7, 3), 200, np.uint8),
        neuron=Neuron(None, 3), explain=explain, companions=companions,
    )  # fmt: skip
    return replace(made, **options)


def bright(network: Any, mosaic: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
    """Knows the class: in these pictures it is what is bright."""
    heatmap = (mosaic[..., 0] > 128).astype(np.float32)
    return Maps(heatmap, heatmap[..., None])


def dark(*question: Any, **options: Any) -> Maps:
    heatmap = 1 - bright(*question).heatmap
    return Maps(heatmap, heatmap[..., None])


def test_a_map_that_knows_the_class_and_one_that_knows_the_others() -> None:
    for seed in range(6):
        assert FOCUS.measure(case(bright, seed=seed)).value == 1
        assert FOCUS.measure(case(dark, seed=seed)).value == 0


def test_a_map_of_the_place_is_a_half_on_average() -> None:
    left = np.zeros((9, 7), np.float32)
    left[:, :3] = 1  # everything that it shows is on the two left pictures
    values = [FOCUS.measure(case(Fixed(left), seed=seed)).value for seed in range(200)]
    assert set(values) == {4 / 9, 0.0, 1.0} | {5 / 9}  # 4 rows above, 5 below
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)


def test_a_mosaic_is_four_pictures_at_half_size() -> None:
    levels = (10, 80, 150, 230)
    tiles = [
        Companion(plain(level), unit) for level, unit in zip(levels, (1, 2, 1, 9), strict=True)
    ]
    mosaic, where = build(tiles, 1, (9, 7))
    assert mosaic.shape == (9, 7, 3)
    assert (mosaic[:4, :3] == 10).all()
    assert (mosaic[:4, 3:] == 80).all()
    assert (mosaic[4:, :3] == 150).all()
    assert (mosaic[4:, 3:] == 230).all()
    np.testing.assert_array_equal(where, np.isin(mosaic[..., 0], (10, 150)))


def test_too_few_pictures_or_a_map_of_zeros_is_not_defined() -> None:
    two = (Companion(plain(220), 3), Companion(plain(60), 5))
    assert "two of others" in FOCUS.measure(case(bright, companions=two)).note
    assert FOCUS.measure(case(Fixed(np.zeros((9, 7))))).value is None
    floats = case(bright, image=np.ones((9, 7, 3), np.float32))
    assert FOCUS.measure(floats).value is None
