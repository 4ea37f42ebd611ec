"""The matrix of `coherence` as a figure, with a dendrogram above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.study.coherence import Coherence, meaning
from cnnvis_widgets.wording import translated

if TYPE_CHECKING:
    from cnnvis_widgets.rendering import ExplanationFigure

COLOURS = "RdBu_r"
"""Diverging, with grey zero, readable with every common colour blindness."""
DARK = 0.6  # |r| from which the text of cells is white


def coherence_figure(matrix: Coherence, title: str = "") -> ExplanationFigure:
    """Plot the dendrogram of the clusters and, below it, the matrix in the same order.

    Args:
        matrix: of `coherence`.
        title: "" for "Coherence between methods".

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
    """The alternative text: the most and the least similar methods."""
    size = len(matrix.methods)
    pairs = [(matrix.means[i, j], i, j) for i in range(size) for j in range(i + 1, size)]
    defined = sorted(pair for pair in pairs if not np.isnan(pair[0]))
    if not defined:
        return f"A matrix of {size} methods that have no cell in common."
    least, most = (
        f"{matrix.methods[i]} and {matrix.methods[j]} ({r:.2f})"
        for r, i, j in (defined[0], defined[-1])
    )
    return (
        f"A matrix of the mean rank correlations of {size} methods: {', '.join(matrix.methods)}. "
        f"Most alike: {most}; least: {least}."
    )


def _draw_tree(ax: Any, matrix: Coherence) -> None:
    """Draw the dendrogram: a bar at the distance 1 − r at which two clusters join."""
    size = len(matrix.methods)
    positions = {number: (float(number), 0.0) for number in range(size)}
    for number, (first, second, distance, _) in enumerate(matrix.linkage):
        (x0, y0), (x1, y1) = positions[int(first)], positions[int(second)]
        ax.plot([x0, x0, x1, x1], [y0, distance, distance, y1], color="#1f2328", lw=1.6)
        positions[size + number] = (x0 + x1) / 2, float(distance)
    ax.set_ylabel("1 − r", fontsize=12)
    ax.set_ylim(bottom=0)
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_matrix(figure: Any, ax: Any, matrix: Coherence) -> None:
    from matplotlib.colors import ListedColormap

    from cnnvis_widgets.rendering.colormaps import lookup

    size = len(matrix.methods)
    colours = ListedColormap(lookup(COLOURS) / 255)
    image = ax.imshow(matrix.means, colours, vmin=-1, vmax=1, aspect="auto")
    for i in range(size):
        for j in range(size):
            mean = matrix.means[i, j]
            is_defined = not np.isnan(mean)
            text = f"{mean:.2f}" if is_defined else "–"
            if i != j and is_defined and not np.isnan(matrix.low[i, j]):
                text += f"\n[{matrix.low[i, j]:.2f}, {matrix.high[i, j]:.2f}]"
            ink = "white" if is_defined and abs(mean) >= DARK else "#1f2328"
            ax.text(j, i, text, ha="center", va="center", fontsize=10, color=ink)
    ax.set_xticks(range(size), matrix.methods, rotation=30, ha="right", fontsize=12)
    ax.set_yticks(range(size), matrix.methods, fontsize=12)
    bar = figure.colorbar(image, ax=ax)
    bar.set_label(translated("mean rank correlation"), fontsize=12)
