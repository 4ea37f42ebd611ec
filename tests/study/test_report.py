"""A study's report in one file: what it holds, that it asks nobody, how it says to repeat it."""

from __future__ import annotations

import base64
import csv
import html.parser
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_studies import drawn_study
from PIL import Image

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.coherence import coherence, in_words, meaning
from cnnvis_widgets.study.human_scores import EyeScores, rater_file
from cnnvis_widgets.study.people import People
from cnnvis_widgets.study.people_tables import latex, of_groups
from cnnvis_widgets.study.provenance import records, versions
from cnnvis_widgets.study.report import write_report, writing
from cnnvis_widgets.study.study_file import study_of_file

GROUPS = {"p0": "ImageNet", "p1": "ImageNet", "p2": "other", "p3": "other", "p4": "other"}
METHODS = ["saliency", "deep_taylor", "grad_cam"]


class Page(html.parser.HTMLParser):
    """A page's addresses, its text outside of scripts, its tables, and what was not closed."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.attributes: list[dict[str, Any]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        known = dict(attrs)
        self.attributes.append({"tag": tag, **known})
        self.addresses += [known[name] for name in ("href", "src", "action") if known.get(name)]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)
        if self.open and {"th", "td"} & set(self.open[-2:]):
            self.tables[-1][-1][-1] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def rows(self, head: str) -> list[list[str]]:
        """The table whose first column has this head."""
        return next(t for t in self.tables if t and t[0] and t[0][0] == head)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> cnnvis.Study:
    path = tmp_path_factory.mktemp("reported") / "my <study>"
    made = drawn_study(path, methods=METHODS, neurons=["output", "top layer"])
    made.run()
    made.store.settle({"groups": GROUPS})
    for name, turn in (("ana", 2), ("ben", 3)):
        scores = EyeScores(made, path / rater_file(name), turn, 0.4)
        for place, line in enumerate(scores.lines):
            scores.judge(place, int(len(line["key"]) % turn == 0 or line["method"] == "grad_cam"))
    return made


@pytest.fixture(scope="module")
def text(study: cnnvis.Study) -> str:
    steps: list[tuple[int, int]] = []
    path = write_report(
        study, ["sparseness", "complexity"], progress=lambda *step: steps.append(step)
    )
    assert path == study.store.path / "report.html" and steps[-1][0] == steps[-1][1]
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    made = Page(text)
    assert made.open == []
    return made


def test_nothing_is_asked_of_any_server(text: str, page: Page) -> None:
    for address in page.addresses:
        assert address.startswith(("data:", "#")), address[:80]
    outside = re.sub(r'data:[^"]*', "", text)
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"']?(?!data:|#|[\"']?$)\w", outside)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", outside)
    policy = next(one for one in page.attributes if one.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_a_name_is_a_name_and_no_element(text: str, page: Page) -> None:
    assert "<study>" not in text
    assert "my <study>" in page.text


def test_all_parameters_versions_and_pictures(study: cnnvis.Study, page: Page) -> None:
    methods = page.rows("method")
    assert len(methods) == 1 + len(METHODS)
    for row, one in zip(methods[1:], study.methods.values(), strict=True):
        for name, value in one["parameters"].items():
            assert value == "" or f"{name} = {value}" in row[1]
    networks = {row[0]: row for row in page.rows("network")[1:]}
    assert networks["mini_vgg"][1:] == ["12 × 10", "weights of mini_vgg", "30 of 30", "30"]
    for name, number in versions().items():
        assert f"{name} {number}" in page.text
    for name, subject in study.pictures.items():
        assert f"{name} ({GROUPS[name]})" in page.text and subject.digest in page.text


def test_the_metrics_are_the_table_s_and_can_be_copied(study: cnnvis.Study, page: Page) -> None:
    rows = study.table(["sparseness", "complexity"])
    tables = [t for t in page.tables if t[0][:2] == ["method", "sparseness"]]
    assert len(tables) == 2
    for row in rows:
        table = tables[list(study.networks).index(row["network"])]
        line = next(line for line in table if line[0] == row["method"])
        cell = line[table[0].index(row["metric"])]
        assert cell == f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
    assert any(line[0] == "centre" for line in tables[0])
    found = list(csv.reader(io.StringIO("".join(re.findall(r"method,sparseness.*?\n(?:.*\n){4}",
                                                           "".join(page.words))))))  # fmt: skip
    assert found[:5] == tables[0]
    assert r"\begin{tabular}{lrr}" in page.text and "| - | -: | -: |" in page.text


def test_the_matrix_is_inside_as_a_figure_and_as_a_table(study: cnnvis.Study, page: Page) -> None:
    found = coherence(study)
    assert meaning(found) in page.text
    assert f"{found.methods[0]} | 1.00 | {in_words(found, 0, 1)}" in page.text
    figure = next(one for one in page.attributes if one.get("class") == "figure")
    assert "Most alike" in figure["alt"]
    kind, _, content = figure["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(content)


def test_every_map_is_inside_and_is_the_study_s(study: cnnvis.Study, page: Page) -> None:
    shown = [one for one in page.attributes if one["tag"] == "img" and one.get("title")]
    assert len(shown) == 2 * 5 * 2 * 3
    for one in shown:
        content = base64.b64decode(one["src"].partition(",")[2])
        assert Image.open(io.BytesIO(content)).size == (10, 12)  # small ones are kept as they are
        assert " of one on p" in one["alt"]


def test_people_agreement_groups_and_rank_correlation(study: cnnvis.Study, page: Page) -> None:
    people = People(study)
    assert "2 people scored maps without knowing their methods" in page.text
    table = next(t for t in page.tables if t[0][0] == "network" and "Grad-CAM" in t[0])
    cells = people.cells()["mini_vgg"]
    assert table[1] == ["mini_vgg", *(f"{cells[m][0]}/{cells[m][1]}" for m in METHODS)]
    assert ["VGG-16", "6/30", "5/10", "12/30"] in [row for t in page.tables for row in t]
    assert re.sub(r"\s+", " ", latex(people)) in page.text
    kappa = people.agreement()["ana, ben"]
    pairs = page.rows("raters")
    assert pairs[1][:3] == ["ana, ben", "60", f"{kappa.same:.2f}"]
    assert pairs[1][3].startswith(f"{kappa.kappa:.2f} [")
    assert [row[0] for row in page.rows("rater")[1:]] == ["ana", "ben"]
    gap = people.groups()
    assert gap is not None and of_groups(gap) in page.text
    follows = next(t for t in page.tables if t[0][-1].startswith("Spearman's rank correlation"))
    judged = [name for name in ("sparseness", "complexity") if metric(name).better != "neither"]
    assert judged and [row[0] for row in follows[1:]] == judged
    # By hand: ImageNet's two pictures less the other three, over all methods and networks.
    scores = study.table(["sparseness"], by=("picture",), baselines=())
    by_picture = {row["picture"]: row["value"] for row in scores}
    wanted = np.mean([by_picture[p] for p in ("p0", "p1")]) - np.mean(
        [by_picture[p] for p in ("p2", "p3", "p4")]
    )
    groups = next(t for t in page.tables if "permutation" in t[0][-1])
    assert groups[0][1] == "ImageNet (2) minus other (3)"
    row = next(row for row in groups if row[0] == "sparseness")
    assert float(row[1].split(" ")[0]) == pytest.approx(wanted, abs=0.006)


def test_how_to_repeat_it(study: cnnvis.Study, page: Page, tmp_path: Path) -> None:
    assert "no command was recorded" in page.text
    assert "cnnvis study report my <study> --metrics sparseness complexity" in page.text
    toml = re.search(r"networks = \[.*?(?=What was given)", "".join(page.words), re.S)
    assert toml
    known = tomllib.loads(toml[0])
    assert known["networks"] == list(study.networks)
    # With names that say all of it, the file makes the same study.
    known_text = toml[0].replace('images = ["p0", "p1", "p2", "p3", "p4"]', 'images = ["scene:1"]')
    (tmp_path / "study.toml").write_text(known_text, "utf-8")
    again = study_of_file(tmp_path / "study.toml")
    assert again.methods == study.methods and again.neurons == study.neurons
    assert (again.seed, again.keep) == (study.seed, study.keep)


def test_the_command_records_what_was_typed(tmp_path: Path, capsys: Any) -> None:
    path = str(tmp_path / "s")
    made = drawn_study(Path(path), ["mini_vgg"])
    assert main(["study", "report", path]) == 2
    assert "no run has a map" in capsys.readouterr().err
    made.run()
    assert main(["study", "run", path]) == 0  # nothing left: no network is loaded
    commands = [line.get("command") for line in records(made.store)]
    assert commands == [None, f"cnnvis study run {path}"]
    assert main(["study", "report", path, "--metrics", "sparseness", "--title", "Mine"]) == 0
    assert "report.html and report.md" in capsys.readouterr().out
    page = Page((tmp_path / "s" / "report.html").read_text("utf-8"))
    assert f"cnnvis study run {path}" in page.text and "Mine" in page.text
    assert "Nobody has scored this study yet" in page.text
    assert not any("permutation" in row for table in page.tables for row in table[0])
    when = page.rows("when")
    assert len(when) == 2 and " to " in when[1][0] and "cores" in when[1][1]


def test_what_is_too_large_for_a_page_is_left_to_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drawn_study(tmp_path / "s")
    made.run()
    monkeypatch.setattr(writing, "MOST_MAPS", 20)
    page = Page(write_report(made, "sparseness").read_text("utf-8"))
    shown = [one for one in page.attributes if one["tag"] == "img" and one.get("title")]
    assert len(shown) == 15  # one network's
    assert "at most 20 maps" in page.text
    (made.store.path / "report.html").unlink()
    (made.store.path / "report.html").mkdir()
    with pytest.raises(FileError, match="could not be written"):
        write_report(made, "sparseness")
