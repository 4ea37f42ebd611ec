"""The index and the glossary without a browser."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from cnnvis_widgets.course import lessons
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.rendering.pictures import jpeg_bytes
from cnnvis_widgets.widgets import CourseIndex, Glossary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    head = "# One: what?\n\nAbout.\n\n| **Time** | 20 minutes to read; 40 in class |\n"
    for name, text in (("03_01_one", head), ("app", "# App\n\nSee a unit.")):
        cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_markdown_cell("A softmax.")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    return tmp_path


def test_the_index_lists_what_is_there_with_its_picture(folder: Path) -> None:
    import numpy as np

    (folder / "pictures").mkdir()
    (folder / "pictures" / "03_01_one.jpg").write_bytes(jpeg_bytes(np.zeros((4, 5, 3), np.uint8)))
    one, app = CourseIndex(folder)._lessons
    assert (one["section"], one["title"], one["question"]) == ("3.1", "One", "What?")
    assert one["time"] == "20 minutes"
    assert one["picture"].startswith("data:image/jpeg;base64,")
    assert (app["chapter"], app["about"], app["picture"]) == ("0", "See a unit.", "")


def test_by_default_both_are_about_the_course_that_comes_along() -> None:
    assert [r["name"] for r in CourseIndex()._lessons] == [lesson.name for lesson in lessons()]
    softmax = next(term for term in Glossary()._terms if term["name"] == "softmax")
    assert {"file": "03_08_grad_cam.ipynb", "heading": "3.8 Grad-CAM"} in softmax["met"]


def test_the_glossary_says_where_a_word_is_met(folder: Path) -> None:
    terms = {term["name"]: term for term in Glossary(folder)._terms}
    assert terms["softmax"]["met"] == [{"file": "03_01_one.ipynb", "heading": "3.1 One"}]
    assert terms["unit"]["met"] == []  # apps do not count
    with pytest.raises(UnknownNameError, match="serach"):
        Glossary(folder, serach="x")
