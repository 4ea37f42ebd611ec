"""A view's map as a figure for papers: SVG or PDF, with a caption."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets import checks
from cnnvis_widgets.rendering.scales import Scale, format_value
from cnnvis_widgets.widgets.explorer.page_data import pixels_of, values_of

if TYPE_CHECKING:
    from cnnvis_widgets.rendering import ExplanationFigure

TYPES = {"svg": "image/svg+xml", "pdf": "application/pdf"}
"""The formats that Python draws, and their media types."""

LOOK = ("mode", "opacity", "blend", "threshold", "gray_picture", "split")
"""The view's traits, set by a visitor, that a figure depends on."""

CAPTION_FACTS = ("Picture", "Layer", "Neuron", "Maps of layer", "Parameters", "Seed", "Array")
"""The facts of a caption; the title has method, neuron and network."""

LETTERS, LINE = 7.4, 0.24
"""Of a caption: letters per inch, and the line height in inches."""


def figure_file(
    state: Mapping[str, Any],
    look: Mapping[str, Any],
    facts: Sequence[tuple[str, str]],
    kind: object,
) -> bytes:
    """A figure as the bytes of a file: text and scale as vectors, the map as an embedded image.

    Args:
        state: the view state, see `explanation_state.py`.
        look: the values of `LOOK`.
        facts: how the map was made, see `engine.facts`.
        kind: "svg" or "pdf".

    Raises:
        UnknownNameError: an unknown format.
    """
    ending = checks.choice("format of a figure", kind, tuple(TYPES))
    file = io.BytesIO()
    drawn = figure_of(state, look, facts)
    drawn.savefig(file, format=ending, dpi=200)
    return file.getvalue()


def figure_of(
    state: Mapping[str, Any], look: Mapping[str, Any], facts: Sequence[tuple[str, str]]
) -> ExplanationFigure:
    """The figure; arguments as for `figure_file`."""
    from cnnvis_widgets.rendering import figure, picture_figure  # loads matplotlib

    title, alt = state["title"], state["alt"]
    if not state["heatmap"] or look["mode"] == "picture":
        words = caption(state, facts)
        pixels = pixels_of(state["image"] or state["picture"])
        return _roomy(picture_figure(pixels, title, caption=words, alt=alt), words)
    values = values_of(state)
    least = least_shown(values, look["threshold"]) if look["mode"] == "overlay" else 0.0
    largest = max(state["high"], float(np.abs(values.astype(np.float64)).max()))
    words = caption(state, facts, least, look["threshold"])
    drawn = figure(
        pixels_of(state["picture"]),
        values,
        title=title,
        scale=Scale(state["low"], state["high"], state["kind"], largest=largest),
        mode=look["mode"],
        unit=state["unit"],
        caption=words,
        **{name: look[name] for name in ("opacity", "blend", "gray_picture", "split")},
        least=least,
    )
    return _roomy(drawn, words)


def _roomy(drawn: ExplanationFigure, words: str) -> ExplanationFigure:
    """The figure, made higher by the extra lines of a long caption."""
    width, height = drawn.get_size_inches()
    lines = sum(1 + len(line) // int(LETTERS * width) for line in words.splitlines())
    drawn.set_size_inches(width, height + LINE * max(0, lines - 1))
    return drawn


def least_shown(values: np.ndarray, share: float) -> float:
    """The absolute value below which a given share of the pixels is: the view's threshold."""
    sizes = np.sort(np.abs(values), axis=None)
    return float(sizes[min(len(sizes) - 1, int(share * len(sizes)))]) if share > 0 else 0.0


def caption(
    state: Mapping[str, Any],
    facts: Sequence[tuple[str, str]],
    least: float = 0.0,
    share: float = 0.0,
) -> str:
    """The caption: how the map was made, what is left out, and all notes."""
    sentences = [f"{name}: {text}." for name, text in facts if name in CAPTION_FACTS]
    if least > 0:
        sentences.append(
            f"Left out: the {share:.0%} of the pixels below {format_value(least)}.".replace(
                "%", " %"
            )
        )
    text = re.sub(r"(SHA-256 [0-9a-f]{16})[0-9a-f]+\.", r"\1…", " ".join(sentences))
    lines = [text, *state["notes"]]
    lines += [warning for warning in state["warnings"] if warning not in state["notes"]]
    return "\n".join(line for line in lines if line)
