"""The lessons' exercises, and `check`, which compares a student's value with the answer.

Answers are in `answers/LESSON.toml`, one table for each exercise whose answer is a value:

- `wants`: the requested value, in words; a list if the answer has several parts.
- `answer`: the part, or the list of parts: a whole number, a decimal, a name, or a list of numbers
  (a single part that is a list is put in another list).
- `within`: the largest accepted error. By default whole numbers must be exact, and decimals may be
  off by one in the last written decimal: 0.50 accepts 0.49 to 0.51.

The answers are not hidden: a hint such as "the sign is wrong" needs the number itself, not a hash,
and the lesson prints it after *Check:*. `check` never prints it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnnvis_widgets.checks import choice, whole
from cnnvis_widgets.course.catalogue import Lesson, section
from cnnvis_widgets.course.hints import ROUNDING, AnswerPart, hint
from cnnvis_widgets.course.questions import chosen
from cnnvis_widgets.errors import UnknownNameError

ANSWERS = Path(__file__).with_name("answers")
_CHECK = re.compile(r"\s*\*Check:\s*([^*]*)\*")
_TASK = re.compile(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", re.MULTILINE | re.DOTALL)


class Exercise(NamedTuple):
    """An exercise as its lesson prints it.

    Attributes:
        number: from 1.
        task: in Markdown, without the answer.
        answer: the text after *Check:*, in Markdown; "" if there is no answer.
    """

    number: int
    task: str
    answer: str


@dataclass(frozen=True)
class Verdict:
    """The result of `check`: true if the value is right; displayed as its words.

    Attributes:
        right: whether it is.
        words: "Exercise 1: right.", or a hint.
    """

    right: bool
    words: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.words


class ValueQuestion(NamedTuple):
    """An exercise, or a part of one, as a question whose answer is typed.

    Attributes:
        lesson: section and title.
        exercise: the exercise.
        part: the requested part of its answer.
        alone: whether the answer has only this part.
    """

    lesson: str
    exercise: Exercise
    part: AnswerPart
    alone: bool

    @property
    def name(self) -> str:
        """As it is listed: "2.1 Machine learning, exercise 1: the slope"."""
        which = "" if self.alone else f": {self.part.label}"
        return f"{self.lesson}, exercise {self.exercise.number}{which}"


class Checker:
    """`check` of one lesson; displayed, it lists the requested values of each exercise.

    Args:
        name: of the lesson.
        parts: exercise number → the parts of its answer.
    """

    def __init__(self, name: str, parts: dict[int, list[AnswerPart]]) -> None:
        self._name = name
        self._parts = parts

    def __call__(self, number: int, value: Any) -> Verdict:
        """Compare a value with an exercise's answer.

        Args:
            number: of the exercise.
            value: a number, a name or an array; several parts as a tuple, in the order listed.

        Returns:
            Whether it is right, and a hint at the mistake; never the answer.

        Raises:
            InvalidValueError: `number` is not a whole number.
            UnknownNameError: no such exercise, or its answer is not a value.

        Examples:
            >>> from cnnvis_widgets.course.exercises import checker
            >>> check = checker("2.1")
            >>> check(3, (2.303, -4.605))
            Exercise 3: the loss for p = 0.01: the size is right, the sign is not.
        """
        number = choice(
            f"value to check in lesson {self._name} for exercise",
            whole("number", number),
            self._parts,
        )
        wrong = hint(self._parts[number], value)
        return Verdict(not wrong, f"Exercise {number}: {wrong or 'right.'}")

    def __repr__(self) -> str:
        return "\n".join(check_lines(self._parts))


def checker(lesson: str) -> Checker:
    """`check` for the exercises of a lesson.

    Args:
        lesson: its section ("2.1") or its notebook's name.

    Raises:
        UnknownNameError: no such lesson.

    Examples:
        >>> from cnnvis_widgets.course.exercises import checker
        >>> check = checker("2.1")
        >>> bool(check(5, (3, 0.32)))
        True
    """
    paths = {path.stem: path for path in sorted(ANSWERS.glob("*.toml"))}
    sections = {section(name): name for name in paths}
    name = sections.get(lesson, lesson)
    if name not in paths:
        raise UnknownNameError.of("lesson with exercises", lesson, sections)
    return Checker(section(name), answers(name))


def check_lines(
    parts: dict[int, list[AnswerPart]], translate: Callable[[str], str] = str
) -> list[str]:
    """A line for each exercise with the requested values: "check(1, …)   the slope".

    Args:
        parts: exercise number → the parts of its answer.
        translate: label → the label in another language.
    """
    return [
        f"check({number}, {'(…)' if len(answer_parts) > 1 else '…'})   "
        + ", ".join(translate(part.label) for part in answer_parts)
        for number, answer_parts in parts.items()
    ]


def answers(name: str) -> dict[int, list[AnswerPart]]:
    """Exercise number → the parts of its answer, for exercises with a value as answer.

    Args:
        name: of the lesson's notebook.
    """
    text = (ANSWERS / f"{name}.toml").read_text("utf-8")
    tables = tomllib.loads(text, parse_float=Decimal)
    return {int(number): _answer_parts(table) for number, table in tables.items()}


def tasks(lesson: Lesson) -> list[Exercise]:
    """The exercises of a lesson, in their order."""
    cell = next((text for text in lesson.text if text.startswith("## Exercises")), "")
    return [
        Exercise(int(number), _CHECK.sub("", text).strip(), " ".join(_CHECK.findall(text)).strip())
        for number, text in _TASK.findall(cell)
    ]


def value_questions(names: Iterable[str] = ()) -> list[ValueQuestion]:
    """The exercises with a number or a name as answer; one question for each part.

    Parts that are lists of numbers are left out: learning platforms have no question type for them.

    Args:
        names: of lessons, as `questions` takes them.

    Raises:
        UnknownNameError: no lesson of that name.
    """
    return [
        ValueQuestion(lesson.heading, exercise, part, alone=len(answer_parts) == 1)
        for lesson in chosen(names)
        for number, answer_parts in answers(lesson.name).items()
        for exercise in tasks(lesson)
        if exercise.number == number
        for part in answer_parts
        if isinstance(part.answer, str) or part.answer.ndim == 0
    ]


def _answer_parts(table: dict[str, Any]) -> list[AnswerPart]:
    wants = table["wants"] if isinstance(table["wants"], list) else [table["wants"]]
    values = table["answer"] if isinstance(table["answer"], list) else [table["answer"]]
    tolerance_entry = table.get("within", [None] * len(values))
    tolerances = tolerance_entry if isinstance(tolerance_entry, list) else [tolerance_entry]
    return [
        AnswerPart(
            label,
            answer if isinstance(answer, str) else np.array(answer, float),
            _tolerance(answer, tolerance),
        )
        for label, answer, tolerance in zip(wants, values, tolerances, strict=True)
    ]


def _tolerance(answer: Any, declared: Any) -> float:
    """The largest accepted error: as declared, or one in the last written decimal."""
    if declared:
        return float(declared)
    leaves = np.ravel(np.array(answer, object))
    exponents = [x.as_tuple().exponent for x in leaves if isinstance(x, Decimal)]
    return max([ROUNDING, *(float(Decimal(1).scaleb(int(e))) for e in exponents)])
