"""Coherence between methods: correlations, clusters and intervals against values on paper."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from drawn_studies import drawn_study
from scipy.stats import spearmanr

from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.study.coherence import coherence, comma_separated, in_words, markdown, meaning
from cnnvis_widgets.study.coherence_figure import coherence_figure, in_a_text


def of_maps(maps: dict[tuple[str, str, str, str], list[float]]) -> Any:
    """Something like a study: (network, picture, neuron, method) → a map of one row."""
    names = ("network", "picture", "neuron", "method")
    lines = [dict(zip(names, key, strict=True)) | {"file": "x", "key": key} for key in maps]
    return SimpleNamespace(
        runs=lambda: lines,
        heatmap=lambda line: np.array([maps[line["key"]]], np.float32),
        methods=dict.fromkeys(key[3] for key in maps),
        seed=0,
    )


UP, NEARLY, DOWN = [1.0, 2, 3, 4], [10.0, 20, 400, 30], [-1.0, -2, -3, -4]
# By hand, 1 - 6 Σd² / (n (n² - 1)), n = 4: UP and NEARLY 1 - 12/60, NEARLY and DOWN its opposite.


def test_correlations_and_their_mean_by_hand() -> None:
    study = of_maps(
        {
            ("n", "p", "o", "a"): UP,
            ("n", "p", "o", "b"): NEARLY,
            ("n", "p", "o", "c"): DOWN,
            ("n", "q", "o", "a"): UP,
            ("n", "q", "o", "b"): UP,
            ("n", "q", "o", "c"): DOWN,
            ("m", "q", "o", "a"): UP,
            ("m", "q", "o", "b"): [1.0, 1, 2, 2],  # ties share the mean of their ranks
        }
    )
    found = coherence(study)
    assert sorted(found.methods) == ["a", "b", "c"]
    a, b, c = (found.methods.index(name) for name in "abc")
    tied = 4 / np.sqrt(5 * 4)  # ranks 1.5 1.5 3.5 3.5 against 1 2 3 4, each less its mean 2.5
    assert found.means[a, b] == pytest.approx((0.8 + 1 + tied) / 3)
    assert found.means[b, a] == found.means[a, b]
    assert found.means[a, c] == pytest.approx(-1)
    assert found.means[b, c] == pytest.approx((-0.8 - 1) / 2)
    assert np.diag(found.means) == pytest.approx(1)
    assert (found.cells[a, b], found.cells[a, c], found.pictures[a, b]) == (3, 2, 2)
    # Two pictures are drawn twice: p p, p q, q p or q q, so the ends are their own means.
    assert found.low[a, b] == pytest.approx(0.8)
    assert found.high[a, b] == pytest.approx((1 + tied) / 2)
    assert (found.low[a, c], found.high[a, c]) == pytest.approx((-1, -1))


def test_the_clusters_by_hand() -> None:
    """Two pairs, {a, d} and {b, c}, which join at the mean of four distances."""
    maps = {"a": [1.0, 2, 3, 4, 5], "d": [1.0, 2, 3, 5, 4], "b": [5.0, 4, 3, 2, 1],
            "c": [5.0, 4, 3, 1, 2]}  # fmt: skip
    found = coherence(of_maps({("n", "p", "o", name): maps[name] for name in "abcd"}))
    assert {frozenset(found.methods[:2]), frozenset(found.methods[2:])} == {
        frozenset("ad"),
        frozenset("bc"),
    }
    # Σd² = 2 within a pair; across: a b 40, a c 38, d b 38, d c 40.
    np.testing.assert_allclose(found.linkage[:2, 2], 2 * 6 / 120, atol=1e-12)
    assert found.linkage[2, 2] == pytest.approx(6 * (40 + 38 + 38 + 40) / 4 / 120)
    # Leaves are numbered in the order of `methods`: neighbours join first.
    assert [sorted(row) for row in found.linkage[:2, :2].astype(int).tolist()] in (
        [[0, 1], [2, 3]],
        [[2, 3], [0, 1]],
    )
    # Of orders with the pairs side by side, the best has the nearest ends in the middle.
    middle = found.methods[1] + found.methods[2]
    assert middle in ("ac", "ca", "bd", "db")
    assert np.isnan(found.low[0, 1])  # of one picture nothing is known


def test_maps_without_an_order_and_methods_that_never_meet() -> None:
    flat = [2.0, 2, 2, 2]
    study = of_maps(
        {
            ("n", "p", "o", "a"): flat,
            ("n", "p", "o", "b"): UP,
            ("n", "q", "o", "a"): flat,
            ("n", "q", "o", "b"): flat,
            ("n", "q", "o", "c"): UP,
            ("n", "p", "i", "lone"): UP,
        }
    )
    found = coherence(study)
    a, b, c, lone = (found.methods.index(name) for name in ("a", "b", "c", "lone"))
    assert (found.means[a, b], found.cells[a, b]) == (0, 1)  # two of none are left out
    assert (found.means[b, c], found.cells[b, c]) == (0, 1)
    assert np.isnan(found.means[a, lone]) and in_words(found, a, lone) == "–"
    assert np.isnan(found.means[a, a])
    assert ",,,,0,0" in comma_separated(found)
    assert coherence_figure(found).axes


def test_what_is_asked_of_a_part_of_the_study() -> None:
    maps = {
        (n, "p", o, m): (UP if m == "a" or o == "i" else DOWN) for n in "xy" for o in "oi"
        for m in "ab"
    }  # fmt: skip
    study = of_maps(maps)
    assert coherence(study).means[0, 1] == pytest.approx(0)
    assert coherence(study, neurons=["i"]).means[0, 1] == pytest.approx(1)
    assert coherence(study, ["y"], ["o"]).means[0, 1] == pytest.approx(-1)
    assert coherence(study, ["y"], ["o"]).cells[0, 1] == 1
    with pytest.raises(UnknownNameError, match="neuron"):
        coherence(study, neurons=["top"])
    with pytest.raises(InvalidValueError, match="two methods or more; maps are there of a"):
        coherence(of_maps({("n", "p", "o", "a"): UP}))


def test_a_real_store_by_the_command_against_scipy(tmp_path: Path, capsys: Any) -> None:
    study = drawn_study(tmp_path / "study")
    study.run()
    steps: list[tuple[int, int]] = []
    found = coherence(study, progress=lambda *step: steps.append(step))
    assert steps[0] == (0, 10) and steps[-1] == (10, 10)
    one, other = found.methods[:2]
    maps = {tuple(line[n] for n in ("network", "picture", "method")): study.heatmap(line)
            for line in study.runs()}  # fmt: skip
    wanted = [
        spearmanr(maps[n, p, one].ravel(), maps[n, p, other].ravel()).statistic  # type: ignore[union-attr]
        for n in study.networks
        for p in study.pictures
    ]
    assert found.means[0, 1] == pytest.approx(np.mean(wanted), abs=1e-12)
    assert found.low[0, 1] < found.means[0, 1] < found.high[0, 1]
    assert main(["study", "coherence", str(tmp_path / "study")]) == 0
    shown = capsys.readouterr().out
    assert markdown(found) in shown and meaning(found) in shown
    assert "the mean of 10 cells on 5 pictures" in shown and "optimal leaf order" in shown
    folder = tmp_path / "study" / "coherence"
    assert {path.suffix for path in folder.iterdir()} == {".md", ".csv", ".png", ".svg"}
    rows = list(csv.DictReader(io.StringIO((folder / "coherence.csv").read_text("utf-8"))))
    assert len(rows) == 3 and rows[0]["cells"] == "10"
    assert float(rows[0]["mean"]) == pytest.approx(found.means[0, 1], abs=1e-4)
    assert main(["study", "coherence", str(tmp_path / "study"), "--networks", "vgg"]) == 2
    assert "mini_vgg" in capsys.readouterr().err


def test_the_figure_prints_every_value_and_says_its_order() -> None:
    maps = {
        ("n", p, "o", m): v for p in "pq" for m, v in zip("abc", (UP, NEARLY, DOWN), strict=True)
    }
    found = coherence(of_maps(maps))
    figure = coherence_figure(found)
    tree, matrix, _ = figure.axes
    texts = [text.get_text().split("\n")[0] for text in matrix.texts]
    assert texts == [f"{value:.2f}" for value in found.means.ravel()]
    assert [label.get_text() for label in matrix.get_yticklabels()] == list(found.methods)
    assert "optimal leaf order" in figure._supxlabel.get_text()  # type: ignore[attr-defined]
    heights = sorted(max(line.get_ydata()) for line in tree.lines)
    assert heights == pytest.approx(sorted(found.linkage[:, 2]))
    assert in_a_text(found) == figure.alt
    assert "Most alike: " in figure.alt and "(0.80)" in figure.alt and "(-1.00)" in figure.alt
