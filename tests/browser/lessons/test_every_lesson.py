"""Every lesson has a visit in the browser, in a file of its name."""

from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.course.catalogue import lessons


def test_every_lesson_is_visited() -> None:
    visited = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_0*.py")}
    assert visited == {lesson.name for lesson in lessons() if lesson.chapter}
