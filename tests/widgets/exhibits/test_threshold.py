"""The threshold without a browser: the four numbers and what follows, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets import Threshold

RANDOM = np.random.default_rng(8)
LABELS = RANDOM.random(90) < 0.3
SCORES = np.clip(RANDOM.normal(0.35 + 0.25 * LABELS, 0.2), 0, 1)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.77])
def test_the_measures_are_scikit_learns(threshold):
    confusion = Threshold(SCORES, LABELS, threshold=threshold).confusion
    predictions = (SCORES - threshold) >= 0
    (tn, fp), (fn, tp) = confusion_matrix(LABELS, predictions)
    assert confusion == (tp, fp, fn, tn)
    precision, recall, f_score, _ = precision_recall_fscore_support(
        LABELS, predictions, average="binary"
    )
    assert confusion.accuracy == pytest.approx(accuracy_score(LABELS, predictions))
    assert (confusion.precision, confusion.recall, confusion.f_score) == pytest.approx(
        (precision, recall, f_score)
    )


def test_a_score_at_the_threshold_counts_as_said():
    widget = Threshold([0.5, 0.4], [1, 0])
    assert widget.confusion == (1, 0, 0, 1)
    widget.threshold = 0.4
    assert widget.confusion == (1, 1, 0, 0)


def test_nothing_divided_by_nothing_is_none():
    none_said = Threshold([0.1, 0.2], [1, 0], threshold=1).confusion
    assert (none_said.precision, none_said.recall, none_said.f_score) == (None, 0.0, 0.0)
    none_there = Threshold([0.1, 0.2], [0, 0], threshold=1).confusion
    assert (none_there.precision, none_there.recall, none_there.f_score) == (None, None, None)
    assert none_there.accuracy == 1


@pytest.mark.parametrize(
    ("scores", "labels", "says"),
    [
        ([0.1, 0.2], [1], r"\(2,\) scores and \(1,\) labels"),
        ([], [], r"\(0,\)"),
        ([0.1, 1.2], [0, 1], "from 0 to 1"),
        ([0.1, np.nan], [0, 1], "from 0 to 1"),
        ([0.1, 0.2], [0, 2], "true or false"),
    ],
)
def test_what_does_not_fit_together_is_refused(scores, labels, says):
    with pytest.raises(InvalidValueError, match=says):
        Threshold(scores, labels)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "half", None])
def test_a_threshold_out_of_range_is_refused(threshold):
    widget = Threshold(SCORES, LABELS)
    with pytest.raises(InvalidValueError, match="threshold is a number from 0 to 1"):
        widget.threshold = threshold
    assert widget.threshold == 0.5
