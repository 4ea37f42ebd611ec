"""Scoring by eye without a browser: the order, what is hidden, the file, the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_double import EngineDouble

import cnnvis_widgets as cnnvis
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.human_scores import THESIS_TABLE_2, Evidence, EyeScores
from cnnvis_widgets.widgets import Scoreboard


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> cnnvis.Study:
    made = cnnvis.Study(
        "mini_vgg",
        ["scene:3", "scene:5"],
        ["saliency", "grad_cam", "deconvnet"],
        ("output", "top layer"),
        tmp_path_factory.mktemp("study"),
    )
    made.run()
    return made


def board(study: Any, path: Path, **options: Any) -> Scoreboard:
    return Scoreboard(study, path / "eyes.json", engine=EngineDouble(), **options)  # type: ignore[arg-type]


def test_the_thesis_s_table_adds_up_as_it_says() -> None:
    totals = [sum(column) for column in zip(*(r.values() for r in THESIS_TABLE_2.values()))]  # noqa: B905
    assert totals == [4, 17, 22, 50, 49, 25, 36]


def test_the_order_is_the_seed_s_and_mixes_the_methods(study: Any, tmp_path: Path) -> None:
    one, same, other = (
        [line["key"] for line in EyeScores(study, tmp_path / "none.json", seed).lines]
        for seed in (0, 0, 1)
    )
    assert one == same != other
    assert sorted(one) == sorted(line["key"] for line in study.runs())
    assert one != [line["key"] for line in study.runs()]


def test_nothing_that_is_sent_tells_the_method(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path)
    titles = ("saliency", "grad", "deconv", "gradient")
    for _ in range(made.count):
        words = json.dumps([v for k, v in made._card.items() if k not in ("picture", "map")])
        assert not any(title in words.lower() for title in titles), words
        made.judge(0)


def test_points_are_kept_at_once_and_one_goes_on(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path, seed=4)
    assert (made.count, made.at, made.judged) == (12, 0, 0)
    made.judge(1)
    made.judge(0)
    assert (made.at, made.judged) == (2, 2)
    assert json.loads((tmp_path / "eyes.json").read_text())["seed"] == 4
    again = board(study, tmp_path, seed=9)  # the file's own seed counts
    assert (again.at, again.judged, again.scores.seed) == (2, 2, 4)
    assert [x["key"] for x in again.scores.lines] == [x["key"] for x in made.scores.lines]
    again.back()
    assert (again.at, again._card["value"]) == (1, 0)
    again.judge(1)
    assert (again.at, again.judged, sum(again.scores.points.values())) == (2, 2, 2)
    assert [path.name for path in tmp_path.glob("eyes*")] == ["eyes.json"]


def test_the_table_counts_points_by_network_and_method(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path)
    for line in list(made.scores.lines):
        made.judge(int(line["method"] == "grad_cam"))
    assert made.at == made.count == made.judged
    assert made._card == {}
    ours = {
        r["method"]: (r["points"], r["judged"])
        for r in made.table()
        if "thesis" not in r["network"]
    }
    assert ours == {"grad_cam": (4, 4), "saliency": (0, 4), "deconvnet": (0, 4)}
    assert len(made.table()) == 3 + 35
    with pytest.raises(InvalidValueError, match="12 maps"):
        made.judge(1)


def test_the_table_on_the_page_has_the_thesis_and_the_evidence(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path)
    made.judge(1)
    made.tabled = True
    yours, thesis, evidence = made._table["parts"]
    assert thesis["rows"][-1] == ["all", "17", "50", "4"]  # in the study's order of methods
    assert evidence["rows"] == [] and made.busy
    assert sum("1 of 1" in cell for cell in yours["rows"][-1]) == 1
    steps: list[Any] = []
    asked = made.engine.waiting["evidence"]  # type: ignore[attr-defined]
    table = asked.request.perform(Library(), lambda *at: steps.append(at))
    assert isinstance(asked.request, Evidence) and steps
    asked.done(table)
    assert not made.busy
    rows = {name: values for name, *values in made._table["parts"][2]["rows"]}
    # The same figures, one run at a time.
    mass = []
    for line in study.runs():
        if (line["method"], line["neuron"]) == ("grad_cam", "output"):
            heatmap, mask = study.heatmap(line), study.pictures[line["picture"]].mask
            mass.append(heatmap[mask].sum() / heatmap.sum())
    assert rows["relevance mass"][1] == f"{sum(mass) / len(mass):.2f}"
    assert "a dot in the middle" in made._table["parts"][2]["title"]


def test_what_the_page_sends_wrongly_is_told(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path)
    for value in (2, -1, True, "1", None):
        made._receive(None, {"kind": "judge", "value": value, "at": 0}, None)
        assert "0 or 1" in made.error and made.judged == 0
    made._receive(None, {"kind": "judge", "value": 1, "at": 5}, None)  # of a map gone by
    assert (made.error, made.judged) == ("", 0)
    made._receive(None, {"kind": "judge", "value": 1, "at": 0}, None)
    made._receive(None, {"kind": "back"}, None)
    assert (made.at, made.judged) == (0, 1)


@pytest.mark.parametrize("text", ["no json", "{}", '{"format": 1, "seed": 0, "points": {"a": 2}}'])
def test_a_file_of_something_else_is_refused_and_stays(
    study: Any, tmp_path: Path, text: str
) -> None:
    (tmp_path / "eyes.json").write_text(text)
    with pytest.raises(FileError, match=r"eyes\.json"):
        board(study, tmp_path)
    assert (tmp_path / "eyes.json").read_text() == text


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no study"):
        Scoreboard(tmp_path / "nowhere")
    with pytest.raises(InvalidValueError, match="int"):
        Scoreboard(3)
    with pytest.raises(InvalidValueError, match="nothing to judge"):
        Scoreboard(cnnvis.Study("mini_vgg", "scene:3", "saliency", path=tmp_path / "empty"))


def test_a_folder_is_opened(study: Any) -> None:
    made = Scoreboard(study.store.path, engine=EngineDouble())  # type: ignore[arg-type]
    assert made.count == 12
    assert made.scores.path == study.store.path / "eyes.json"


def test_undecided_is_a_verdict_and_takes_the_point_of_all(study: Any, tmp_path: Path) -> None:
    made = board(study, tmp_path)
    for line in list(made.scores.lines):
        strange = (line["picture"], line["neuron"]) == ("scene:3", "top layer")
        value = "undecided" if strange and line["method"] == "deconvnet" else 1
        made._receive(None, {"kind": "judge", "value": value, "at": made.at}, None)
    assert (made.error, made.judged) == ("", 12)
    ours = {r["method"]: r["points"] for r in made.table() if "thesis" not in r["network"]}
    assert ours == {"saliency": 3, "grad_cam": 3, "deconvnet": 3}


def test_raters_have_files_and_orders_of_their_own(study: Any) -> None:
    made = [
        Scoreboard(study, rater=name, repeats=0.4, engine=EngineDouble())  # type: ignore[arg-type]
        for name in ("ana", "ben")
    ]
    orders = [[line["key"] for line in one.scores.lines[:12]] for one in made]
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])
    for one in made:
        assert one.count > 12  # some come again
        while one.at < one.count:
            one.judge(1)
        assert one.judged == one.count
    files = sorted(path.name[:4] for path in (study.store.path / "raters").glob("*.json*"))
    assert files == ["ana-", "ben-"]
