"""The lessons' exercises: what they ask, and `check`, which compares a student's value.

Answers are in `answers/LESSON.toml`, one table for each exercise whose answer is a value:

- `wants`: what is asked for, in words; a list where the answer has several parts.
- `answer`: the part, or the list of parts: a whole number, a decimal, a name, or a list of numbers
  (a single part that is a list is put in a list of its own).
- `within`: how far a number may be off. By default whole numbers must be exact, and decimals may be
  off by one in the last decimal that is written: 0.50 takes 0.49 to 0.51.

The answers are not hidden. A hint such as "the sign is wrong" needs the number itself, which a
hash does not give back, and the lesson prints it after *Check:*. `check` never says it.
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
from cnnvis_widgets.course.hints import ROUNDING, Part, hint
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
        answer: the text after *Check:*, in Markdown; "" where there is nothing to compare.
    """

    number: int
    task: str
    answer: str


@dataclass(frozen=True)
class Verdict:
    """What `check` says: true if the value is right; shown as its words.

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
        exercise: what is asked.
        part: which part of its answer is wanted.
        alone: it has no other.
    """

    lesson: str
    exercise: Exercise
    part: Part
    alone: bool

    @property
    def name(self) -> str:
        """As it is listed: "2.1 Machine learning, exercise 1: the slope"."""
        which = "" if self.alone else f": {self.part.wanted}"
        return f"{self.lesson}, exercise {self.exercise.number}{which}"


class Checker:
    """`check` of one lesson; shown, it lists what each exercise wants.

    Args:
        name: of the lesson.
        parts: exercise number → the parts of its answer.
    """

    def __init__(self, name: str, parts: dict[int, list[Part]]) -> None:
        self._name = name
        self._parts = parts

    def __call__(self, number: int, value: Any) -> Verdict:
        """Compare a value with an exercise's answer.

        Args:
            number: of the exercise.
            value: a number, a name or an array; several parts as a tuple, in the order listed.

        Returns:
            Whether it is right, and what kind of mistake may have been made. Never the answer.

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
        return "\n".join(listed(self._parts))


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
    known = {path.stem: path for path in sorted(ANSWERS.glob("*.toml"))}
    sections = {section(name): name for name in known}
    name = sections.get(lesson, lesson)
    if name not in known:
        raise UnknownNameError.of("lesson with exercises", lesson, sections)
    return Checker(section(name), answers(name))


def listed(parts: dict[int, list[Part]], said: Callable[[str], str] = str) -> list[str]:
    """What each exercise wants: a line for each, "check(1, …)   the slope".

    Args:
        parts: exercise number → the parts of its answer.
        said: what is wanted → the same in another language.
    """
    return [
        f"check({number}, {'(…)' if len(wanted) > 1 else '…'})   "
        + ", ".join(said(part.wanted) for part in wanted)
        for number, wanted in parts.items()
    ]


def answers(name: str) -> dict[int, list[Part]]:
    """Exercise number → the parts of its answer, for those that have a value.

    Args:
        name: of the lesson's notebook.
    """
    text = (ANSWERS / f"{name}.toml").read_text("utf-8")
    tables = tomllib.loads(text, parse_float=Decimal)
    return {int(number): _parts(table) for number, table in tables.items()}


def tasks(lesson: Lesson) -> list[Exercise]:
    """The exercises of a lesson, in their order."""
    cell = next((text for text in lesson.text if text.startswith("## Exercises")), "")
    return [
        Exercise(int(number), _CHECK.sub("", text).strip(), " ".join(_CHECK.findall(text)).strip())
        for number, text in _TASK.findall(cell)
    ]


def value_questions(names: Iterable[str] = ()) -> list[ValueQuestion]:
    """The exercises that ask for a number or a name; one question for each part of an answer.

    Parts that are lists of numbers are left out: a learning platform has no question for them.

    Args:
        names: of lessons, as `questions` takes them.

    Raises:
        UnknownNameError: no lesson of that name.
    """
    return [
        ValueQuestion(lesson.heading, one, part, alone=len(parts) == 1)
        for lesson in chosen(names)
        for number, parts in answers(lesson.name).items()
        for one in tasks(lesson)
        if one.number == number
        for part in parts
        if isinstance(part.answer, str) or part.answer.ndim == 0
    ]


def _parts(table: dict[str, Any]) -> list[Part]:
    wants = table["wants"] if isinstance(table["wants"], list) else [table["wants"]]
    given = table["answer"] if isinstance(table["answer"], list) else [table["answer"]]
    within = table.get("within", [None] * len(given))
    allowed = within if isinstance(within, list) else [within]
    return [
        Part(
            wanted,
            answer if isinstance(answer, str) else np.array(answer, float),
            _off(answer, off),
        )
        for wanted, answer, off in zip(wants, given, allowed, strict=True)
    ]


def _off(answer: Any, within: Any) -> float:
    """How far a number may be off: as declared, or one in the last decimal that is written."""
    if within:
        return float(within)
    leaves = np.ravel(np.array(answer, object))
    exponents = [x.as_tuple().exponent for x in leaves if isinstance(x, Decimal)]
    return max([ROUNDING, *(float(Decimal(1).scaleb(int(e))) for e in exponents)])
