"""The page of invited raters without a browser: keys, what is hidden, and going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drawn_studies import rated_study
from engine_double import EngineDouble

import cnnvis_widgets as cnnvis
from cnnvis_widgets import policy
from cnnvis_widgets.cli.main import rated
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study.raters import STUDY_VARIABLE, raters


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rated_study(tmp_path_factory.mktemp("rated") / "study", ["saliency", "grad_cam"], 1)


def page(folder: Any = None) -> cnnvis.BlindScoring:
    return cnnvis.BlindScoring(folder, engine=EngineDouble())  # type: ignore[arg-type]


def send(made: cnnvis.BlindScoring, key: Any) -> None:
    made.key._receive(None, {"kind": "key", "key": key}, None)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "raters").glob("*.json"))


def test_a_key_opens_its_rater_s_scoreboard_and_goes_on(folder: Path) -> None:
    ana, ben = raters(folder)
    made = page(folder)
    send(made, ana.key)
    assert made.board is not None and (made.key.rater, made.key.error) == ("Ana", "")
    assert made.children == (made.key, made.board)
    assert made.board.count == 20  # each map twice
    made.board.judge(1)
    made.board.judge(0)
    again = page(folder)  # the page was opened again
    send(again, ana.key)
    assert again.board is not None and (again.board.at, again.board.judged) == (2, 2)
    other = page(folder)
    send(other, ben.key)
    assert other.board is not None and other.board.judged == 0
    orders = [[x["key"] for x in one.board.scores.lines] for one in (made, other)]  # type: ignore[union-attr]
    assert orders[0] != orders[1]
    other.board.judge(1)
    assert [name[:4] for name in files(folder)] == ["Ana-", "Ben-"]
    send(made, ana.key)  # a second view of the same page
    assert made.key.error == ""
    send(made, ben.key)
    assert "another rater's" in made.key.error and made.key.rater == "Ana"
    for one in (made, again, other):
        one.close()


@pytest.mark.parametrize("key", ["", "Ana", "../../raters/Ana", 3, None, {}, ["a"]])
def test_any_other_key_opens_nothing_and_writes_nothing(folder: Path, key: Any) -> None:
    before = sorted(map(str, folder.rglob("*")))
    made = page(folder)
    send(made, key)
    assert made.board is None and "nobody's" in made.key.error
    made.key._receive(None, {"kind": "judge", "value": 1, "at": 0}, None)
    assert sorted(map(str, folder.rglob("*"))) == before
    made.close()


def test_a_page_cannot_open_the_table(folder: Path) -> None:
    made = page(folder)
    send(made, raters(folder)[0].key)
    board = made.board
    assert board is not None
    state = {"method": "update", "state": {"tabled": True, "blind": False}, "buffer_paths": []}
    board._handle_msg({"content": {"data": state}, "buffers": []})
    assert board.blind and not board.tabled and board._table == {}
    sent = json.dumps([v for k, v in board._card.items() if k not in ("picture", "map")]).lower()
    assert not any(word in sent for word in ("saliency", "grad", "gradient"))
    made.close()


def test_where_nothing_is_scored_it_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STUDY_VARIABLE, raising=False)
    made = page()
    assert "cnnvis app rating --study PATH" in made.key.why
    send(made, raters(folder)[0].key)
    assert made.board is None
    with pytest.raises(FileError, match="no study in"):
        rated(tmp_path)
    monkeypatch.setenv(STUDY_VARIABLE, "")
    rated(folder)
    served = page()
    assert served.key.why == ""
    send(served, raters(folder)[0].key)
    assert served.board is not None
    monkeypatch.setenv(policy.VARIABLE, policy.PUBLIC.text())
    public = page(folder)
    assert "public page keeps no points" in public.key.why
    send(public, raters(folder)[0].key)
    assert public.board is None
    for one in (made, served, public):
        one.close()


def test_a_served_card_names_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    from cnnvis_widgets.widgets.comparison.scoreboard import _named

    line = {"network": str(tmp_path / "secret" / "net.keras"), "picture": "scene:3"}
    assert "secret" in _named(line)
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    assert _named(line) == "net.keras, scene:3"
