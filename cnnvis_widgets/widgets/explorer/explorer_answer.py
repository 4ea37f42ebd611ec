"""The view state of an explanation: its scale, texts and file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.rendering import Scale, choose_colormap, describe, lookup
from cnnvis_widgets.widgets.explorer.explanation_state import heatmap_state, image_state

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import PageExplanation
    from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView
    from cnnvis_widgets.widgets.toolkit.optimization_history import OptimizationHistory

FINE_PERCENTILE = 99.5
"""Where the scale of a fine map ends; the view says that it is clipped there."""


def show_answer(
    view: ExplanationView, answer: PageExplanation, picture: str, alt: str, *, unfinished: bool
) -> None:
    """Show a method's answer in a view.

    Args:
        view: the view.
        answer: the answer.
        picture: the name of the picture, for file names.
        alt: alt text of the picture.
        unfinished: whether the answer still improves.
    """
    view.put(answer_state(answer, picture, alt), unfinished)


def answer_state(answer: PageExplanation, picture: str = "", alt: str = "") -> dict[str, Any]:
    """The view state of an answer (see `explanation_state.py`); arguments as above."""
    name = f"{picture} {answer.title}".strip().replace(" · ", "-").replace(" ", "-")
    words: dict[str, Any] = {
        "title": answer.title,
        "notes": list(answer.notes),
        "warnings": [answer.warning] if answer.warning else [],
        "code": answer.code,
        "filename": name,
    }
    if answer.heatmap is None or answer.image is not None:
        assert answer.image is not None
        return {**image_state(answer.image), **words, "alt": answer.title}
    # A few pixels of a fine map are far above all others: unclipped, the rest would be black.
    scale = Scale.of(answer.heatmap, percentile=FINE_PERCENTILE if answer.fine else 100)
    colours = lookup(choose_colormap(scale.kind))
    state = heatmap_state(
        answer.picture, answer.heatmap, colours, scale.low, scale.high, scale.kind
    )
    described = f"{answer.title}. {describe(answer.heatmap, alt)}"
    return {**state, **words, "alt": described, "unit": answer.unit}


def show_growth(growth: OptimizationHistory, answer: PageExplanation) -> None:
    """Show the optimization history of the answer; hide it for methods without one."""
    growth.layout.display = "none" if answer.curve is None else ""
    if answer.curve is not None:
        growth.show(*answer.curve, answer.film, answer.film_steps)
