"""Parameters: declarations, values that fit, and values that stay."""

from __future__ import annotations

import pytest
from pickers import COLOUR, NOISE, STEPS, changes, from_page, panel

from cnnvis_widgets.errors import (
    InvalidValueError,
    UnknownNameError,
)
from cnnvis_widgets.widgets import (
    ParameterPanel,
)


def test_defaults_come_from_the_declarations_and_return_on_reset():
    control = panel()
    defaults = {"steps": 50, "noise": 0.15, "colour": "grey", "layer": None, "signed": True}
    assert control.value == defaults
    control.value = {"steps": 3, "layer": "mixed10"}
    assert control.value == {**defaults, "steps": 3, "layer": "mixed10"}
    control.value = {"noise": 2}
    assert control.value == {**defaults, "steps": 3, "layer": "mixed10", "noise": 2.0}
    assert type(control.value["noise"]) is float
    control.reset()
    assert control.value == defaults


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("steps", 0, "steps is a whole number 1 … 300; got 0"),
        ("steps", 301, "got 301"),
        ("steps", 2.5, "whole number"),
        ("steps", True, "got True"),
        ("steps", None, "got None"),
        ("noise", -0.01, "noise is a number, 0 or more; got -0.01"),
        ("noise", float("inf"), "noise: A finite number"),
        ("colour", "red", "one of black, grey; got 'red'"),
        ("layer", 3, "layer is a text; got 3"),
        ("signed", 1, "true or false; got 1"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_changes(name, value, says):
    control = panel(value={"steps": 7})
    before = control.value
    with pytest.raises(InvalidValueError, match=says):
        control.value = {"signed": False, name: value}
    assert control.value == before


def test_both_ends_of_a_range_belong_to_it():
    control = panel(value={"steps": 300, "noise": 0})
    assert (control.value["steps"], control.value["noise"]) == (300, 0.0)
    control.value = {"steps": 1}
    assert control.value["steps"] == 1


def test_whole_numbers_may_come_as_floats_from_python_and_page():
    control = panel(value={"steps": 7.0})
    assert type(control.value["steps"]) is int
    from_page(control, value={**control.value, "steps": 8, "noise": 1})
    assert control.value["steps"] == 8
    assert type(control.value["noise"]) is float


def test_a_name_that_is_no_parameter_is_refused():
    with pytest.raises(UnknownNameError, match=r"'step'.*'steps'"):
        panel(value={"step": 3})


@pytest.mark.parametrize(
    ("declaration", "error", "says"),
    [
        ({**STEPS, "default": 0}, InvalidValueError, "steps is a whole number 1 … 300; got 0"),
        ({**STEPS, "minimum": 400}, InvalidValueError, "minimum 400 is above maximum 300"),
        ({**STEPS, "kind": "int"}, UnknownNameError, "'int'.*integer"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declaration, error, says):
    with pytest.raises(error, match=says):
        ParameterPanel(parameters=[declaration])


def test_values_stay_with_the_same_declaration_and_no_other():
    control = ParameterPanel(parameters=[STEPS, NOISE], value={"steps": 7, "noise": 0.5})
    control.parameters = [NOISE, {**STEPS, "maximum": 1000}, COLOUR]
    assert control.value == {"noise": 0.5, "steps": 50, "colour": "grey"}
    control.parameters = []
    assert control.value == {}


def test_declarations_and_values_set_together_are_both_kept():
    control = ParameterPanel(parameters=[STEPS], value={"steps": 7})
    seen = changes(control)
    with control.hold_trait_notifications():
        control.parameters = [{**STEPS, "maximum": 1000}, COLOUR]
        control.value = {"steps": 900}
    assert control.value == {"steps": 900, "colour": "grey"}
    assert seen == [{"steps": 900, "colour": "grey"}]
