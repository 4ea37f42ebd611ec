"""Worksheets and slides: what is on them, and that the PDF has the pages that it should."""

from __future__ import annotations

import html
import re
import shutil
import stat
import sys
from pathlib import Path

import nbformat
import pypdf
import pytest

from cnnvis_widgets.cli import main
from cnnvis_widgets.course.catalogue import Lesson, find, lessons, notebooks_folder
from cnnvis_widgets.course.exercises import tasks
from cnnvis_widgets.course.handouts import read, run, slides, worksheets
from cnnvis_widgets.course.markdown import MATHML, to_html
from cnnvis_widgets.course.printing import browser, print_pdf
from cnnvis_widgets.course.questions import questions
from cnnvis_widgets.errors import FileError

COURSE = [lesson for lesson in lessons() if lesson.chapter]
A4, WIDE = (210.0, 297.0), (338.67, 190.5)
POINT = 25.4 / 72


def lesson_named(name: str) -> Lesson:
    lesson = find(name)
    assert lesson is not None
    return lesson


def words(text: str) -> str:
    """Letters and digits alone: a PDF has its own line breaks and ligatures."""
    plain = re.sub(r"\$[^$]*\$|\[([^\]]*)\]\([^)]*\)", r" \1 ", text)
    return re.sub(r"[\W_]+", "", html.unescape(plain)).replace("ﬁ", "fi").replace("ﬂ", "fl")


def pieces(markdown: str) -> list[str]:
    """The runs of words between formulas, codes and the like."""
    linked = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return [words(piece) for piece in re.split(r"\$[^$]*\$|[`*_\[\]()²ᵀ₁]", linked)]


def pages(file: Path) -> list[pypdf.PageObject]:
    return list(pypdf.PdfReader(file).pages)


def size(page: pypdf.PageObject) -> tuple[float, float]:
    return float(page.mediabox.width) * POINT, float(page.mediabox.height) * POINT


def test_every_lesson_s_worksheet_is_one_page_that_holds_all_tasks(tmp_path: Path) -> None:
    out = tmp_path / "worksheets.pdf"
    assert main(["handout", "--worksheet", "-o", str(out)]) == 0
    printed = pages(out)
    assert len(printed) == len(COURSE)
    assert pypdf.PdfReader(out).metadata.title == "Worksheet"  # else a page says that it is full
    for page, lesson in zip(printed, COURSE, strict=True):
        assert size(page) == pytest.approx(A4, abs=0.5)
        text = words(page.extract_text())
        assert words(lesson.title) in text and words(lesson.can) in text
        for one in tasks(lesson):
            for piece in pieces(one.task):
                assert piece in text, (lesson.name, one.number, piece)
        for question in questions([lesson.name]):
            for shown in (question.text, *question.choices):
                assert words(shown) in text, (lesson.name, shown)
            assert words(question.because) not in text
        assert smallest_type(page) >= 9, lesson.name


def smallest_type(page: pypdf.PageObject) -> float:
    """The size in points of the smallest letters, those of formulas left out."""
    sizes: dict[float, int] = {}

    def visit(text: str, cm: list[float], tm: list[float], _font: object, points: float) -> None:
        if text.strip():
            drawn = round(abs(points * tm[3] * cm[3]), 1)
            sizes[drawn] = sizes.get(drawn, 0) + len(text.strip())

    page.extract_text(visitor_text=visit)
    many = sum(sizes.values())
    return min(drawn for drawn, count in sizes.items() if count > 0.2 * many)


def test_answers_are_on_the_lecturer_s_worksheet_alone() -> None:
    for lesson in COURSE:
        plain, told = (worksheets([lesson], answers) for answers in (False, True))
        assert "☒" not in plain and "Answer:" not in plain
        assert told.count("☒") == len(questions([lesson.name]))
        assert told.count("Answer: ") == len(tasks(lesson)) and 'class="lines"' not in told
        for question in questions([lesson.name]):
            assert html.escape(question.because, quote=False) in told
            assert f"☒ {html.escape(question.choices[question.right], quote=False)}" in told


def test_a_lesson_s_slides_are_its_pages(tmp_path: Path) -> None:
    out = tmp_path / "slides.pdf"
    assert main(["handout", "2.5", "--slides", "-o", str(out)]) == 0
    path = notebooks_folder() / "02_5_tools.ipynb"
    cells = [c for c in read(path)["cells"] if c["cell_type"] == "markdown"]
    marks = [c["metadata"]["slideshow"]["slide_type"] for c in cells]
    printed = pages(out)
    assert len(printed) == sum(mark in ("slide", "subslide") for mark in marks)
    assert pypdf.PdfReader(out).metadata.title == "2.5 Tools"
    assert all(size(page) == pytest.approx(WIDE, abs=0.5) for page in printed)
    heads = [
        "".join(c["source"])
        for c in cells
        if c["metadata"]["slideshow"]["slide_type"][-5:] == "slide"
    ]
    for page, head in zip(printed, heads, strict=True):
        assert pieces(head.splitlines()[0])[-1] in words(page.extract_text())


def test_slides_show_what_a_run_has_left() -> None:
    lesson = lesson_named("02_5_tools")
    notebook = read(notebooks_folder() / lesson.file)
    widget = {"data": {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Quiz()"}}
    picture = {"data": {"image/png": "QUJD\n"}, "metadata": {"image/png": {"alt": 'a "map"'}}}
    outputs = [widget, picture, {"name": "stdout", "text": ["1 < 2\n", "3"]}]
    codes = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    codes[1]["outputs"] = outputs  # the first one, which imports, belongs to a part that is skipped
    codes[0]["outputs"] = [{"name": "stdout", "text": "not shown"}]
    made = slides(lesson, notebook)
    assert '<img src="data:image/png;base64,QUJD" alt="a &quot;map&quot;">' in made
    assert "not shown" not in made
    assert "<pre>1 &lt; 2\n3</pre>" in made and "To be tried out" in made and "Quiz()" not in made
    (question,) = questions(["2.5"])
    assert all(f"☐ {choice}" in made for choice in question.choices)
    assert question.because not in made and "☒" not in made
    first = next(c for c in notebook["cells"] if c["metadata"]["slideshow"]["slide_type"] == "skip")
    assert to_html("".join(first["source"]), MATHML) not in made


def test_a_lesson_is_run_for_its_slides(tmp_path: Path) -> None:
    def notebook(code: str) -> Path:
        cells = [nbformat.v4.new_markdown_cell("# A title"), nbformat.v4.new_code_cell(code)]
        path = tmp_path / "own.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    path = notebook("import os\nprint(6 * 7, os.path.exists('own.ipynb'))")
    assert "<pre>42 True</pre>" in slides(lesson_named("02_5_tools"), run(path))
    with pytest.raises(FileError, match=r"own\.ipynb could not be run: ZeroDivisionError"):
        run(notebook("1 / 0"))


def test_all_formulas_become_mathml() -> None:
    for lesson in COURSE:
        for text in lesson.text:
            formulas = re.findall(r"<math.*?</math>", to_html(text, MATHML), re.DOTALL)
            assert not [one for one in formulas if "\\" in re.sub(r"\\(?=[{}|])", "", one)]
            count = len(re.findall(r'class="math"', to_html(text)))
            assert len(formulas) == count


def test_what_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words_, message in (
        (["--slides"], "Slides are of one lesson"),
        (["3.8", "--slides", "--answers"], "--answers belongs to worksheets"),
        (["3.8", "--run"], "--run belongs to --slides"),
        (["3.8", "-o", "sheet.doc"], "ends in .pdf or .html; got 'sheet.doc'"),
        (["9.9"], "There is no lesson '9.9'"),
        (["3.8", "--browser", "no-such"], "There is no browser 'no-such'. Install"),
        (["3.8", "-o", str(tmp_path / "no" / "page.html")], "could not be written"),
    ):
        assert main(["handout", *words_]) == 2
        assert message in capsys.readouterr().err


def program(tmp_path: Path, code: str) -> str:
    """A program in place of a browser."""
    path = tmp_path / "browser"
    path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_browser_that_is_not_there_or_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.pdf"
    with pytest.raises(FileError, match="wrote no PDF: no display"):
        print_pdf("<p>a", out, program(tmp_path, "sys.exit('no display')"))
    writes = "open(sys.argv[-2].partition('=')[2], 'w').write(sys.argv[-1])"
    order = (
        "sys.argv.sort(key=lambda a: a.startswith('--print-to-pdf') + 2 * a.startswith('file:'))"
    )
    print_pdf("<p>a", out, program(tmp_path, f"{order}\n{writes}"))
    assert out.read_text().endswith("page.html")
    with pytest.raises(FileError, match="did not print"):
        print_pdf("<p>a", out, str(tmp_path / "none"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("cnnvis_widgets.course.printing.PLACES", ())
    with pytest.raises(FileError, match=r"No Chromium, Chrome or Edge .* ends in \.html"):
        browser()
    assert main(["handout", "1", "-o", str(tmp_path / "page.html")]) == 0  # needs none
    assert "written to" in capsys.readouterr().out
