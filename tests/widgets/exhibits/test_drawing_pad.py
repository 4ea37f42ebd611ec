"""The drawing pad without a browser: what it keeps, what it asks, what it sends and refuses."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.engine.digit_reader import Reading
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.widgets import DrawingPad


def read(drawing: np.ndarray) -> Reading:
    """Counts the ink left and right."""
    left, right = drawing[:, :16].sum(), drawing[:, 16:].sum()
    maps = np.stack([np.full((2, 3), left), np.full((2, 3), right)], axis=-1).astype(np.float32)
    share = left / (left + right)
    return Reading(drawing * np.uint8(255), ("left", "right"), (share, 1 - share), {"L": maps})


def drawn(*columns: int) -> bytes:
    drawing = np.zeros((32, 32), np.uint8)
    drawing[4, list(columns)] = 1
    return drawing.tobytes()


def test_each_drawing_is_read_and_the_answer_sent():
    pad = DrawingPad(read)
    assert pad._reading == {}
    pad.drawing = drawn(1, 2, 3, 20)
    assert pad.pixels.sum() == 4
    assert pad.pixels[4, 20]
    assert (pad._reading["labels"], pad._reading["scores"]) == (["left", "right"], [0.75, 0.25])
    assert np.frombuffer(pad._reading["seen"], np.uint8).reshape(32, 32)[4, 20] == 255
    (maps,) = pad._reading["maps"]
    assert (maps["layer"], maps["shape"]) == ("L", [2, 3, 2])
    # unit after unit, on one scale: 3 is the largest, and 255 · 1/3 = 85
    assert list(maps["levels"]) == [255] * 6 + [85] * 6
    pad.drawing = bytes(1024)
    assert pad._reading == {}


def test_the_browsers_drawing_is_taken_as_python_s():
    pad = DrawingPad(read)
    pad.set_state({"drawing": memoryview(drawn(31))})
    assert pad._reading["scores"] == [0.0, 1.0]
    pad.set_state({"drawing": memoryview(bytes(3))})
    assert "32 × 32" in pad.error
    assert pad.pixels[4, 31]


def test_an_example_of_any_size_becomes_ink_and_paper():
    example = np.zeros((8, 8))
    example[:, 4:] = 16
    pad = DrawingPad(read, examples={"half": example})
    pad.drawing = pad._examples["half"]
    assert pad._reading["scores"] == [0.0, 1.0]
    with pytest.raises(InvalidValueError, match="rows and columns"):
        DrawingPad(read, examples={"flat": np.zeros(5)})


@pytest.mark.parametrize("wrong", [b"12", "text", np.zeros((32, 31)), None])
def test_what_is_no_drawing_is_refused(wrong):
    pad = DrawingPad(read, drawing=drawn(5))
    with pytest.raises(InvalidValueError, match="32 × 32 places"):
        pad.drawing = wrong
    assert pad.drawing == drawn(5)


def test_a_reader_that_fails_says_so_beside_the_pad():
    def fail(_: np.ndarray) -> Reading:
        raise UnsuitableError("cannot read this")

    pad = DrawingPad(fail)
    pad.drawing = drawn(2)
    assert pad.error == "cannot read this"
    assert pad._reading == {}
