"""The thesis' Table 1 as data: the marks as counted on the page, and the one place that differs."""

from __future__ import annotations

from collections import Counter

from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.study.printed_table import HEADINGS, PRINTED, differences

MARKED = {  # the crosses of each column, read downwards on the page
    "gradient_based": {
        *("activation_maximization", "saliency", "guided_backprop", "grad_cam"),
        *("guided_grad_cam", "network_inversion"),
    },
    "needs_training": {"activation_maximization", "lime", "network_inversion"},
    "model_dependent": {"cam"},
}


def test_the_crosses_are_those_on_the_page() -> None:
    for column, names in MARKED.items():
        crossed = {name for name, row in PRINTED.items() if row[column]}
        assert crossed - {"upconvnet"} == names, column
    assert PRINTED["upconvnet"] == PRINTED["network_inversion"]


def test_words_are_as_often_as_on_the_page() -> None:
    rows = [row for name, row in PRINTED.items() if name != "upconvnet"]
    assert len(rows) == 11 and all(list(row) == list(HEADINGS) for row in rows)
    assert Counter(row["perspective"] for row in rows) == {"image": 10, "neuron": 1}
    assert Counter(row["resolution"] for row in rows) == {"high": 8, "low": 3}
    assert Counter(row["neurons"] for row in rows) == {
        "output and intermediate": 6,
        "output": 3,
        "intermediate": 1,
        "the last convolutional layer": 1,
    }


def test_the_only_difference_is_the_trained_decoder() -> None:
    facts = {name: method.facts() for name, method in all_methods().items()}
    assert differences(facts) == [("upconvnet", "gradient_based")]
    changed = {**facts, "lime": {**facts["lime"], "resolution": "high"}}
    assert ("lime", "resolution") in differences(changed)
