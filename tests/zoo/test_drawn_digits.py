"""A drawing becomes a digit like those that the network has learnt from."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.zoo.digits import digits, from_drawing


def stroke(top: int, left: int, high: int, wide: int, size=(32, 32)) -> np.ndarray:
    drawing = np.zeros(size, bool)
    drawing[top : top + high, left : left + wide] = True
    return drawing


def test_a_stroke_fills_the_height_and_stands_in_the_middle_wherever_it_was_drawn():
    made = from_drawing(stroke(2, 1, 16, 4))
    assert made.shape == (32, 32)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, from_drawing(stroke(14, 25, 16, 4)))
    np.testing.assert_array_equal(made, from_drawing(stroke(3, 5, 32, 8, size=(50, 40))))
    ink = made > 127
    assert ink.any(axis=1).all()
    assert np.flatnonzero(ink.any(axis=0)).tolist() == list(range(12, 20))
    np.testing.assert_array_equal(made, made[:, ::-1])


def test_a_lying_stroke_lies_and_fills_the_width():
    made = from_drawing(stroke(20, 3, 5, 20))
    assert (made > 127).any(axis=0).all()
    assert np.flatnonzero((made > 127).any(axis=1)).tolist() == list(range(12, 20))


def test_nothing_drawn_is_paper():
    assert not from_drawing(np.zeros((32, 32), bool)).any()


def test_a_known_digit_drawn_again_is_nearly_itself():
    pictures = digits()[1].pictures
    alike = [
        np.corrcoef(from_drawing(p > 127).ravel(), p.ravel().astype(float))[0, 1]
        for p in pictures[:60]
    ]
    assert np.median(alike) > 0.9
