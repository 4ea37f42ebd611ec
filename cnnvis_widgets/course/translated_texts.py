"""The lessons' titles and questions in another language, as their translated first cells say."""

from __future__ import annotations

from pathlib import Path

import nbformat

from cnnvis_widgets.course.catalogue import (
    ROW,
    Lesson,
    first_cell,
    lessons,
    notebooks_folder,
    plain,
)
from cnnvis_widgets.course.exercises import ANSWERS, answers, listed
from cnnvis_widgets.translation import catalogues, interface
from cnnvis_widgets.translation.languages import offers

_ABOUT = {"es": "Aprenderás a {}."}


def course_texts(language: str, folder: Path | None = None) -> dict[str, str]:
    """What index and page heads say of the lessons that are whole in a language.

    Args:
        language: as `languages.supported` returns it.
        folder: that of the notebooks; the one that comes along by default.

    Returns:
        English text → translation. What of a lesson is not whole, `interface.po` says.
    """
    folder = folder or notebooks_folder()
    texts: dict[str, str] = {}
    for lesson in lessons(folder):
        path = folder / lesson.file
        if lesson.chapter and offers(path, language):
            notebook = nbformat.read(path, 4)
            translated = catalogues.translated(notebook, lesson.name, language)
            texts |= _of_head(lesson, first_cell(translated), language)
            texts |= _of_check(lesson, language)
    return texts


def _of_check(lesson: Lesson, language: str) -> dict[str, str]:
    """The lines that list what `check` wants."""
    if not (ANSWERS / f"{lesson.name}.toml").is_file():
        return {}
    parts, known = answers(lesson.name), interface.texts(language)
    spoken = listed(parts, lambda text: known.get(text, text))
    return {" ".join(e.split()): s for e, s in zip(listed(parts), spoken, strict=True)}


def _of_head(lesson: Lesson, head: str, language: str) -> dict[str, str]:
    title, _, question = plain(head.partition("\n")[0]).partition(": ")
    facts = [plain(value) for _, value in ROW.findall(head)]
    texts = {lesson.title: title, lesson.heading: f"{lesson.section} {title}"}
    if question:
        texts[lesson.question] = question[:1].upper() + question[1:]
    if len(facts) == 3:  # time, what to know, what to learn
        texts[f"You will learn to {lesson.can}."] = _ABOUT[language].format(facts[2].rstrip("."))
    return {text: translation for text, translation in texts.items() if text}
