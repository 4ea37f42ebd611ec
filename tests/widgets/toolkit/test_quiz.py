"""The guess without a browser: what it keeps, refuses and takes as a picture."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering import figure, png_bytes
from cnnvis_widgets.widgets import Quiz

PNG = png_bytes(np.zeros((2, 3, 3), np.uint8))


def guess(**given):
    return Quiz("Where?", ["left", "right", "nowhere"], **{"right": 1, **given})


def test_the_answer_is_shown_with_a_choice_and_hidden_with_none():
    widget = guess()
    assert (widget.value, widget.looked, widget.correct) == (None, False, None)
    widget.value = 0
    assert (widget.looked, widget.correct) == (True, False)
    widget.value = np.int64(1)
    assert (type(widget.value), widget.correct) == (int, True)
    widget.value = None
    assert (widget.looked, widget.correct) == (False, None)


@pytest.mark.parametrize("index", [-1, 3, 0.5, "left"])
def test_an_answer_that_is_not_offered_is_refused(index):
    with pytest.raises(InvalidValueError, match="0 to 2; got"):
        guess(right=index)
    widget = guess(value=2)
    with pytest.raises(InvalidValueError, match="0 to 2"):
        widget.value = index
    assert widget.value == 2


def test_one_answer_is_no_choice():
    with pytest.raises(InvalidValueError, match="at least two"):
        Quiz("Where?", ["there"], 0)


def test_a_figure_brings_its_picture_and_its_words():
    shown = figure(None, np.eye(3), mode="heatmap", title="a diagonal")
    question = guess(picture=shown)._question
    kind, _, data = question["picture"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert question["alt"] == shown.alt
    assert guess(picture=shown, alt="mine")._question["alt"] == "mine"


def test_bytes_need_their_words_and_nothing_is_nothing():
    question = guess(picture=PNG, alt="a black picture")._question
    assert question["picture"].startswith("data:image/png;base64,")
    assert question["alt"] == "a black picture"
    assert guess()._question["picture"] == ""
    with pytest.raises(InvalidValueError, match="needs alt"):
        guess(picture=PNG)


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), 3, "cat.png"])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(InvalidValueError, match=r"picture|thumbnail"):
        guess(picture=wrong)


def test_the_reason_may_come_later():
    guess = Quiz("Which?", ["a", "b"], 1, "being computed", value=1)
    guess.because = "so it is"
    assert guess._question["because"] == guess.because == "so it is"
    assert (guess.correct, guess.looked) == (True, True)
