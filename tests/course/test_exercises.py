"""`check` in the exercises: right values pass, wrong ones get a hint that never is the answer."""

from __future__ import annotations

import ast
import doctest
import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.course import exercises, hints, markdown, question_files
from cnnvis_widgets.course import questions as reading
from cnnvis_widgets.course.catalogue import Lesson, find, lessons, notebooks_folder
from cnnvis_widgets.course.exercises import ANSWERS, answers, checker, tasks
from cnnvis_widgets.course.hints import AnswerPart, hint
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

COURSE = [lesson for lesson in lessons() if lesson.chapter and tasks(lesson)]
each_lesson = pytest.mark.parametrize("lesson", COURSE, ids=lambda lesson: lesson.name)


def code(notebook: Path) -> list[ast.Module]:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return [ast.parse("".join(c["source"])) for c in cells if c["cell_type"] == "code"]


def calls(notebook: Path, name: str) -> Iterator[Any]:
    """The first argument of each call of a function."""
    for cell in code(notebook):
        for node in ast.walk(cell):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield ast.literal_eval(node.args[0])


@each_lesson
def test_exercises_and_answers_belong_together(lesson: Lesson) -> None:
    asked, declared = tasks(lesson), answers(lesson.name)
    assert [one.number for one in asked] == list(range(1, len(asked) + 1))
    for one in asked:
        assert "Check" not in one.task and len(one.task) > 20
        assert (one.number in declared) <= bool(one.answer)
        if one.number in declared:
            assert not any("," in part.label for part in declared[one.number])
            assert printed(one.answer) & near_numbers(declared[one.number]), one
    assert set(declared) <= {one.number for one in asked}
    folder = notebooks_folder()
    assert list(calls(folder / lesson.file, "checker")) == [lesson.section]
    solution = folder / "solutions" / lesson.file
    assert list(calls(solution, "checker")) == [lesson.section]
    assert sorted(set(calls(solution, "check"))) == sorted(declared)


def printed(text: str) -> set[str]:
    """The numbers of a text, per cent as shares too, each with three digits."""
    words = re.sub(r"(?<=\d)[ ,\u202f](?=\d{3}\b)", "", text.replace("−", "-"))
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", words)]
    return {f"{n:.3g}" for n in [*numbers, *(n / 100 for n in numbers)]} | {"0" * ("zero" in text)}


def near_numbers(parts: list[AnswerPart]) -> set[str]:
    numbers = np.concatenate([np.ravel(p.answer) for p in parts if not isinstance(p.answer, str)])
    return {f"{abs(n) if n == 0 else n:.3g}" for n in numbers}


def test_every_file_of_answers_has_its_lesson() -> None:
    assert {path.stem for path in ANSWERS.iterdir()} == {lesson.name for lesson in COURSE}
    values = sum(len(answers(lesson.name)) for lesson in COURSE)
    assert values > 0.75 * sum(len(tasks(lesson)) for lesson in COURSE)


def value_of(part: AnswerPart) -> Any:
    return part.answer if isinstance(part.answer, str) else part.answer.tolist()


def slips(parts: list[AnswerPart]) -> Iterator[Any]:
    """Wrong values of many kinds."""
    right = [value_of(part) for part in parts]
    for change in (-1, 2, 0.5, 100, 0.01, 10, 1.04, 7.3):
        yield [one if isinstance(one, str) else (np.array(one) * change).tolist() for one in right]
    for add in (1, -1, 0.4):
        yield [one if isinstance(one, str) else (np.array(one) + add).tolist() for one in right]
    yield [right] * 2
    yield [np.nan] * len(right)
    yield [str(one) + "?" for one in right]


@each_lesson
def test_what_is_right_passes_and_no_hint_gives_it_away(lesson: Lesson) -> None:
    check = checker(lesson.section)
    for number, parts in answers(lesson.name).items():
        right = [value_of(part) for part in parts]
        assert check(number, right if len(parts) > 1 else right[0])
        wanted = " ".join(part.label for part in parts)
        for wrong in slips(parts):
            verdict = check(number, wrong if len(parts) > 1 else wrong[0])
            words = verdict.words.removeprefix(f"Exercise {number}: ").replace(wanted, "")
            for part in parts:
                words = words.replace(part.label, "")
            for one in np.ravel(np.array(right, object)):
                for leaf in np.ravel(np.array(one, object)):
                    if isinstance(leaf, str) or (leaf and leaf not in (1, 2, 3, 4, 10)):
                        known = str(leaf) if isinstance(leaf, str) else f"{leaf:g}"
                        assert not re.search(rf"(?<![\d.]){re.escape(known)}(?![\d.])", words), (
                            verdict
                        )
        assert check(number, wrong if len(parts) > 1 else wrong[0]).right is False


def number(text: str) -> AnswerPart:
    """A part as a file declares it: "0.50" may be off by 0.01, "7" by nothing."""
    exponent = Decimal(text).as_tuple().exponent
    return AnswerPart("it", np.array(float(text)), 10.0 ** int(exponent) if exponent else 1e-6)


@pytest.mark.parametrize(
    ("answer", "value", "message"),
    [
        ("0.50", 0.509, ""),
        ("0.50", 0.52, "near"),
        ("7", 7.0, ""),
        ("7", np.int64(7), ""),
        ("7", np.float32(7), ""),
        ("7", 8, "off by one"),
        ("7", 6, "off by one"),
        ("0.62", -0.62, "the sign is not"),
        ("-0.07", 0.07, "the sign is not"),
        ("0.97", 97, "100 times too large"),
        ("97", 0.97, "100 times too small"),
        ("0.50", 1.0, "twice"),
        ("50", 25, "half"),
        ("2.303", 1.000, "logarithm"),
        ("0.144", 0.856, "missing to 1"),
        ("9", 3, "square missing"),
        ("9", 81, "square root missing"),
        ("0.71", 3, "too large"),
        ("53.33", 20, "too small"),
        ("53.33", -20, "the sign is wrong, and the size"),
        ("0.71", "0.71", "without quotation marks"),
        ("0.71", True, "True or False"),
        ("0.71", 1j, "complex"),
        ("0.71", np.array([0.71]), "one number is wanted; this is an array of shape (1,)"),
        ("0.71", [0.71, 1], "one number is wanted"),
        ("0.71", math.nan, "finite"),
        ("0.71", None, "put your value"),
        ("0.71", ..., "put your value"),
        ("0.71", print, "is not a number"),
        ("0.71", {"a": 1}, "dict is not a number"),
        ("0", 0.3, "too large"),
    ],
)
def test_a_number_s_mistakes(answer: str, value: Any, message: str) -> None:
    words = hint([number(answer)], value)
    assert message in words if message else not words


@pytest.mark.parametrize(
    ("answer", "value", "message"),
    [
        ([1, 3, 3, 2], (1, 3, 3, 2), ""),
        ([1, 3, 3, 2], np.array([[1, 3, 3, 2]]), "the shape (4,) is wanted"),
        ([1, 3, 3, 2], [1, 3, 3], "the shape (4,) is wanted"),
        ([1, 3, 3, 2], [2, 3, 3, 1], "from the wrong end"),
        ([1, 3, 3, 2], [3, 3, 1, 2], "another order"),
        ([1, 3, 3, 2], [-1, -3, -3, -2], "all signs"),
        ([1, 3, 3, 2], [2, 6, 6, 4], "common factor"),
        ([1, 3, 3, 2], [2, 4, 4, 3], "same amount"),
        ([1, 3, 3, 2], [1, 3, 9, 9], "2 of 4"),
        ([1, 3, 3, 2], [0, 0, 0, 0], "0 of 4"),
        ([1, 3, 3, 2], [[1], [3, 3]], "is not a number"),
        ([0.2, 0.5, 0.3], [2, 5, 3], "not normalised"),
        ([0.6, 0.8], [3, 4], "not normalised"),
        ([[1, 2, 5], [4, 7, 6]], [[1, 4], [2, 7], [5, 6]], "rows and columns"),
        ([[1, 2], [4, 7]], [[1, 4], [2, 7]], "rows and columns"),
        ([1, 2], ["1", "2"], "without quotation marks"),
        ([1, 2], [True, False], "True or False"),
    ],
)
def test_an_array_s_mistakes(answer: Any, value: Any, message: str) -> None:
    words = hint([AnswerPart("it", np.array(answer, float), 1e-6)], value)
    assert message in words if message else not words


@pytest.mark.parametrize("module", [exercises, hints, markdown, question_files, reading])
def test_the_docstrings_examples(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert tried and not failed


def test_several_parts_and_names() -> None:
    parts = [number("6"), number("0.50"), AnswerPart("the layer", "block4c", 0)]
    parts = [
        part._replace(label=name)
        for part, name in zip(parts, ("row", "fall", "layer"), strict=True)
    ]
    assert hint(parts, (6, 0.5, " Block4c ")) == ""
    assert hint(parts, (6, -0.5, "block4c")) == "fall: the size is right, the sign is not."
    assert hint(parts, (7, 0.5, "block4d")) == (
        "row: off by one: does counting begin at 0 or at 1, are both ends counted? "
        "layer: nearly: is it the name as the network or table has it?"
    )
    assert hint(parts, (0.5, 6, "block4c")) == "the right numbers, in another order."
    assert hint(parts, (6, 0.5, 3)) == "layer: a name is wanted, in quotation marks."
    assert hint(parts, (6, 0.5, "stem")) == "layer: not this one."
    for value in (6, (6, 0.5), "6 0", {6, 0.5}):
        assert "3 values in brackets, in this order: row, fall, layer" in hint(parts, value)


def test_what_check_says_and_refuses() -> None:
    check = checker("2.1")
    assert repr(check(3, (2.303, 4.605))) == "Exercise 3: right."
    assert repr(checker("02_1_machine_learning")) == repr(check)
    assert repr(check).splitlines()[0] == (
        "check(1, (…))   the slope, the intercept, the sum of squared errors"
    )
    with pytest.raises(InvalidValueError, match="number is a whole number"):
        check("one", 3)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match=r"no value to check in lesson 2\.1 for exercise 6"):
        check(6, 3)
    with pytest.raises(UnknownNameError, match=r"no lesson with exercises '2\.9'"):
        checker("2.9")
    lesson = find("02_1_machine_learning")
    assert lesson and tasks(lesson)[0].task.startswith("**On paper.** Which line")
    assert tasks(lesson)[3].answer == "0.182 and 0.55."
