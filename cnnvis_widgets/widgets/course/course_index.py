"""The home page's list of all lessons and apps, with a picture and the progress of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from cnnvis_widgets.course import Lesson, lessons
from cnnvis_widgets.course.catalogue import CHAPTERS, PICTURES, current_folder
from cnnvis_widgets.translation.languages import NAMES, offers
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import data_url


class CourseIndex(Component):
    """All lessons and apps in a folder, by chapter.

    Args:
        of: the folder of the notebooks; by default that of the current notebook.
        kwargs: the attributes.
    """

    label = traitlets.Unicode("The course").tag(sync=True)
    _lessons = traitlets.List().tag(sync=True)
    _chapters = traitlets.Dict().tag(sync=True)

    def __init__(self, of: Path | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        of = of or current_folder()
        self._lessons = [_record(lesson, of) for lesson in lessons(of)]
        self._chapters = {str(number): title for number, title in CHAPTERS.items()}


def _record(lesson: Lesson, folder: Path) -> dict[str, Any]:
    picture = folder / PICTURES / f"{lesson.name}.jpg"
    return {
        "name": lesson.name,
        "file": lesson.file,
        "chapter": str(lesson.chapter),
        "section": lesson.section,
        "title": lesson.title,
        "question": lesson.question,
        "about": lesson.can if lesson.chapter else lesson.about,
        "time": lesson.time.partition(" to ")[0].partition(";")[0],
        "languages": [code for code in NAMES if offers(folder / lesson.file, code)],
        "picture": data_url(picture.read_bytes()) if picture.is_file() else "",
    }
