"""Units, positions, aggregates and classes that there are, and those that there are not."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import (
    InvalidValueError,
    UnknownNameError,
)
from cnnvis_widgets.widgets import (
    NeuronPicker,
    Predictions,
)


def test_any_unit_of_the_layer_can_be_chosen_and_no_other():
    picker = NeuronPicker(value=4, units=5)
    assert picker.value == 4
    picker.value = np.int64(0)
    assert type(picker.value) is int
    for wrong in (5, -1):
        with pytest.raises(UnknownNameError, match=f"no unit {wrong}.*0 to 4"):
            picker.value = wrong
    with pytest.raises(InvalidValueError, match=r"1\.5"):
        picker.value = 1.5
    assert picker.value == 0


def test_fewer_units_drop_the_value_and_more_keep_it():
    picker = NeuronPicker(units=9, value=6)
    picker.units = 20
    assert picker.value == 6
    picker.units = 6
    assert picker.value is None


def test_without_a_layer_there_is_no_unit():
    with pytest.raises(UnknownNameError, match=r"no layer"):
        NeuronPicker(value=0)


def test_a_position_lies_within_rows_and_columns_in_this_order():
    picker = NeuronPicker(position=(4, 2), positions=(5, 3))
    assert picker.position == [4, 2]
    for wrong in [(2, 4), (5, 0), (-1, 0)]:
        with pytest.raises(InvalidValueError, match=r"row 0 … 4, column 0 … 2"):
            picker.position = wrong
    for wrong in [(1,), "ab", (1, 2, 3), (0.5, 1)]:
        with pytest.raises(InvalidValueError, match=r"two whole numbers"):
            picker.position = wrong
    picker.positions = [5, 4]
    assert picker.position == [4, 2]
    picker.positions = [4, 5]
    assert picker.position == []
    picker.positions = []
    with pytest.raises(InvalidValueError, match=r"no rows and columns"):
        picker.position = [0, 0]
    picker.position = None
    assert picker.position == []


def test_only_the_three_aggregates_exist():
    picker = NeuronPicker(aggregate="max")
    with pytest.raises(UnknownNameError, match=r"'median'.*sum, mean, max"):
        picker.aggregate = "median"
    assert picker.aggregate == "max"


def test_a_class_is_chosen_among_the_listed_the_labelled_or_the_counted():
    tops = [{"unit": 7, "label": "cat", "score": 0.5, "logit": 2}]
    listed = Predictions(predictions=tops, value=7)
    assert listed.predictions[0]["logit"] == 2.0
    with pytest.raises(UnknownNameError, match=r"no class 3.*\[7\]"):
        listed.value = 3
    labelled = Predictions(labels=["a", "b", "c"], predictions=tops, value=2)
    with pytest.raises(UnknownNameError, match=r"no class 3.*0 to 2"):
        labelled.value = 3
    assert Predictions(units=4, value=3).value == 3


def test_a_class_outlives_new_predictions_only_where_it_exists_among_all():
    labelled = Predictions(labels=["a", "b", "c"], predictions=[{"unit": 1}], value=1)
    labelled.predictions = [{"unit": 2}]
    assert labelled.value == 1
    labelled.labels = ["a"]
    assert labelled.value is None
