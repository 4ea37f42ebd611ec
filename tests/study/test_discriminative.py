"""Discriminative, and the shortcut's share: maps made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case, Maps, Other

RNG = np.random.default_rng(5)
A, B = np.zeros((6, 10), np.bool_), np.zeros((6, 10), np.bool_)
A[1:4, 1:3], B[2:6, 5:10] = True, True
METRIC = metric("discriminative")


def case(maps: dict[int, np.ndarray], others: tuple[Other, ...] = (Other(4, B),)) -> Case:
    def explain(network: Any, image: Any, neuron: Neuron, seed: int, layer: Any = None) -> Maps:
        return Maps(maps[neuron.unit], maps[neuron.unit][..., None])

    return Case(
        maps[2], A, others, network=object(), image=np.zeros((6, 10, 3), np.uint8),
        neuron=Neuron(None, 2), explain=explain,
    )  # fmt: skip


def test_each_on_its_own_is_1_and_each_on_the_other_0() -> None:
    assert METRIC.measure(case({2: A * 3.0, 4: B * 0.1})).value == 1
    assert METRIC.measure(case({2: B * 3.0, 4: A * 0.1})).value == 0


def test_the_same_map_for_both_is_a_half_whatever_it_shows() -> None:
    for heatmap in (RNG.random((6, 10)), A * 1.0, np.zeros((6, 10)), -RNG.random((6, 10))):
        assert METRIC.measure(case({2: heatmap, 4: heatmap})).value == pytest.approx(0.5)


def test_means_and_not_sums() -> None:
    maps = {2: A * 2.0 + B * 1.0, 4: A * 1.0 + B * 4.0 - ~(A | B) * 1.0}
    assert METRIC.measure(case(maps)).value == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_several_others_are_averaged_and_the_same_class_is_left_out() -> None:
    c = np.zeros((6, 10), np.bool_)
    c[0, :] = True
    maps = {2: A * 1.0, 4: B * 1.0, 7: A * 1.0}
    others = (Other(4, B), Other(7, c), Other(2, c))
    score = METRIC.measure(case(maps, others))
    assert score.details["pairs"] == [1, 0.5]
    assert score.value == 0.75
    assert METRIC.measure(case(maps, (Other(2, c),))).value is None


def test_it_needs_another_object() -> None:
    with pytest.raises(UnsuitableError, match="output units of other objects"):
        METRIC.measure(case({2: A * 1.0, 4: A * 1.0}, ()))


def test_a_hidden_neuron_has_no_object() -> None:
    asked = replace(case({2: A * 1.0, 4: B * 1.0}), neuron=Neuron("c1", 2))
    assert METRIC.measure(asked).value is None
    assert "hidden layer" in METRIC.measure(asked).note


def test_shortcut_share() -> None:
    share = metric("shortcut_share")
    shortcut = np.zeros((6, 10), np.bool_)
    shortcut[:, 4:] = True
    object_ = A | B  # partly on the shortcut: there it is the object
    for heatmap, expected in [(object_ * 2.0, 0), ((shortcut & ~object_) * 1.0, 1)]:
        assert share.measure(Case(heatmap, object_, shortcut=shortcut)).value == expected
    flat = share.measure(Case(np.ones((6, 10)), object_, shortcut=shortcut)).value
    assert flat == pytest.approx(16 / (16 + 26))  # 36 pixels of shortcut, 20 of them object
    beside = np.zeros((6, 10))
    beside[0, 0] = 1
    assert share.measure(Case(beside, object_, shortcut=shortcut)).value is None
    with pytest.raises(UnsuitableError, match="shortcut"):
        share.measure(Case(beside, object_, shortcut=np.zeros((6, 10), np.bool_)))
