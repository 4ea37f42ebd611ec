"""`cnnvis questions`: the lessons' questions for a learning platform."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.course.exercises import ValueQuestion, value_questions
from cnnvis_widgets.course.question_files import gift, moodle_xml
from cnnvis_widgets.course.questions import Question, questions
from cnnvis_widgets.errors import FileError

FORMATS = {"moodle": moodle_xml, "gift": gift}


def add_questions(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--lesson",
        action="append",
        default=[],
        metavar="NAME",
        help="03_08_grad_cam, or 3.8; as often as needed (default: all)",
    )
    command.add_argument(
        "--format", choices=FORMATS, default="moodle", help="Moodle XML or GIFT (default: moodle)"
    )
    command.add_argument(
        "--quizzes-only", action="store_true", help="leave out the exercises that ask for a value"
    )
    command.add_argument("-o", "--out", type=Path, metavar="FILE", help="default: standard output")
    command.set_defaults(run=_questions)


def _questions(options: argparse.Namespace) -> None:
    all_questions: list[Question | ValueQuestion] = [*questions(options.lesson)]
    if not options.quizzes_only:
        all_questions += value_questions(options.lesson)
    text = FORMATS[options.format](all_questions)
    if options.out is None:
        print(text, end="")
        return
    try:
        options.out.write_text(text, "utf-8")
    except OSError as error:
        raise FileError(f"{options.out} could not be written: {error.strerror or error}") from error
    print(f"{len(all_questions)} questions written to {options.out}")
