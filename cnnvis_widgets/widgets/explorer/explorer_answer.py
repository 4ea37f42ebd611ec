"""An explanation in the explorer's view: its scale, its words and the name of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.rendering import Scale, choose_colormap, describe, lookup

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Shown
    from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView
    from cnnvis_widgets.widgets.toolkit.optimization_history import OptimizationHistory

FINE_PERCENTILE = 99.5
"""Where the scale of a fine map ends; the view says that it is clipped there."""


def show_answer(
    view: ExplanationView, found: Shown, picture: str, alt: str, *, unfinished: bool
) -> None:
    """Show what a method found.

    Args:
        view: where.
        found: the answer.
        picture: the name of the picture, for files.
        alt: what is on it, for those who do not see it.
        unfinished: it still improves.
    """
    name = f"{picture} {found.title}".replace(" · ", "-").replace(" ", "-")
    words: dict[str, Any] = {
        "title": found.title,
        "notes": list(found.notes),
        "warnings": [found.warning] if found.warning else [],
        "code": found.code,
        "filename": name,
        "unfinished": unfinished,
    }
    if found.heatmap is None or found.image is not None:
        view.show_image(found.image, alt=found.title, **words)  # type: ignore[arg-type]
        return
    # A few pixels of a fine map are far above all others: with them the rest would be black.
    scale = Scale.of(found.heatmap, percentile=FINE_PERCENTILE if found.fine else 100)
    view.show(
        found.picture,
        found.heatmap,
        lookup(choose_colormap(scale.kind)),
        scale.low,
        scale.high,
        scale.kind,
        alt=f"{found.title}. {describe(found.heatmap, alt)}",
        unit=found.unit,
        **words,
    )


def show_growth(growth: OptimizationHistory, found: Shown) -> None:
    """Show how the answer came about, where the method works step by step; else nothing."""
    growth.layout.display = "none" if found.curve is None else ""
    if found.curve is not None:
        growth.show(*found.curve, found.film, found.film_steps)
