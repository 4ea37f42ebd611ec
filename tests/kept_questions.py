"""A lesson's questions as `cnnvis questions` exports them, against those that it has asked."""

from __future__ import annotations

import math
import re
from typing import Any

from cnnvis_widgets.course.questions import questions

ASKED = """
from ipywidgets import Widget
_asked = [w._question for w in Widget.widgets.values() if type(w).__name__ == "Quiz"]
[{k: one[k] for k in ("text", "choices", "right", "because")} for one in _asked]
"""
"""For a lesson's kernel: its questions, in their order."""


def changed(lesson: str, asked: list[dict[str, Any]]) -> list[str]:
    """What differs from the export, but for numbers that are times.

    Args:
        lesson: the name of its notebook.
        asked: what its kernel says.
    """
    differences, kept = [], questions([lesson])
    if len(asked) != len(kept):
        return [f"{len(asked)} questions were asked; {len(kept)} are exported"]
    for one, quiz in zip(kept, asked, strict=True):
        if re.search(r"\d m?s\b", one.because):
            continue
        pairs = [(one.text, quiz["text"]), (one.because, quiz["because"])]
        pairs += zip(one.choices, quiz["choices"], strict=True)
        pairs.append((str(one.right), str(quiz["right"])))
        differences += [
            f"{one.name}: {text!r} is exported, {now!r} was asked; run "
            f"python -m scripts.collect_questions {lesson}"
            for text, now in pairs
            if not alike(text, now)
        ]
    return differences


def alike(kept: str, now: str) -> bool:
    """The same words, and numbers as near as another machine's: a tenth, or one millionth."""
    number = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
    numbers = [[float(n) for n in re.findall(number, text)] for text in (kept, now)]
    return re.split(number, kept) == re.split(number, now) and all(
        math.isclose(a, b, rel_tol=0.1, abs_tol=1e-6) for a, b in zip(*numbers, strict=True)
    )
