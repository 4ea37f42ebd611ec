"""Arrays to pictures: scales, colour maps, overlays, figures. It uses only `errors` of ours.

Figures load matplotlib on first use; everything else needs NumPy and Pillow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.rendering.colormaps import choose as choose_colormap
from cnnvis_widgets.rendering.colormaps import colormap_names, lookup
from cnnvis_widgets.rendering.contours import contour, iso_lines
from cnnvis_widgets.rendering.describe import describe, half_mass_share
from cnnvis_widgets.rendering.pictures import (
    blended_table,
    color_bar,
    colorize,
    enlarge,
    gray,
    overlay,
    png_bytes,
    side_by_side,
    split,
)
from cnnvis_widgets.rendering.scales import Scale, format_value

if TYPE_CHECKING:
    from cnnvis_widgets.rendering.figures import (
        ExplanationFigure,
        Panel,
        figure,
        grid,
        picture_figure,
    )

_FIGURES = ("ExplanationFigure", "Panel", "figure", "grid", "picture_figure")

__all__ = [
    "ExplanationFigure",
    "Panel",
    "Scale",
    "blended_table",
    "choose_colormap",
    "color_bar",
    "colorize",
    "colormap_names",
    "contour",
    "describe",
    "enlarge",
    "figure",
    "format_value",
    "gray",
    "grid",
    "half_mass_share",
    "iso_lines",
    "lookup",
    "overlay",
    "picture_figure",
    "png_bytes",
    "side_by_side",
    "split",
]


def __getattr__(name: str) -> Any:
    if name in _FIGURES:
        return getattr(importlib.import_module(f"{__name__}.figures"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
