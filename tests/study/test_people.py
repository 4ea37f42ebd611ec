"""Several raters of one study: the rule, their points, repeats, tables, and the metrics."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.contract import Scored
from cnnvis_widgets.study.human_scores import EyeScores, by_the_rule, rater_file
from cnnvis_widgets.study.people import People
from cnnvis_widgets.study.people_tables import COLUMNS, comma_separated, latex, markdown

RNG = np.random.default_rng(5)
PICTURES = {f"p{n}": RNG.integers(0, 256, (14, 11, 3), dtype=np.uint8) for n in range(5)}
METHODS = {"saliency": "saliency", "my_cam": ("grad_cam", {}), "deconvnet": "deconvnet"}


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


@pytest.fixture
def study(network: Any, tmp_path: Path) -> cnnvis.Study:
    made = cnnvis.Study({"vgg16": network}, PICTURES, METHODS, ["output", "c1"], tmp_path / "s")
    made.run()
    return made


def judged(study: cnnvis.Study, name: str, say: Any, repeats: float = 0.0, seed: int = 0) -> Any:
    scores = EyeScores(study, study.store.path / rater_file(name), seed, repeats)
    for place, line in enumerate(scores.lines):
        scores.judge(place, say(line))
    return scores


def test_where_nobody_can_tell_no_method_has_a_point() -> None:
    lines = [
        {"key": f"{p}{n}{m}", "network": "x", "picture": p, "neuron": n, "method": m}
        for p in "ab"
        for n in "oi"
        for m in "123"
    ]
    message: dict[str, Any] = {line["key"]: 1 for line in lines}
    message |= {"ai2": "undecided", "bo1": 0}
    ruled = by_the_rule(lines, message)
    assert {key for key, point in ruled.items() if point == 0} == {"ai1", "ai2", "ai3", "bo1"}
    assert set(ruled) == set(message)
    assert by_the_rule(lines, {"ai2": "undecided", "bi1": 1, "gone": 1}) == {"ai2": 0, "bi1": 1}


def test_the_rule_is_in_the_table_of_one_rater(study: cnnvis.Study) -> None:
    def say(line: Any) -> Any:
        undecided = (line["picture"], line["neuron"]) == ("p1", "c1")
        return "undecided" if undecided and line["method"] == "my_cam" else 1

    scores = judged(study, "ana", say)
    assert scores.table()["vgg16"] == dict.fromkeys(METHODS, (9, 10))
    again = EyeScores(study, scores.path)
    assert Counter(map(str, again.points.values())) == {"1": 29, "undecided": 1}


def test_some_maps_come_twice_and_tell_how_far_one_agrees_with_oneself(
    study: cnnvis.Study,
) -> None:
    seen = Counter[str]()

    def say(line: Any) -> int:
        seen[line["key"]] += 1
        first = int(line["method"] != "deconvnet")
        return first if seen[line["key"]] == 1 or line["picture"] != "p0" else 1 - first

    scores = judged(study, "ana", say, repeats=0.5)
    twice = [key for key, count in seen.items() if count == 2]
    assert 8 <= len(twice) <= 22 and max(seen.values()) == 2
    assert len(scores.lines) == 30 + len(twice) == scores.judged
    assert [line["key"] for line in scores.lines[:30]] == list(seen)
    assert scores.table()["vgg16"]["saliency"] == (10, 10)  # what was said first counts
    agreement = People(study).self_agreement()["ana"]
    own = {line["key"]: line["picture"] for line in study.runs()}
    assert agreement.items == len(twice)
    assert agreement.same == pytest.approx(np.mean([own[key] != "p0" for key in twice]))
    kept = json.loads(scores.path.read_text("utf-8"))
    assert kept["repeats"] == 0.5 and len(kept["again"]) == len(twice)
    assert len(EyeScores(study, scores.path).lines) == len(scores.lines)
    with pytest.raises(InvalidValueError, match=r"0 to 1; got 1\.5"):
        EyeScores(study, scores.path.with_name("x.json"), repeats=1.5)


def test_more_than_half_make_a_point(study: cnnvis.Study) -> None:
    judged(study, "ana", lambda line: 1)
    judged(study, "ben", lambda line: int(line["picture"] in ("p0", "p1")))
    people = People(study)
    assert list(people.raters) == ["ana", "ben"]
    assert people.cells()["vgg16"]["my_cam"][:2] == (4, 10)  # a tie is none
    judged(study, "eva", lambda line: int(line["picture"] == "p2"), seed=3)
    people = People(study)
    assert people.cells()["vgg16"]["my_cam"][:2] == (6, 10)
    agreements = people.agreement()
    assert list(agreements) == ["ana, ben", "ana, eva", "ben, eva", "all"]
    assert agreements["ana, ben"].kappa == pytest.approx(0)  # a constant rater agrees as by chance
    assert agreements["all"].items == 30
    # By hand: on every picture two of the three say the same, and never all three.
    assert agreements["all"].same == pytest.approx(1 / 3)
    yes = (30 + 12 + 6) / 90
    chance = yes**2 + (1 - yes) ** 2
    assert agreements["all"].kappa == pytest.approx((1 / 3 - chance) / (1 - chance))


def test_the_share_on_one_group_less_that_on_the_other(study: cnnvis.Study) -> None:
    judged(study, "ana", lambda line: int(line["picture"] in ("p0", "p1", "p4")))
    assert People(study).difference() is None
    groups = {"p0": "ImageNet", "p1": "ImageNet", "p2": "other", "p3": "other", "p4": "other"}
    study.store.settle({"groups": groups})
    difference = People(study).difference()
    assert difference is not None
    assert difference[0] == ("ImageNet", "other")
    assert difference[1].value == pytest.approx(1 - 1 / 3)
    # Three of the second group, of which one has all points: 0 to 3 of 3 are drawn.
    assert difference[1].low == pytest.approx(0)
    assert difference[1].high == pytest.approx(1)


def scored(study: cnnvis.Study, value: Any) -> list[Scored]:
    names = ("network", "picture", "method", "neuron")
    return [
        Scored({n: line[n] for n in names}, "it", False, value(line), "", "")
        for line in study.runs()
    ]


def test_whether_people_follow_a_metric(study: cnnvis.Study) -> None:
    order = {"saliency": 0.2, "my_cam": 0.8, "deconvnet": 0.5}
    noise = np.random.default_rng(2)
    message = {line["key"]: int(noise.random() < order[line["method"]]) for line in study.runs()}
    judged(study, "ana", lambda line: message[line["key"]])
    people = People(study)
    values = {line["key"]: noise.random() for line in study.runs()}
    correlation = people.follows(scored(study, lambda line: values[line["key"]]))
    points, means = (
        [np.mean([of[x["key"]] for x in study.runs() if x["method"] == m]) for m in METHODS]
        for of in (message, values)
    )
    assert correlation.value == pytest.approx(spearmanr(points, means).statistic)
    assert -1 <= correlation.low <= correlation.value <= correlation.high <= 1  # type: ignore[operator]
    same = people.follows(scored(study, lambda line: points[list(METHODS).index(line["method"])]))
    assert same.value == pytest.approx(1)
    turned = people.follows(scored(study, lambda line: -order[line["method"]]), True)
    assert turned.value == pytest.approx(1)
    assert turned.high == pytest.approx(1) and turned.low < 1  # type: ignore[operator]
    level = people.follows(scored(study, lambda line: 0.5))
    assert level.value is None
    two = people.follows(scored(study, lambda x: None if x["method"] == "my_cam" else 0.5))
    assert two.value is None


def test_table_2_in_three_forms(study: cnnvis.Study) -> None:
    judged(study, "ana", lambda line: int(line["method"] == "my_cam"))
    people = People(study)
    text = latex(people)
    assert r" & Saliency map & my\_cam & DeconvNet \\" in text
    assert "\nvgg16 & 0/10 & 10/10 & 0/10 \\\\\n" in text
    assert "\nVGG-16 & 6/30 & 12/30 & 4/30 \\\\\n" in text
    assert "\nall & 17/150 & 50/150 & 4/150 \\\\\n" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2
    table = markdown(people)
    assert "| vgg16 | 0/10 | 10/10 | 0/10 |" in table
    assert "| MobileNet V2 | 2/30 | 7/30 | 0/30 |" in table
    lines = list(csv.DictReader(io.StringIO(comma_separated(people))))
    assert tuple(lines[0]) == COLUMNS
    own = next(row for row in lines if row["method"] == "my_cam")
    assert (own["points"], own["maps"], own["share"]) == ("10", "10", "1.0000")
    assert (own["thesis_points"], own["thesis_maps"]) == ("12", "30")
    others = [row for row in lines if row["network"] == "Xception"]
    assert {row["method"]: row["thesis_points"] for row in others}["lime"] == "7"
    assert {row["method"]: row["thesis_maps"] for row in others}["lime"] == "10"
    assert len(lines) == 3 + 4 * 7


def test_the_command_writes_all_of_it(study: cnnvis.Study, capsys: Any, tmp_path: Path) -> None:
    path = str(study.store.path)
    assert main(["study", "people", path]) == 2
    assert "Nobody has judged" in capsys.readouterr().err
    for name, turn in (("ana", 0), ("ben", 1), ("eva", 2)):
        judged(study, name, lambda line, n=turn: int(len(line["key"]) % (2 + n) == 0), 0.3, turn)
    assert main(["study", "people", path, "--metrics", "sparseness", "complexity"]) == 0
    shown = capsys.readouterr().out
    for words in ("# Scored by 3 people", "| ana, ben | 30 |", "| all | 30 |", "| sparseness |",
                  "## Agreement of first and second verdicts", "| complexity | "):  # fmt: skip
        assert words in shown
    names = {file.name for file in (study.store.path / "people").iterdir()}
    assert names == {"report.md", "table_2.tex", "table_2.md", "table_2.csv"}
    one = str(study.store.path / rater_file("ana"))
    out = tmp_path / "alone"
    assert main(["study", "people", path, one, "--out", str(out)]) == 0
    assert "# Scored by 1 person" in (out / "report.md").read_text("utf-8")
    with pytest.raises(FileError, match=r"no file .*nobody\.json"):
        People(study, ["nobody.json"])
