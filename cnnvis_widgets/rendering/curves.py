"""Line charts, readable on a projector, with alternative text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.figures import ExplanationFigure, literal
from cnnvis_widgets.rendering.scales import format_value
from cnnvis_widgets.wording import translated

_STYLES = ("-", "--", "-.", ":")
# Okabe & Ito's colours for colour-blind readers, without yellow.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_LABEL, _SMALL = 16, 14


def curves(
    x: ArrayLike,
    panels: Mapping[str, Mapping[str, ArrayLike]] | Sequence[Mapping[str, ArrayLike]],
    *,
    x_name: str = "",
    y_name: str = "",
    log: bool = False,
) -> ExplanationFigure:
    """Panels side by side, each with its curves over the same x.

    Args:
        x: (points,).
        panels: title → (name → values, (points,)); a value that is not finite leaves a gap. Without
            titles, a sequence of (name → values).
        x_name: the label of the horizontal axes.
        y_name: the label of the vertical axis.
        log: whether the vertical axis is logarithmic.

    Raises:
        InvalidValueError: nothing to draw, or not as many values as x has.
    """
    across = np.asarray(x, np.float64)
    by_title = panels if isinstance(panels, Mapping) else dict(enumerate(panels))
    if not by_title or not all(by_title.values()):
        raise InvalidValueError("curves needs at least one panel, and a curve in each.")
    wide = (8, 5) if len(by_title) == 1 else (4.6 * len(by_title), 4.4)
    words: list[str] = []
    result = ExplanationFigure(figsize=wide)
    axes = result.subplots(1, len(by_title), squeeze=False, sharey=True)[0]
    for ax, (title, lines) in zip(axes, by_title.items(), strict=True):
        for k, (name, curve) in enumerate(lines.items()):
            values = np.asarray(curve, np.float64)
            if across.ndim != 1 or values.shape != across.shape:
                raise InvalidValueError(
                    f"Each curve has as many values as x, {across.shape}; "
                    f"{name!r} has {values.shape}."
                )
            style = {"color": _COLOURS[k % len(_COLOURS)], "linestyle": _STYLES[k % len(_STYLES)]}
            ax.plot(across, values, linewidth=2.5, label=translated(name), **style)
            called = [part for part in (title, name) if isinstance(part, str) and part]
            words.append(_in_words(", ".join(called), values))
        if isinstance(title, str):
            ax.set_title(translated(title), fontsize=_LABEL)
        if log:
            ax.set_yscale("log")
        ax.set_xlabel(translated(x_name), fontsize=_SMALL)
        ax.tick_params(labelsize=_SMALL)
        ax.grid(alpha=0.35)
        if len(lines) > 1:
            ax.legend(fontsize=_SMALL, frameon=False)
    axes[0].set_ylabel(translated(y_name), fontsize=_SMALL)
    literal(result)
    suffix = f" over {x_name}" if x_name else ""
    result.alt = f"Curves{f' of {y_name}' if y_name else ''}{suffix}. " + " ".join(words)
    return result


def _in_words(name: str, values: np.ndarray) -> str:
    """A curve's first and last value, minimum and maximum, in words."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"{name}: no value."
    first, last, low, high = (
        format_value(float(v)) for v in (finite[0], finite[-1], finite.min(), finite.max())
    )
    return f"{name}: from {first} to {last}, between {low} and {high}."
