"""Invited raters: keys, orders of their own, and what the command tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from drawn_studies import drawn_study

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.human_scores import EyeScores, rater_file
from cnnvis_widgets.study.people import People
from cnnvis_widgets.study.raters import FILE, invite, rater_of, raters


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawn_study(tmp_path / "study").run()
    return tmp_path / "study"


def test_each_has_a_key_an_order_and_keeps_them(folder: Path) -> None:
    first = invite(folder, ["Ana", " Ben "], 0.5)
    assert [one.name for one in first] == ["Ana", "Ben"]
    assert len({one.key for one in first}) == len({one.seed for one in first}) == 2
    again = invite(folder, ["Ben", "Eva"], 0.0, seed=9)
    assert again[:2] == first == raters(folder)[:2]
    assert again[2].repeats == 0
    assert all(len(one.key) >= 16 for one in again)
    assert rater_of(folder, first[1].key) == first[1]


@pytest.mark.parametrize(
    "sent", ["", "Ana", "../raters", None, 7, ["x"], {"key": 1}, "x" * 10_000, "\ud800"]
)
def test_nothing_but_a_key_is_anybody_s(folder: Path, sent: Any) -> None:
    invite(folder, ["Ana"])
    before = sorted(path.name for path in folder.rglob("*"))
    assert rater_of(folder, sent) is None
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_name_is_one_line(folder: Path, name: str) -> None:
    with pytest.raises(InvalidValueError, match="in one line; got"):
        invite(folder, ["Ana", name])
    assert raters(folder) == []
    with pytest.raises(InvalidValueError, match="0 to 1; got 2"):
        invite(folder, ["Ana"], 2)


DAMAGED = [
    "",
    "[]",
    "{}",
    '{"format": 2, "raters": []}',
    '{"format": 1, "raters": [{"name": 1}]}',
    '{"format": 1, "raters": [{"name": "", "key": "", "seed": 0, "repeats": 0}]}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_told_and_stays(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text)
    for ask in (lambda: raters(folder), lambda: invite(folder, ["Ana"])):
        with pytest.raises(FileError, match=r"raters\.json"):
            ask()
    assert (folder / FILE).read_text() == text


def test_the_command_gives_links_and_says_how_far_each_is(folder: Path, capsys: Any) -> None:
    path = str(folder)
    assert main(["study", "raters", path]) == 0
    assert "Nobody is invited yet" in capsys.readouterr().out
    words = ["study", "raters", path, "--names", "José,Ben", "--repeats", "0.3"]
    assert main([*words, "--address", "https://here.example/"]) == 0
    shown = capsys.readouterr().out
    links = re.findall(r"https://here\.example/voila/render/rating\.ipynb\?rater=(\S+)", shown)
    assert [rater_of(folder, key).name for key in links] == ["José", "Ben"]  # type: ignore[union-attr]
    known = raters(folder)
    study = cnnvis.Study.open(folder)
    orders = []
    for one in known:
        scores = EyeScores(study, folder / rater_file(one.name), one.seed, one.repeats)
        assert f"{one.name}: 0 of {len(scores.lines)} judged" in shown
        orders.append([line["key"] for line in scores.lines])
        for place in range(len(scores.lines)):
            scores.judge(place, place % 2)
    assert orders[0][:30] != orders[1][:30] and sorted(orders[0][:30]) == sorted(orders[1][:30])
    assert main(["study", "raters", path]) == 0
    shown = capsys.readouterr().out
    count = len(orders[0])
    assert f"José: {count} of {count} judged" in shown and "localhost:8866" in shown
    people = People(study)
    assert list(people.raters) == ["Ben", "José"]  # by the names that were invited
    assert set(people.self_agreement()) == {"Ben", "José"}
    assert "Ben, José" in people.agreement()


def test_two_pages_of_a_rater_lose_no_point(folder: Path) -> None:
    study = cnnvis.Study.open(folder)
    one, other = (EyeScores(study, folder / "eyes.json", 3, 0.2) for _ in range(2))
    one.judge(0, 1)
    other.judge(1, 0)
    one.judge(2, "undecided")
    assert other.judged == 2  # a page learns of the others' points with its own
    assert len(json.loads((folder / "eyes.json").read_text())["points"]) == 3
    assert one.first_open() == 3
