"""`cnnvis handout`: worksheets and slides of the lessons, as PDF."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.course import handouts
from cnnvis_widgets.course.catalogue import Lesson, notebooks_folder
from cnnvis_widgets.course.printing import browser, print_pdf
from cnnvis_widgets.course.questions import chosen
from cnnvis_widgets.errors import FileError, InvalidValueError


def add_handout(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="03_08_grad_cam, or 3.8 (default: all)"
    )
    kind = command.add_mutually_exclusive_group()
    kind.add_argument(
        "--worksheet", action="store_true", help="one page A4 for each lesson (the default)"
    )
    kind.add_argument("--slides", action="store_true", help="the slides of one lesson, 16:9")
    command.add_argument("--answers", action="store_true", help="on the worksheet: the answers")
    command.add_argument(
        "--run",
        dest="executed",
        action="store_true",
        help="slides: run the lesson first, to show its figures",
    )
    command.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help=".pdf, or .html to print by hand"
    )
    command.add_argument("--browser", metavar="PATH", help="Chromium, Chrome or Edge, if not found")
    command.set_defaults(run=_handout)


def _handout(options: argparse.Namespace) -> None:
    lessons = chosen(options.lessons)
    if options.slides and len(lessons) != 1:
        raise InvalidValueError("Slides are of one lesson: cnnvis handout 3.8 --slides")
    if options.answers and options.slides:
        raise InvalidValueError("--answers belongs to worksheets; the slides are the lesson's own.")
    if options.executed and not options.slides:
        raise InvalidValueError("--run belongs to --slides: a worksheet shows no figures.")
    out = options.out or Path(_name(lessons, options))
    if out.suffix not in (".pdf", ".html"):
        raise InvalidValueError(f"The file to write ends in .pdf or .html; got {out.name!r}.")
    program = browser(options.browser) if out.suffix == ".pdf" else ""
    page = _slides(lessons[0], options.executed) if options.slides else ""
    page = page or handouts.worksheets(lessons, options.answers)
    if program:
        print_pdf(page, out, program)
    else:
        _write(page, out)
    print(f"written to {out}")


def _name(lessons: list[Lesson], options: argparse.Namespace) -> str:
    kind = "slides" if options.slides else "answers" if options.answers else "worksheet"
    selection = "some" if options.lessons else "all"
    return f"{kind}_{lessons[0].name if len(lessons) == 1 else selection}.pdf"


def _slides(lesson: Lesson, run: bool) -> str:
    path = notebooks_folder() / lesson.file
    notebook = handouts.run(path) if run else handouts.read(path)
    return handouts.slides(lesson, notebook)


def _write(page: str, out: Path) -> None:
    try:
        out.write_text(page, "utf-8")
    except OSError as error:
        raise FileError(f"{out} could not be written: {error.strerror or error}") from error
