"""What kind of mistake a wrong value may come from, in words that never give the answer."""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

ROUNDING = 1e-6
"""How far a whole number may be off, when it was computed."""

NEAR = 0.05
"""As a share of the answer: so near may be a matter of rounding or of a slip."""

_TEXT = "this is a text; a number is wanted, without quotation marks."
_WRONG_KINDS = {
    "U": _TEXT,
    "S": _TEXT,
    "b": "this is True or False; a number is wanted.",
    "c": "this is a complex number; a real one is wanted.",
}
_ORDER = "the right numbers, in another order."


class Part(NamedTuple):
    """One part of an exercise's answer.

    Attributes:
        wanted: what it is, in words.
        answer: numbers (a single one has no axes), or a name.
        within: how far each number may be off.
    """

    wanted: str
    answer: Numbers | str
    within: float


def hint(parts: list[Part], value: Any) -> str:
    """What may be wrong with a value; "" if nothing is.

    Args:
        parts: of the answer. A single one is the value itself; of several, the value is a sequence.
        value: what a student gives.

    Examples:
        >>> hint([Part("the share", np.array(0.25), 0.01)], 25)
        '100 times too large. Is a share meant, from 0 to 1?'
    """
    if len(parts) == 1:
        return _part_hint(parts[0], value)
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != len(parts):
        wanted = ", ".join(part.wanted for part in parts)
        return f"it wants {len(parts)} values in brackets, in this order: {wanted}."
    given = list(value)
    said_of_parts = [
        (part.wanted, _part_hint(part, one)) for part, one in zip(parts, given, strict=True)
    ]
    wrong = [f"{wanted}: {said}" for wanted, said in said_of_parts if said]
    if len(wrong) > 1 and _fit_in_another_order(parts, given):
        return _ORDER
    return " ".join(wrong)


def _fit_in_another_order(parts: list[Part], given: list[Any]) -> bool:
    left = list(given)
    for part in parts:
        fits = next((i for i, one in enumerate(left) if not _part_hint(part, one)), None)
        if fits is None:
            return False
        left.pop(fits)
    return True


def _part_hint(part: Part, value: Any) -> str:
    if isinstance(part.answer, str):
        return _name_hint(part.answer, value)
    if value is None or value is ...:
        return "put your value in its place."
    kind = _kind(value)
    if kind in _WRONG_KINDS:
        return _WRONG_KINDS[kind]
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return f"{type(value).__name__} is not a number or an array of numbers."
    if given.shape != part.answer.shape:
        return _shape_hint(part.answer, given)
    if not np.isfinite(given).all():
        return "it is not a finite number: look for a division by zero or the logarithm of zero."
    off = np.abs(given - part.answer)
    if (off <= part.within * (1 + 1e-9)).all():
        return ""
    return _array_hint(part, given) if given.ndim else _number_hint(part, float(given))


def _kind(value: Any) -> str:
    """NumPy's letter of what the value, or the values in it, are; "" for none."""
    try:
        return str(np.asarray(value).dtype.kind)
    except ValueError:  # rows of different lengths
        return ""


def _name_hint(answer: str, value: Any) -> str:
    if not isinstance(value, str):
        return "a name is wanted, in quotation marks."
    given, right = value.strip().casefold(), answer.casefold()
    if given == right:
        return ""
    near = difflib.SequenceMatcher(None, given, right).ratio() > 0.8
    return "nearly: is it the name as the network or table has it?" if near else "not this one."


def _shape_hint(answer: Numbers, given: Numbers) -> str:
    if answer.ndim == 0:
        return f"one number is wanted; this is an array of shape {given.shape}."
    if given.ndim == 2 and given.T.shape == answer.shape:
        return f"the shape is {given.shape}: rows and columns are exchanged."
    return f"the shape {answer.shape} is wanted; this has {given.shape}."


def _number_hint(part: Part, given: float) -> str:
    """The first kind of mistake that would give this number."""
    answer = float(np.asarray(part.answer, np.float64))

    def would_be(wrong: float, scale: float = 1.0) -> bool:
        return bool(abs(given - wrong) <= part.within * max(abs(scale), ROUNDING))

    if part.within <= ROUNDING and abs(abs(given - answer) - 1) <= ROUNDING:
        return "off by one: does counting begin at 0 or at 1, are both ends counted?"
    for wrong, scale, words in _slips(answer):
        if would_be(wrong, scale):
            return words
    if answer and abs(given - answer) <= NEAR * abs(answer):
        return "near, but not exact enough. Round only at the end."
    if answer * given < 0:
        return "the sign is wrong, and the size."
    return "its size is too large." if abs(given) > abs(answer) else "its size is too small."


def _slips(answer: float) -> list[tuple[float, float, str]]:
    """(What a slip makes of the answer, by how much it magnifies rounding, what to say)."""
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


def _array_hint(part: Part, given: Numbers) -> str:
    answer = np.asarray(part.answer, np.float64)

    def same(one: Numbers) -> bool:
        return one.shape == answer.shape and bool((np.abs(one - answer) <= part.within).all())

    if same(-given):
        return "the sizes are right, all signs are wrong."
    if given.ndim == 2 and same(given.T):
        return "rows and columns are exchanged."
    if same(np.flip(given)):
        return "the right numbers, from the wrong end."
    if np.abs(np.sort(given, None) - np.sort(answer, None)).max() <= part.within:
        return _ORDER
    scale = (given * answer).sum() / (given**2).sum() if given.any() else 0.0
    if scale and same(given * scale):
        if any(abs(norm - 1) <= part.within for norm in (answer.sum(), np.linalg.norm(answer))):
            return "not normalised."
        return "all values are off by one common factor."
    if same(given + (answer - given).mean()):
        return "all values are off by the same amount."
    right = int((np.abs(given - answer) <= part.within).sum())
    return f"{right} of {answer.size} values are right."
