"""A strip of checks of whether a map can be trusted, each green, amber, red or open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import NAME, TEXT, Field, Records

if TYPE_CHECKING:
    from cnnvis_widgets.engine.trust import Check

TITLES = {
    "coverage": "Coverage",
    "sum": "Sum",
    "edges": "Edge detector",
    "random_top": "Random top layer",
}
LESSONS = {
    "coverage": ("03_05_guided_backpropagation.ipynb", "Lesson 3.5"),
    "sum": ("03_06_deep_taylor.ipynb", "Lesson 3.6"),
    "edges": ("05_conclusions.ipynb", "Lesson 5"),
    "random_top": ("05_conclusions.ipynb", "Lesson 5"),
}
UNDER_WAY = {"name": "under_way", "title": "Checking", "verdict": "open", "figure": "…"}
"""Stands for the checks that have not arrived."""


class TrustStrip(Component):
    """One button for each check; below is the sentence of the chosen check, or else of the worst.

    Attributes:
        checks: records of name, title ("Coverage"), verdict ("good", "doubtful", "bad" or "open"),
            figure ("all", "0.98"), sentence, and the lesson that explains it: its notebook's file
            and its title. Hidden if empty.
    """

    checks = Records(
        "check",
        name=NAME,
        title=TEXT,
        verdict=TEXT,
        figure=TEXT,
        sentence=TEXT,
        lesson=Field((str,), ""),
        lesson_title=Field((str,), ""),
    ).tag(sync=True)


def check_records(checks: Sequence[Check], pending: bool = False) -> list[dict[str, Any]]:
    """The records of checks for the strip.

    Args:
        checks: in order.
        pending: whether more are to come.
    """
    records: list[dict[str, Any]] = [
        {
            "name": check.name,
            "title": TITLES[check.name],
            "verdict": check.verdict,
            "figure": figure(check),
            "sentence": check.sentence,
            "lesson": LESSONS[check.name][0],
            "lesson_title": LESSONS[check.name][1],
        }
        for check in checks
    ]
    return [*records, UNDER_WAY] if pending else records


def figure(check: Check) -> str:
    """A check's figure, short enough for a button.

    Examples:
        >>> figure(Check("sum", "good", 0.016, "…"))
        '1.6 % off'
    """
    if check.value is None:
        return "not checked"
    if check.name == "coverage":
        return f"{check.value:.0f} not treated" if check.value else "all treated"
    if check.name == "sum":
        return f"{check.value:.1%} off".replace("%", " %")
    return f"{check.value:.2f}".replace("-", "−")
