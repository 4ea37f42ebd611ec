"""What can be said of a neuron before any network is known."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError


def test_numpy_numbers_become_plain_ones() -> None:
    neuron = Neuron("conv", np.int64(3), "mean", position=np.array([2, 1]))  # type: ignore[arg-type]
    assert neuron == Neuron("conv", 3, "mean", (2, 1))
    assert type(neuron.unit) is int
    assert hash(neuron) == hash(Neuron("conv", 3, "mean", (2, 1)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("conv", -1), "from 0"),
        (("conv", 1.5), "whole number"),
        (("conv", "3"), "whole number"),
        (("conv", True), "True"),
        (("conv", None), "None"),
        ((3, 1), "name"),
        (("conv", 1, "median"), "sum, mean, max"),
        (("conv", 1, "sum", 5), "row, column"),
        (("conv", 1, "sum", "01"), "row, column"),
        (("conv", 1, "sum", (0.5, 1)), "position"),
        (("conv", 1, "sum", (-1, 0)), "position"),
    ],
)
def test_nonsense_is_refused_in_words(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Neuron(*arguments)


def test_coverage_says_what_was_not_treated_and_cannot_be_altered() -> None:
    whole = Coverage({"Conv2D": "derivative (2 ×)"})
    assert whole.complete
    assert whole.warning == ""
    part = Coverage({"ReLU": "guided rule"}, {f"swish{n}": "no ReLU" for n in range(5)})
    assert not part.complete
    for words in ("5 layers", "swish0, swish1, swish2", "2 more", "no ReLU"):
        assert words in part.warning
    assert "NOT TREATED swish4: no ReLU" in str(part)
    with pytest.raises(TypeError):
        part.untreated["swish0"] = "treated after all"  # type: ignore[index]
    assert pickle.loads(pickle.dumps(part)) == part
