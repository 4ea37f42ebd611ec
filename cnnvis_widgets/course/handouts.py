"""A lesson on paper: a worksheet of one page, or its slides, one per page, as HTML to print.

`handout.js` reduces a page's font size until the content fits.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cnnvis_widgets.course.catalogue import Lesson, notebooks_folder
from cnnvis_widgets.course.exercises import tasks
from cnnvis_widgets.course.markdown import MATHML, to_html
from cnnvis_widgets.course.questions import Question, notebook_questions, questions
from cnnvis_widgets.errors import FileError, gist

_HERE = Path(__file__).parent
_LINES = '<div class="lines"></div>'
SECONDS = 600
"""The longest that a cell may run."""

_WIDGET = "application/vnd.jupyter.widget-view+json"


def worksheets(lessons: Iterable[Lesson], answers: bool = False) -> str:
    """Worksheets, an A4 page for each lesson: what it is for, its questions and its exercises.

    Args:
        lessons: of the course.
        answers: print the answers, for the lecturer, in place of lines to write on.
    """
    return _page("worksheet", "Worksheet", [_worksheet(lesson, answers) for lesson in lessons])


def slides(lesson: Lesson, notebook: dict[str, Any]) -> str:
    """A lesson's slides, 16:9, one for each slide mark of its notebook.

    Args:
        lesson: of the course.
        notebook: its notebook; outputs are shown if it has been run.
    """
    cells = notebook["cells"]
    cell_indices = (
        question.cell for question in notebook_questions(notebooks_folder() / lesson.file)
    )
    quizzes = dict(zip(cell_indices, questions([lesson.name]), strict=True))
    slide_contents: list[list[str]] = []
    visible = True
    for index, cell in enumerate(cells):
        mark = cell["metadata"].get("slideshow", {}).get("slide_type", "-")
        if cell["cell_type"] == "markdown":
            visible = mark not in ("skip", "notes")
        if visible and (mark in ("slide", "subslide") or not slide_contents):
            slide_contents.append([])
        if not visible:
            continue
        if cell["cell_type"] == "markdown":
            slide_contents[-1].append(to_html("".join(cell["source"]), MATHML))
        elif index in quizzes:
            slide_contents[-1].append(_choices(quizzes[index]))
        else:
            slide_contents[-1] += _outputs(cell)
    pages = [
        f'<div class="body">{"".join(blocks)}</div>'
        f"<footer>{_words(lesson.heading)}<span>{number}</span></footer>"
        for number, blocks in enumerate(slide_contents, 1)
    ]
    return _page("slides", lesson.heading, pages)


def _page(kind: str, title: str, pages: Iterable[str]) -> str:
    style, script = ((_HERE / f"handout.{ending}").read_text("utf-8") for ending in ("css", "js"))
    body = "\n".join(f'<section class="page">{page}</section>' for page in pages)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_words(title)}</title>'
        f"<style>{style}</style></head>"
        f'<body class="{kind}">{body}<script type="module">{script}</script></body></html>'
    )


def _worksheet(lesson: Lesson, answers: bool) -> str:
    name = "Answers" if answers else "Name: <span class='rule'></span>"
    blocks = [
        f"<header><h1>{_words(lesson.heading)}</h1><p>{name}</p></header>",
        f'<p class="about">{_words(lesson.question)}</p>',
        f"<p><strong>You will learn to</strong> {_words(lesson.can)}.</p>",
        "<h2>Predict before you look</h2>",
        *(_question(question, answers) for question in questions([lesson.name])),
        "<h2>Exercises</h2>",
    ]
    for exercise in tasks(lesson):
        answer = to_html(f"Answer: {exercise.answer or 'no one value.'}", MATHML)
        below = answer if answers else _LINES
        blocks.append(_numbered(exercise.number, exercise.task, below))
    return "".join(blocks)


def _question(question: Question, answers: bool) -> str:
    reason = f"<p>{_words(question.because)}</p>" if answers else '<div class="lines">Because</div>'
    context = to_html(question.context, MATHML)
    return f'{context}{_choices(question, answers)}<div class="why">{reason}</div>'


def _choices(question: Question, answers: bool = False) -> str:
    boxes = (
        f"<li>{'☒' if answers and number == question.right else '☐'} {_words(choice)}</li>"
        for number, choice in enumerate(question.choices)
    )
    return f'<p><strong>{_words(question.text)}</strong></p><ul class="boxes">{"".join(boxes)}</ul>'


def _numbered(number: int, task: str, answer: str) -> str:
    numbered = f"**{number}** {task}"
    return f'<div class="task">{to_html(numbered, MATHML)}{answer}</div>'


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    """A cell's outputs on paper: pictures, texts, and a placeholder for each widget."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            source = f"data:image/png;base64,{''.join(data['image/png']).strip()}"
            yield f'<img src="{source}" alt="{html.escape(alt)}">'
        elif _WIDGET in data:
            yield '<p class="alive">(To be tried out in the lesson.)</p>'
        elif text := output.get("text") or data.get("text/plain"):
            yield f"<pre>{_words(''.join(text).rstrip())}</pre>"


def _words(text: str) -> str:
    return html.escape(text, quote=False)


def read(path: Path) -> dict[str, Any]:
    """A notebook as it is stored, without running it."""
    notebook: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return notebook


def run(path: Path) -> dict[str, Any]:
    """A notebook with outputs, run from top to bottom; takes minutes for some.

    Raises:
        FileError: a cell failed, or there is no kernel to run it.
    """
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    try:
        NotebookClient(notebook, timeout=SECONDS, resources=folder).execute()
    except CellExecutionError as error:
        reason = f"{error.ename}: {error.evalue}"
        raise FileError(f"{path.name} could not be run: {reason}") from error
    except NoSuchKernel as error:
        raise FileError(f"{path.name} could not be run: {gist(error)}") from error
    return dict(notebook)
