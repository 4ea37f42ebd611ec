from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.curves import curves

X = np.array([0.0, 1.0, 2.0])


def test_the_values_are_those_that_were_given_and_stand_in_words():
    figure = curves(X, {"left": {"a": [3, -1, 2], "b": [0, 0, 0]}, "right": {"c": [1, np.nan, 4]}})
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), [[0, 3], [1, -1], [2, 2]])
    assert [line.get_label() for line in left.lines] == ["a", "b"]
    assert (left.get_title(), right.get_title()) == ("left", "right")
    assert "left, a: from 3 to 2, between −1 and 3." in figure.alt.replace("-1", "−1")
    assert "right, c: from 1 to 4, between 1 and 4." in figure.alt


def test_names_of_axes_and_a_logarithm():
    figure = curves(X, [{"a": [1, 10, 100]}], x_name="layer", y_name="size", log=True)
    [ax] = figure.axes
    assert (ax.get_yscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "layer", "size")
    assert figure.alt.startswith("Curves of size over layer. a: from 1 to 100")
    data, metadata = figure._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == figure.alt
    assert len(data["image/png"]) > 1000


@pytest.mark.parametrize("panels", [{}, [], [{}], [{"a": [1, 2]}], {"t": {"a": [[1, 2, 3]]}}])
def test_what_cannot_be_drawn_is_refused(panels):
    with pytest.raises(InvalidValueError):
        curves(X, panels)


def test_a_curve_without_a_value_says_so():
    assert "a: no value." in curves(X, [{"a": [np.nan] * 3}]).alt
