"""Two ways back from a layer's code, without a browser: what is sent, what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Inversions

RANDOM = np.random.default_rng(3)
GIVEN, FIRST, SECOND, THIRD = RANDOM.integers(0, 256, (4, 20, 30, 3), dtype=np.uint8)
MADE = {
    "conv1": {"regularised": (FIRST, 0.02), "decoder": (SECOND, 0.1)},
    "conv2": {"regularised": (THIRD, 0.4), "decoder": None},
}


def pixels(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)))


def test_what_the_page_gets():
    widget = Inversions(GIVEN, MADE, {"conv1": "10 × 15 × 4"}, alt="noise")
    data = widget._data
    assert (data["alt"], data["ways"]) == ("noise", ["regularised", "decoder"])
    np.testing.assert_array_equal(pixels(data["file"]), GIVEN)
    one, two = data["layers"]
    assert (one["name"], one["note"], two["name"], two["note"]) == (
        "conv1",
        "10 × 15 × 4",
        "conv2",
        "",
    )
    np.testing.assert_array_equal(pixels(one["made"][1]["file"]), SECOND)
    assert [way["error"] for way in one["made"]] == [0.02, 0.1]
    assert two["made"][1] is None


def test_how_far_the_colours_are_off():
    widget = Inversions(GIVEN, MADE)
    squares = [(int(a) - int(b)) ** 2 for a, b in zip(FIRST.flat, GIVEN.flat, strict=True)]
    assert widget.off("conv1", "regularised") == pytest.approx((sum(squares) / 1800) ** 0.5)
    flat = np.full((4, 5, 3), 100, np.uint8)
    assert Inversions(flat, {"a": {"w": (flat + 7, 0)}}).off("a", "w") == 7
    with pytest.raises(KeyError):
        widget.off("conv2", "decoder")


def test_a_layer_is_always_chosen():
    widget = Inversions(GIVEN, MADE)
    assert widget.value == "conv1"
    widget.value = "conv2"
    assert widget.value == "conv2"
    widget.value = ""
    assert widget.value == "conv1"
    assert Inversions(GIVEN, MADE, value="conv2").value == "conv2"


@pytest.mark.parametrize(
    ("picture", "made", "message"),
    [
        (GIVEN / 255, MADE, r"picture: expected .* got float64 \(20, 30, 3\)"),
        (GIVEN[..., 0], MADE, r"got uint8 \(20, 30\)"),
        (GIVEN[:10], MADE, r"regularised at conv1: expected .*\(10, 30, 3\)"),
        (GIVEN, {}, "at least one layer"),
        (GIVEN, {"a": {}}, "at least one layer"),
        (GIVEN, {**MADE, "conv3": {"decoder": None}}, "the same ways"),
        (GIVEN, {"a": {"w": (FIRST, float("nan"))}}, "w at a.*nan"),
        (GIVEN, {"a": {"w": (FIRST, -0.1)}}, "0 or more; got -0.1"),
    ],
)
def test_what_does_not_fit_is_refused(picture, made, message):
    with pytest.raises(InvalidValueError, match=message):
        Inversions(picture, made)


def test_what_the_page_sends_wrongly_is_said_and_put_back():
    widget = Inversions(GIVEN, MADE, value="conv2")
    widget.set_state({"value": "conv9"})
    assert widget.value == "conv2"
    assert "conv1, conv2" in widget.error
    with pytest.raises(UnknownNameError, match="valeu"):
        Inversions(GIVEN, MADE, valeu="conv1")
