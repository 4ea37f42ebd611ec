"""The lessons and apps, found by the names of their files: a new lesson is one new notebook.

A section that is too long for one class is split into several lessons: `02_3_one.ipynb`, shown as
2.3, then `02_3b_other.ipynb`, shown as 2.3b. The first part has no letter, so that its address
stays the same after splitting.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from cnnvis_widgets.errors import FileError

INDEX = "00_index"
PICTURES = "pictures"
CHAPTERS = {
    1: "Introduction",
    2: "Machine learning and neural networks",
    3: "Ways to see what a network sees",
    4: "The methods compared",
    5: "Conclusions",
    6: "Since the thesis",
}

_PACKAGE = Path(__file__).parents[1]
_NUMBERS = re.compile(r"(\d\d)_(?:(\d+)([a-z]?)_)?\w+$")
ROW = re.compile(r"^\| \*\*(.+?)\*\* \| (.+?) \|$", re.MULTILINE)


class Lesson(NamedTuple):
    """A notebook that a visitor may open.

    Attributes:
        name: of its file, without the ending; the order of the names is the thesis' order.
        chapter: of the thesis, or 6 for later work; 0 for an app, which is not a lesson.
        section: "3.8", "2.3b" (the second part of 2.3), "1"; "" for an app.
        title: the part of its heading before the colon.
        question: the part after it; "" if there is no colon.
        about: the first paragraph beneath the heading.
        time: its duration, from its first cell; "" if it is not stated.
        know: prerequisites.
        can: learning goals.
        text: the text of each markdown cell.
    """

    name: str
    chapter: int
    section: str
    title: str
    question: str
    about: str
    time: str
    know: str
    can: str
    text: tuple[str, ...]

    @property
    def file(self) -> str:
        """The notebook's file name."""
        return f"{self.name}.ipynb"

    @property
    def heading(self) -> str:
        """Section and title, as a link shows them."""
        return f"{self.section} {self.title}".strip()


def notebooks_folder() -> Path:
    """The folder of the notebooks: in an installed package, or beside it in a checkout.

    Raises:
        FileError: neither exists.
    """
    installed, checkout = _PACKAGE / "_notebooks", _PACKAGE.parent / "notebooks"
    if installed.is_dir():
        return installed
    if checkout.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    raise FileError(
        f"The notebooks were expected in {str(installed)!r} or {str(checkout)!r}. Install the "
        "package again, or give the path of a notebook of your own."
    )


def current_folder() -> Path:
    """The working directory if it is a course folder, else the included one."""
    folder = Path.cwd()
    return folder if (folder / f"{INDEX}.ipynb").is_file() else notebooks_folder()


def lessons(folder: Path | None = None) -> tuple[Lesson, ...]:
    """All notebooks of the folder: the lessons in the thesis' order, then the apps; not the index.

    Args:
        folder: of the notebooks; the included one by default.
    """
    folder = folder or notebooks_folder()
    notebooks = [_read(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.ipynb"))]
    found = [lesson for lesson in notebooks if lesson is not None and lesson.name != INDEX]
    return tuple(sorted(found, key=lambda lesson: (lesson.chapter == 0, lesson.name)))


def find(name: str, folder: Path | None = None) -> Lesson | None:
    """A lesson or an app by the name of its file; None if there is none."""
    return next((lesson for lesson in lessons(folder) if lesson.name == name), None)


def section(name: str) -> str:
    """A lesson's number, by the name of its file.

    Args:
        name: without the ending.

    Returns:
        "3.8", "2.3b", "1"; "" for an app or the index.

    Examples:
        >>> section("03_08_grad_cam"), section("02_3b_architectures"), section("explorer")
        ('3.8', '2.3b', '')
    """
    numbers = _NUMBERS.fullmatch(name)
    if numbers is None or not int(numbers[1]):
        return ""
    chapter, number, part = numbers.groups()
    return f"{int(chapter)}.{int(number)}{part}" if number else str(int(chapter))


def first_cell(notebook: dict[str, Any]) -> str:
    """The text of a notebook's first cell; "" if it is a code cell."""
    cells = notebook.get("cells") or [{}]
    return _source(cells[0]) if cells[0].get("cell_type") == "markdown" else ""


@functools.lru_cache(maxsize=128)
def _read(path: Path, _changed: int) -> Lesson | None:
    try:
        notebook = json.loads(path.read_text("utf-8"))
    except ValueError:  # incomplete, or not JSON: ignored
        return None
    head = first_cell(notebook)
    if not head.startswith("# "):
        return None
    numbers = _NUMBERS.fullmatch(path.stem)
    heading, *paragraphs = (plain(text) for text in re.split(r"\n\s*\n", head))
    title, _, question = heading.partition(": ")
    facts = {name: plain(value) for name, value in ROW.findall(head)}
    cells = notebook.get("cells", [])
    return Lesson(
        name=path.stem,
        chapter=int(numbers[1]) if numbers else 0,
        section=section(path.stem),
        title=title,
        question=question[:1].upper() + question[1:],
        about=next((text for text in paragraphs if not text.startswith("|")), ""),
        time=facts.get("Time", ""),
        know=facts.get("You should know", ""),
        can=facts.get("You will learn to", ""),
        text=tuple(_source(cell) for cell in cells if cell.get("cell_type") == "markdown"),
    )


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def plain(markdown: str) -> str:
    """A line of Markdown as plain text."""
    text = re.sub(r"^#+ ", "", markdown.strip())
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", text))
