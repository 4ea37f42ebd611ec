"""The matrix of `coherence` as a figure: clusters above, values written in the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.study.coherence import Coherence, meaning
from cnnvis_widgets.wording import translated

if TYPE_CHECKING:
    from cnnvis_widgets.rendering import ExplanationFigure

COLOURS = "RdBu_r"
"""Diverging, zero in grey, told apart with every common colour blindness."""
DARK = 0.6  # from this |r| on the cells' text is white


def coherence_figure(matrix: Coherence, title: str = "") -> ExplanationFigure:
    """The dendrogram of the clusters and, below it, the matrix in the same order.

    Args:
        matrix: as `coherence` returned it.
        title: above; "" for "Coherence between methods".

    Returns:
        A matplotlib figure; `savefig` writes PNG, SVG or PDF.

    Examples:
        >>> coherence_figure(coherence(study)).savefig("coherence.png")
    """
    import textwrap

    from cnnvis_widgets.rendering import ExplanationFigure

    size, words = len(matrix.methods), in_a_text(matrix)
    figure = ExplanationFigure(figsize=(3.4 + 1.05 * size, 4.2 + 0.72 * size), alt=words)
    upper, lower = figure.subplots(2, 1, height_ratios=[1, max(1.6, 0.4 * size)], sharex=True)
    _draw_tree(upper, matrix)
    _draw_matrix(figure, lower, matrix)
    figure.suptitle(translated(title or "Coherence between methods"), fontsize=16)
    width = 46 + 13 * size
    figure.supxlabel("\n".join(textwrap.wrap(meaning(matrix), width)), fontsize=10)
    return figure


def in_a_text(matrix: Coherence) -> str:
    """What the figure shows, in words: the most and the least alike."""
    size = len(matrix.methods)
    pairs = [(matrix.means[i, j], i, j) for i in range(size) for j in range(i + 1, size)]
    known = sorted(pair for pair in pairs if not np.isnan(pair[0]))
    if not known:
        return f"A matrix of {size} methods that have no cell in common."
    least, most = (
        f"{matrix.methods[i]} and {matrix.methods[j]} ({r:.2f})"
        for r, i, j in (known[0], known[-1])
    )
    return (
        f"A matrix of the mean rank correlations of {size} methods: {', '.join(matrix.methods)}. "
        f"Most alike: {most}; least: {least}."
    )


def _draw_tree(ax: Any, matrix: Coherence) -> None:
    """The clusters: a bar at the distance 1 − r at which two of them join."""
    size = len(matrix.methods)
    places = {number: (float(number), 0.0) for number in range(size)}
    for number, (one, other, distance, _) in enumerate(matrix.linkage):
        (x0, y0), (x1, y1) = places[int(one)], places[int(other)]
        ax.plot([x0, x0, x1, x1], [y0, distance, distance, y1], color="#1f2328", lw=1.6)
        places[size + number] = (x0 + x1) / 2, float(distance)
    ax.set_ylabel("1 − r", fontsize=12)
    ax.set_ylim(bottom=0)
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_matrix(figure: Any, ax: Any, matrix: Coherence) -> None:
    from matplotlib.colors import ListedColormap

    from cnnvis_widgets.rendering.colormaps import lookup

    size = len(matrix.methods)
    colours = ListedColormap(lookup(COLOURS) / 255)
    shown = ax.imshow(matrix.means, colours, vmin=-1, vmax=1, aspect="auto")
    for i in range(size):
        for j in range(size):
            mean = matrix.means[i, j]
            known = not np.isnan(mean)
            text = f"{mean:.2f}" if known else "–"
            if i != j and known and not np.isnan(matrix.low[i, j]):
                text += f"\n[{matrix.low[i, j]:.2f}, {matrix.high[i, j]:.2f}]"
            ink = "white" if known and abs(mean) >= DARK else "#1f2328"
            ax.text(j, i, text, ha="center", va="center", fontsize=10, color=ink)
    ax.set_xticks(range(size), matrix.methods, rotation=30, ha="right", fontsize=12)
    ax.set_yticks(range(size), matrix.methods, fontsize=12)
    bar = figure.colorbar(shown, ax=ax)
    bar.set_label(translated("mean rank correlation"), fontsize=12)
