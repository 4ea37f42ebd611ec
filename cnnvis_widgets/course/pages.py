"""Voilà's preprocessing of the course's notebooks: title, neighbours, links to the glossary."""

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
    """A preprocessor for nbconvert. A notebook that is not of the course is not changed.

    For a notebook of the course, `resources["cnnvis"]` has the data of the page template, and the
    first use of each glossary term becomes a link. The input cells are kept (Voilà is configured to
    drop them), so that the page can show them on request.
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
    """The data of the page template.

    Args:
        head: the text of its first cell.
        name: its file's name without the ending.

    Returns:
        None for a notebook that is not of the course.
    """
    heading = plain(head.partition("\n")[0])
    course = lessons()
    order = [lesson for lesson in course if lesson.chapter]
    current = find(name)
    solution = heading.startswith("Solutions")
    index = name == INDEX and not solution
    if (current is None and not index) or not head.startswith("# "):
        return None
    if current is not None and not solution:
        title, _, question = heading.partition(": ")
        if (title, question[:1].upper() + question[1:]) != (current.title, current.question):
            return None  # a user's notebook of the same name
    position = order.index(current) if current in order and not solution else None
    previous = order[position - 1] if position else None
    following = order[position + 1] if position is not None and position + 1 < len(order) else None
    return {
        "name": name,
        "title": heading if current is None or solution else current.heading,
        "folder": "../" if solution else "",
        "index": index,
        "lesson": current is not None and current.chapter > 0,
        "solution": solution,
        "of": _link(current) if solution else None,
        "before": _link(previous),
        "after": _link(following),
        "lessons": [lesson.name for lesson in order],
        "command": f"cnnvis lab {name}",
        "known": list(NAMES),
        "languages": [] if solution else _languages(notebooks_folder() / f"{name}.ipynb"),
    }


def _languages(notebook: Path) -> list[dict[str, str]]:
    """The languages of a complete translation; none if English is the only one."""
    complete = [code for code in NAMES if offers(notebook, code)]
    return [{"code": code, "name": NAMES[code]} for code in complete] if len(complete) > 1 else []


def _link(lesson: Lesson | None) -> dict[str, str] | None:
    return lesson and {"file": lesson.file, "heading": lesson.heading}
