"""What Voilà is told of a notebook of the course: its title, its neighbours, links to words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnvis_widgets.course.catalogue import (
    INDEX,
    Lesson,
    find,
    first_cell,
    lessons,
    notebooks_folder,
    plain,
)
from cnnvis_widgets.course.glossary import link
from cnnvis_widgets.translation.catalogues import SOURCE
from cnnvis_widgets.translation.languages import NAMES, offers


def prepare(notebook: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A preprocessor for nbconvert. A notebook that is not of the course stays as it is.

    For one of the course, `resources["cnnvis"]` holds what the page template shows around it, and
    the first use of each term of the glossary becomes a link. The input cells are kept (Voilà was
    told to leave them out), so that the page can show them when it is asked to.
    """
    spoken = notebook.metadata.get("cnnvis", {})  # a page in another language
    head = spoken.get("head", first_cell(notebook))
    page = about(head, resources.get("metadata", {}).get("name", ""))
    if page is None:
        return notebook, resources
    notebook.metadata["title"] = page["title"]
    if page["lesson"]:
        texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        language = spoken.get("language", SOURCE)
        linked, _ = link((cell.source for cell in texts), page["folder"], language)
        for cell, text in zip(texts, linked, strict=True):
            cell.source = text
    marks = (cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells)
    resources["cnnvis"] = page | {"slides": [mark or "-" for mark in marks]}
    return notebook, resources


def about(head: str, name: str) -> dict[str, Any] | None:
    """What surrounds a page: plain data for the template.

    Args:
        head: the text of its first cell.
        name: its file's name without the ending.

    Returns:
        None for a notebook that is not of the course.
    """
    heading = plain(head.partition("\n")[0])
    course = lessons()
    order = [lesson for lesson in course if lesson.chapter]
    this = find(name)
    solution = heading.startswith("Solutions")
    index = name == INDEX and not solution
    if (this is None and not index) or not head.startswith("# "):
        return None
    if this is not None and not solution:
        title, _, question = heading.partition(": ")
        if (title, question[:1].upper() + question[1:]) != (this.title, this.question):
            return None  # somebody's own, of the same name
    place = order.index(this) if this in order and not solution else None
    before = order[place - 1] if place else None
    after = order[place + 1] if place is not None and place + 1 < len(order) else None
    return {
        "name": name,
        "title": heading if this is None or solution else this.heading,
        "folder": "../" if solution else "",
        "index": index,
        "lesson": this is not None and this.chapter > 0,
        "solution": solution,
        "of": _link(this) if solution else None,
        "before": _link(before),
        "after": _link(after),
        "lessons": [lesson.name for lesson in order],
        "command": f"cnnvis lab {name}",
        "known": list(NAMES),
        "languages": [] if solution else _languages(notebooks_folder() / f"{name}.ipynb"),
    }


def _languages(notebook: Path) -> list[dict[str, str]]:
    """Those that a page is whole in; none where English is the only one."""
    whole = [code for code in NAMES if offers(notebook, code)]
    return [{"code": code, "name": NAMES[code]} for code in whole] if len(whole) > 1 else []


def _link(lesson: Lesson | None) -> dict[str, str] | None:
    return lesson and {"file": lesson.file, "heading": lesson.heading}
