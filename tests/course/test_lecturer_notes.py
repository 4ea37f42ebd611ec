"""The lecturer's notes: one for each lesson, a plan that fits a class, and counts that are true."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from cnnvis_widgets.course.catalogue import Lesson, lessons
from cnnvis_widgets.course.exercises import answers, tasks, value_questions
from cnnvis_widgets.course.questions import questions

NOTES = Path(__file__).parents[2] / "docs" / "lecturer"
COURSE = [lesson for lesson in lessons() if lesson.chapter]
CLASS = 50  # minutes
each_lesson = pytest.mark.parametrize("lesson", COURSE, ids=lambda lesson: lesson.name)


@each_lesson
def test_a_lesson_fits_into_a_class(lesson: Lesson) -> None:
    in_class = re.search(r"(\d+) in class", lesson.time)
    assert in_class and int(in_class[1]) <= CLASS
    note = (NOTES / f"{lesson.name}.md").read_text("utf-8")
    assert f"notebooks/{lesson.file}" in note
    plan = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)–(\d+) \|", note, re.MULTILINE)]
    assert plan[0][0] == 0 and all(one[1] == next_[0] for one, next_ in itertools.pairwise(plan))
    assert all(start < end for start, end in plan)
    assert int(in_class[1]) <= plan[-1][1] <= CLASS


@pytest.mark.parametrize("lesson", [x for x in COURSE if re.search(r"\d_", x.name)])
def test_nothing_is_left_out_of_a_lesson_that_was_cut(lesson: Lesson) -> None:
    """Parts of one section name each other, and their plans have no "if time is short"."""
    alike = [one for one in COURSE if one.section.rstrip("bcd") == lesson.section.rstrip("bcd")]
    if len(alike) < 2:
        return
    note = (NOTES / f"{lesson.name}.md").read_text("utf-8")
    for other in alike:
        if other != lesson:
            assert f"]({other.name}.md)" in note and f"]({other.file})" in read(lesson)
    assert not re.search(r"(?i)if time is short|time allows|a selection|leave out", note)


def read(lesson: Lesson) -> str:
    return "\n".join(lesson.text)


def test_the_list_of_notes_is_the_course() -> None:
    page = (NOTES / "index.md").read_text("utf-8")
    listed = re.findall(
        r"^\| ([\d.b-z]+) \| \[.+?\]\((\w+)\.md\) \| `notebooks/(.+)` \|$", page, re.M
    )
    assert listed == [(lesson.section, lesson.name, lesson.file) for lesson in COURSE]


def test_the_counts_of_questions_and_exercises_are_true() -> None:
    page = " ".join((NOTES / "index.md").read_text("utf-8").split())
    checked = sum(len(answers(lesson.name)) for lesson in COURSE)
    every = sum(len(tasks(lesson)) for lesson in COURSE)
    assert f"{len(questions())} questions and {len(value_questions())} typed answers" in page
    assert f"{checked} of the {every} exercises ask for a value" in page
