"""Parameters: declared once, checked in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.methods.parameter import Parameter, checked

STEPS = Parameter("steps", "Steps", "integer", 50, "how many", 1, 200)
NOISE = Parameter("noise", "Noise", "float", 0.15, "how much", 0, 1)
FREE = Parameter("weight", "Weight", "float", 1.0, "no bounds")
ABSOLUTE = Parameter("absolute", "Absolute", "boolean", False, "whether")
COLOUR = Parameter("colour", "Colour", "choice", "grey", "which", choices=("grey", "black"))
LAYER = Parameter("layer", "Layer", "layer", "", "where")


@pytest.mark.parametrize(
    ("parameter", "value", "wanted"),
    [
        (STEPS, 1, 1),
        (STEPS, 200, 200),
        (STEPS, np.int64(7), 7),
        (STEPS, 7.0, 7),
        (NOISE, 0, 0.0),
        (NOISE, np.float32(0.5), 0.5),
        (FREE, -1e9, -1e9),
        (ABSOLUTE, True, True),
        (COLOUR, "black", "black"),
        (LAYER, "block/conv", "block/conv"),
    ],
)
def test_what_fits_comes_in_the_parameter_s_type(
    parameter: Parameter, value: Any, wanted: Any
) -> None:
    converted = parameter.check(value)
    assert converted == wanted
    assert type(converted) is type(wanted)


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        (STEPS, 0, r"steps is a whole number from 1 to 200; got 0"),
        (STEPS, 201, "from 1 to 200"),
        (STEPS, 1.5, r"got 1\.5"),
        (STEPS, True, "True"),
        (STEPS, "many", "'many'"),
        (STEPS, None, "None"),
        (NOISE, -0.1, "a number from 0 to 1"),
        (NOISE, float("nan"), "nan"),
        (FREE, float("inf"), "inf"),
        (ABSOLUTE, 1, "absolute"),
        (COLOUR, "gray", "one of grey, black"),
        (COLOUR, ["grey"], "colour"),
        (LAYER, 3, "layer"),
    ],
)
def test_what_does_not_fit_is_refused(parameter: Parameter, value: Any, words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        parameter.check(value)


def test_all_of_them_at_once() -> None:
    declared = (STEPS, COLOUR)
    assert checked(declared, {}, "lime") == {"steps": 50, "colour": "grey"}
    assert checked(declared, {"colour": "black"}, "lime") == {"steps": 50, "colour": "black"}
    with pytest.raises(UnknownNameError, match=r"parameter of lime 'setps'.*Did you mean 'steps'"):
        checked(declared, {"setps": 3}, "lime")
    assert COLOUR.facts()["choices"] == ["grey", "black"]
    assert STEPS.facts()["maximum"] == 200
