"""Hints at the mistake behind a wrong value, which never give the answer."""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

ROUNDING = 1e-6
"""The largest accepted error of a computed whole number."""

NEAR = 0.05
"""As a share of the answer: an error this small may come from rounding."""

_TEXT = "this is a text; a number is wanted, without quotation marks."
_WRONG_KINDS = {
    "U": _TEXT,
    "S": _TEXT,
    "b": "this is True or False; a number is wanted.",
    "c": "this is a complex number; a real one is wanted.",
}
_ORDER = "the right numbers, in another order."


class AnswerPart(NamedTuple):
    """One part of an exercise's answer.

    Attributes:
        label: what it is, in words.
        answer: numbers (a single one has no axes), or a name.
        tolerance: the largest accepted error of each number.
    """

    label: str
    answer: Numbers | str
    tolerance: float


def hint(parts: list[AnswerPart], value: Any) -> str:
    """A hint at what is wrong with a value; "" if it is right.

    Args:
        parts: of the answer. With several parts the value is a sequence.
        value: the student's value.

    Examples:
        >>> hint([AnswerPart("the share", np.array(0.25), 0.01)], 25)
        '100 times too large. Is a share meant, from 0 to 1?'
    """
    if len(parts) == 1:
        return _part_hint(parts[0], value)
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != len(parts):
        labels = ", ".join(part.label for part in parts)
        return f"it wants {len(parts)} values in brackets, in this order: {labels}."
    values = list(value)
    messages = [
        (part.label, _part_hint(part, item)) for part, item in zip(parts, values, strict=True)
    ]
    wrong = [f"{label}: {message}" for label, message in messages if message]
    if len(wrong) > 1 and _fit_in_another_order(parts, values):
        return _ORDER
    return " ".join(wrong)


def _fit_in_another_order(parts: list[AnswerPart], values: list[Any]) -> bool:
    remaining = list(values)
    for part in parts:
        fits = next((i for i, value in enumerate(remaining) if not _part_hint(part, value)), None)
        if fits is None:
            return False
        remaining.pop(fits)
    return True


def _part_hint(part: AnswerPart, value: Any) -> str:
    if isinstance(part.answer, str):
        return _name_hint(part.answer, value)
    if value is None or value is ...:
        return "put your value in its place."
    kind = _kind(value)
    if kind in _WRONG_KINDS:
        return _WRONG_KINDS[kind]
    try:
        number = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return f"{type(value).__name__} is not a number or an array of numbers."
    if number.shape != part.answer.shape:
        return _shape_hint(part.answer, number)
    if not np.isfinite(number).all():
        return "it is not a finite number: look for a division by zero or the logarithm of zero."
    error = np.abs(number - part.answer)
    if (error <= part.tolerance * (1 + 1e-9)).all():
        return ""
    return _array_hint(part, number) if number.ndim else _number_hint(part, float(number))


def _kind(value: Any) -> str:
    """NumPy's kind letter of the value; "" if it is no regular array."""
    try:
        return str(np.asarray(value).dtype.kind)
    except ValueError:  # rows of different lengths
        return ""


def _name_hint(answer: str, value: Any) -> str:
    if not isinstance(value, str):
        return "a name is wanted, in quotation marks."
    name, answer_name = value.strip().casefold(), answer.casefold()
    if name == answer_name:
        return ""
    similar = difflib.SequenceMatcher(None, name, answer_name).ratio() > 0.8
    return "nearly: is it the name as the network or table has it?" if similar else "not this one."


def _shape_hint(answer: Numbers, array: Numbers) -> str:
    if answer.ndim == 0:
        return f"one number is wanted; this is an array of shape {array.shape}."
    if array.ndim == 2 and array.T.shape == answer.shape:
        return f"the shape is {array.shape}: rows and columns are exchanged."
    return f"the shape {answer.shape} is wanted; this has {array.shape}."


def _number_hint(part: AnswerPart, number: float) -> str:
    """A hint at the first kind of mistake that would give this number."""
    answer = float(np.asarray(part.answer, np.float64))

    def would_be(wrong: float, scale: float = 1.0) -> bool:
        return bool(abs(number - wrong) <= part.tolerance * max(abs(scale), ROUNDING))

    if part.tolerance <= ROUNDING and abs(abs(number - answer) - 1) <= ROUNDING:
        return "off by one: does counting begin at 0 or at 1, are both ends counted?"
    for wrong, scale, words in _slips(answer):
        if would_be(wrong, scale):
            return words
    if answer and abs(number - answer) <= NEAR * abs(answer):
        return "near, but not exact enough. Round only at the end."
    if answer * number < 0:
        return "the sign is wrong, and the size."
    return "its size is too large." if abs(number) > abs(answer) else "its size is too small."


def _slips(answer: float) -> list[tuple[float, float, str]]:
    """(The answer after a typical mistake, its factor on rounding errors, the hint)."""
    slips = [(-answer, 1.0, "the size is right, the sign is not.")] if answer else []
    if not answer:
        return slips
    slips += [
        (answer * 100, 100, "100 times too large. Is a share meant, from 0 to 1?"),
        (answer / 100, 0.01, "100 times too small. Are per cent meant?"),
        (answer * 2, 2, "twice too large. Is a factor ½ missing?"),
        (answer / 2, 0.5, "half of it. Is a factor 2 missing?"),
        (answer * 10, 10, "10 times too large."),
        (answer / 10, 0.1, "10 times too small."),
        (answer * 1000, 1000, "1000 times too large."),
        (answer / 1000, 0.001, "1000 times too small."),
        (answer / np.log(10), 0.43, "is the logarithm the natural one?"),
        (answer / np.log(2), 1.44, "is the logarithm the natural one?"),
        (1 / answer, 1 / answer**2, "its reciprocal is right."),
        (answer**2, 2 * answer, "is a square root missing?"),
    ]
    if answer > 0:
        slips.append((answer**0.5, 0.5 / answer**0.5, "is a square missing, or a root too many?"))
    if 0 < answer < 1:
        slips.append((1 - answer, 1, "this is the rest, what is missing to 1."))
    return slips


def _array_hint(part: AnswerPart, array: Numbers) -> str:
    answer = np.asarray(part.answer, np.float64)

    def matches(candidate: Numbers) -> bool:
        return candidate.shape == answer.shape and bool(
            (np.abs(candidate - answer) <= part.tolerance).all()
        )

    if matches(-array):
        return "the sizes are right, all signs are wrong."
    if array.ndim == 2 and matches(array.T):
        return "rows and columns are exchanged."
    if matches(np.flip(array)):
        return "the right numbers, from the wrong end."
    if np.abs(np.sort(array, None) - np.sort(answer, None)).max() <= part.tolerance:
        return _ORDER
    scale = (array * answer).sum() / (array**2).sum() if array.any() else 0.0
    if scale and matches(array * scale):
        if any(abs(norm - 1) <= part.tolerance for norm in (answer.sum(), np.linalg.norm(answer))):
            return "not normalised."
        return "all values are off by one common factor."
    if matches(array + (answer - array).mean()):
        return "all values are off by the same amount."
    right = int((np.abs(array - answer) <= part.tolerance).sum())
    return f"{right} of {answer.size} values are right."
