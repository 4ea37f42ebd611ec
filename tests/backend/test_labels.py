"""Labels in every form that people have them in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.labels import named_units
from cnnvis_widgets.errors import InvalidValueError


@pytest.mark.parametrize(
    "given",
    [
        ["cat", "dog", "eel"],
        {0: "cat", 1: "dog", 2: "eel"},
        {2: "eel", 0: "cat", 1: "dog"},
        {"0": "cat", "1": "dog", "2": "eel"},
        {"dog": 1, "cat": 0, "eel": 2},
        {"cat": np.int64(0), "dog": np.int64(1), "eel": np.int64(2)},
    ],
)
def test_every_form_gives_the_order_of_the_units(given: Any) -> None:
    assert named_units(given) == ("cat", "dog", "eel")


@pytest.mark.parametrize(
    "given", ["cat", {0: "cat", 2: "dog"}, {"cat": "dog"}, {"cat": 0, "dog": 0}, {True: "cat"}]
)
def test_what_cannot_be_meant_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValueError, match="labels"):
        named_units(given)


def test_one_sigmoid_unit_of_two_classes_is_the_second_class() -> None:
    import keras

    from cnnvis_widgets.backend.network import Network

    model = keras.Sequential([keras.Input((5, 4, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros"))
    model.layers[-1].bias.assign([3.5])
    network = Network(model, labels=["cat", "dog"])
    (only,) = network.predict(np.zeros((5, 4, 3), np.uint8))
    assert only.label == "dog"
    assert only.score == pytest.approx(1 / (1 + np.exp(-3.5)), abs=1e-6)
