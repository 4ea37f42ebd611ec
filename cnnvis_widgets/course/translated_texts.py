"""The lessons' titles and questions in another language, from their translated first cells."""

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
from cnnvis_widgets.course.exercises import ANSWERS, answers, check_lines
from cnnvis_widgets.translation import catalogues, interface
from cnnvis_widgets.translation.languages import offers

_ABOUT = {"es": "Aprenderás a {}."}


def course_texts(language: str, folder: Path | None = None) -> dict[str, str]:
    """The texts of index and page heads for the lessons with a complete translation.

    Args:
        language: as `languages.supported` returns it.
        folder: that of the notebooks; the one that comes along by default.

    Returns:
        English text → translation. Other lessons' texts are in `interface.po`.
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
    """The lines that list the requested values of `check`."""
    if not (ANSWERS / f"{lesson.name}.toml").is_file():
        return {}
    answer_parts, messages = answers(lesson.name), interface.texts(language)
    translated_lines = check_lines(answer_parts, lambda text: messages.get(text, text))
    return {
        " ".join(e.split()): s
        for e, s in zip(check_lines(answer_parts), translated_lines, strict=True)
    }


def _of_head(lesson: Lesson, head: str, language: str) -> dict[str, str]:
    title, _, question = plain(head.partition("\n")[0]).partition(": ")
    facts = [plain(value) for _, value in ROW.findall(head)]
    texts = {lesson.title: title, lesson.heading: f"{lesson.section} {title}"}
    if question:
        texts[lesson.question] = question[:1].upper() + question[1:]
    if len(facts) == 3:  # time, what to know, what to learn
        texts[f"You will learn to {lesson.can}."] = _ABOUT[language].format(facts[2].rstrip("."))
    return {text: translation for text, translation in texts.items() if text}
