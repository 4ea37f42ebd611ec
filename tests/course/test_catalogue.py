"""The course as it is read from the notebooks' files, and the pages made of them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from cnnvis_widgets.course import find, lessons, notebooks_folder
from cnnvis_widgets.course.catalogue import PICTURES, current_folder
from cnnvis_widgets.course.pages import about, prepare

HEAD = """# A title: and a question?

What it is about.

| | |
| :- | :- |
| **Time** | 30 minutes to read; 45 in class |
| **You should know** | [another](x.ipynb) thing |
| **You will learn to** | do *this* |
"""


def written(folder: Path, name: str, head: str = HEAD, *more: str) -> None:
    cells = [nbformat.v4.new_markdown_cell(text) for text in (head, *more)]
    cells.append(nbformat.v4.new_code_cell("x = 1"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


def test_a_new_lesson_is_one_new_file_in_the_thesis_order(tmp_path: Path) -> None:
    for name in ("explorer", "03_10_lime", "03_09_a", "05_end", "01_start", "00_index", "02_2_b"):
        written(tmp_path, name)
    for name in ("02_2c_end", "02_2b_a", "02_3_a"):  # a section of three parts
        written(tmp_path, name)
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "no_cells.ipynb").write_text("{}")
    listed = lessons(tmp_path)
    assert [lesson.name for lesson in listed] == [
        "01_start", "02_2_b", "02_2b_a", "02_2c_end", "02_3_a", "03_09_a", "03_10_lime", "05_end",
        "explorer",
    ]  # fmt: skip
    assert [lesson.section for lesson in listed] == [
        "1", "2.2", "2.2b", "2.2c", "2.3", "3.9", "3.10", "5", "",
    ]  # fmt: skip
    assert [lesson.chapter for lesson in listed] == [1, 2, 2, 2, 2, 3, 3, 5, 0]


def test_what_a_lesson_says_of_itself(tmp_path: Path) -> None:
    written(tmp_path, "03_10_lime", HEAD, "More words.")
    lesson = find("03_10_lime", tmp_path)
    assert lesson is not None
    assert lesson.heading == "3.10 A title"
    assert lesson.question == "And a question?"
    assert lesson.about == "What it is about."
    assert lesson.time == "30 minutes to read; 45 in class"
    assert (lesson.know, lesson.can) == ("another thing", "do this")
    assert lesson.text[1] == "More words."
    written(tmp_path, "03_10_lime", "# Changed")
    changed = find("03_10_lime", tmp_path)
    assert changed is not None
    assert (changed.title, changed.question, changed.time) == ("Changed", "", "")
    assert find("03_11_none", tmp_path) is None


def test_every_lesson_that_comes_along_says_how_long_it_takes() -> None:
    for lesson in lessons():
        if lesson.chapter:
            assert "minutes" in lesson.time, lesson.name
            assert lesson.can, lesson.name


def test_the_folder_is_the_notebook_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert current_folder() == notebooks_folder()
    written(tmp_path, "00_index")
    assert current_folder() == tmp_path


def test_pictures_are_small_and_belong_to_a_lesson() -> None:
    pictures = list((notebooks_folder() / PICTURES).glob("*"))
    assert all(path.suffix == ".jpg" and path.stat().st_size < 24_000 for path in pictures)
    assert sum(path.stat().st_size for path in pictures) < 400_000


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(notebooks_folder() / f"{name}.ipynb", as_version=4)


def made(name: str, notebook: nbformat.NotebookNode) -> dict[str, object] | None:
    _, resources = prepare(notebook, {"metadata": {"name": Path(name).name}})
    return resources.get("cnnvis")  # type: ignore[no-any-return]


def test_a_lesson_s_page_knows_its_neighbours_and_keeps_its_code() -> None:
    notebook = read("03_08_grad_cam")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    page = made("03_08_grad_cam", notebook)
    assert page is not None
    names = [lesson.name for lesson in lessons() if lesson.chapter]
    place = names.index("03_08_grad_cam")
    assert page["lessons"] == names
    assert page["before"]["file"] == f"{names[place - 1]}.ipynb"  # type: ignore[index]
    assert page["after"]["file"] == f"{names[place + 1]}.ipynb"  # type: ignore[index]
    assert page["title"] == notebook.metadata.title == "3.8 Grad-CAM"
    assert page["command"] == "cnnvis lab 03_08_grad_cam"
    assert [cell.source for cell in notebook.cells if cell.cell_type == "code"] == code
    assert 'href="glossary.ipynb#softmax"' in notebook.cells[0].source
    json.dumps(page)


def test_solutions_the_index_and_apps() -> None:
    solution = made("03_08_grad_cam", read("solutions/03_08_grad_cam"))
    assert solution is not None
    assert solution["folder"] == "../"
    assert solution["of"] == {"file": "03_08_grad_cam.ipynb", "heading": "3.8 Grad-CAM"}
    assert solution["before"] is solution["after"] is None
    index, explorer = made("00_index", read("00_index")), made("explorer", read("explorer"))
    assert index is not None
    assert explorer is not None
    assert (index["index"], index["lesson"]) == (True, False)
    assert (explorer["index"], explorer["lesson"], explorer["before"]) == (False, False, None)


@pytest.mark.parametrize("name", ["mine", "explorer", "03_08_grad_cam"])
def test_somebody_s_own_notebook_stays_as_it_is(name: str) -> None:
    cells = [nbformat.v4.new_markdown_cell("# My own work\n\nA neuron.")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert made(name, notebook) is None
    assert notebook.cells[0].source == "# My own work\n\nA neuron."
    assert about("", name) is None
