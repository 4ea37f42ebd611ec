"""The sentences of a report, on rows made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from cnnvis_widgets.peers import report
from cnnvis_widgets.peers.agreement import measure
from cnnvis_widgets.peers.comparison import OnScore, Row
from cnnvis_widgets.peers.forms import FORMS
from cnnvis_widgets.peers.verdicts import Verdict

ONE, OTHER = np.float32([[1, 2], [3, 4]]), np.float32([[1, 2], [4, 3]])
NUMBERS = measure(OTHER, ONE)


def row(library: str, kind: str, words: str, **facts: Any) -> Row:
    return Row("saliency", "Saliency map", library, "theirs()", "form", Verdict(kind, words),
               **facts)  # fmt: skip


def comparison(*rows: Row) -> Any:
    kind = SimpleNamespace(structure=SimpleNamespace(output_kind="softmax"))
    versions = {one.library: "1.0" for one in rows}
    return SimpleNamespace(
        rows=rows, versions=versions, case=SimpleNamespace(network=kind), remarks={}, absent={}
    )


def test_one_sentence_for_each_method() -> None:
    same = [row(name, "same", "the same to 1e-6") for name in ("a", "b", "c")]
    assert report.sentences(comparison(*same)) == [
        "Saliency map: all agree with ours. a, b and c: the same to 1e-6."
    ]
    broken = row("c", "raised", "raised ValueError: no layer")
    other = row("b", "differs", "differs by 25 %")
    assert report.sentences(comparison(same[0], other, broken)) == [
        "Saliency map: 1 of 2 agree with ours. a: the same to 1e-6; b: differs by 25 %; "
        "c: raised ValueError: no layer."
    ]
    assert report.sentences(comparison(broken))[0].startswith("Saliency map: not compared. ")
    assert report.sentences(comparison(other))[0].startswith("Saliency map: differs from ours. ")


def test_what_is_said_of_the_model_as_it_is() -> None:
    proven = row("a", "same", "", on_score=OnScore(NUMBERS, True, "differs by 92 %"))
    not_proven = row("b", "same", "", on_score=OnScore(NUMBERS, False, "differs by 4 %"))
    first, second = report.on_scores(comparison(proven, not_proven, row("c", "same", "")))
    assert first == (
        "Given the model as it is, a explains the probability. Beside ours of the value before it: "
        "Saliency map differs by 92 %. Proven for all of them: our map of the probability is "
        "theirs."
    )
    assert second.endswith("Saliency map differs by 4 %.")


def test_numbers_stand_in_a_table_and_only_ranks_where_only_ranks_count() -> None:
    # the last two of four places changed places: ranks 1 2 4 3, Spearman 1 - 6 · 2 / 60 = 0.8
    plain = row("a", "differs", "", agreement=NUMBERS, seconds=1.25)
    rank = Row("rise", "RISE", "a", "", FORMS["rank"][0], Verdict("chance", ""), NUMBERS)
    table = report.table(comparison(plain, rank, row("c", "raised", "")))
    assert table[1] == ("saliency", "a", "0.25", "0.8000", "1.2")
    assert table[2] == ("rise", "a", "–", "0.8000", "0.0")
    assert table[3][2:4] == ("–", "–")


def test_ours_is_shown_before_it_was_enlarged() -> None:
    large = row("a", "same", "", ours=np.ones((4, 6), np.float32))
    small = row("b", "same", "", ours=np.ones((2, 3), np.float32))
    assert report.ours_of([row("c", "raised", ""), large, small]) is small
    assert report.ours_of([row("c", "raised", "")]) is None


def test_json_has_no_infinity() -> None:
    assert report.finite({"a": float("inf"), "b": 0.5, "c": None}) == {
        "a": None, "b": 0.5, "c": None,
    }  # fmt: skip
