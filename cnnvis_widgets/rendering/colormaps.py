"""Perceptually ordered colour maps, as tables of 256 colours.

The tables are matplotlib's own, stored beside this module by ``scripts/make_colormaps.py`` so that
drawing a heatmap loads no matplotlib. In the diverging ones the two middle rows have the same
grey, so that zero has its own colour. Maps of non-monotonic lightness are refused: they show edges
where the values have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering.scales import Kind

COLORMAPS: dict[str, Literal["sequential", "diverging", "either"]] = {
    "inferno": "sequential",
    "magma": "sequential",
    "viridis": "sequential",
    "cividis": "sequential",
    "YlOrRd": "sequential",
    "RdBu_r": "diverging",
    "BrBG": "diverging",
    "coolwarm": "diverging",
    "vanimo": "diverging",
    "gray": "either",
}
"""Name → the kind of scale it suits. "gray" suits both: zero is black, or mid-grey. On paper,
YlOrRd (zero is nearly white) saves ink; on black slides, vanimo (zero is black) glares less."""

DEFAULTS: dict[Kind, str] = {"sequential": "inferno", "diverging": "RdBu_r"}
"""The default colour maps; both are readable with every common colour blindness."""

# Borland & Taylor, "Rainbow Color Map (Still) Considered Harmful", IEEE CG&A 27(2), 2007.
_REFUSED = {
    "jet", "rainbow", "gist_rainbow", "hsv", "turbo", "nipy_spectral", "gist_ncar", "prism", "flag",
}  # fmt: skip


def colormap_names(kind: Kind | None = None) -> tuple[str, ...]:
    """The colour maps that exist; with ``kind``, those that suit a scale of that kind."""
    return tuple(n for n, k in COLORMAPS.items() if kind is None or k in (kind, "either"))


@cache
def _tables() -> dict[str, NDArray[np.uint8]]:
    with np.load(Path(__file__).with_name("colormaps.npz")) as file:
        tables = {name: file[name] for name in COLORMAPS}
    for table in tables.values():
        table.setflags(write=False)  # shared by all callers
    return tables


def _listed_name(name: str) -> str:
    """The listed name of a map: "grey" means "gray", and "_r" reverses a map."""
    plain = str(name).replace("grey", "gray")
    reversed_name = plain.removesuffix("_r") if plain.endswith("_r") else f"{plain}_r"
    for candidate in (plain, reversed_name):
        if candidate in COLORMAPS:
            return candidate
    if plain.lower().removesuffix("_r") in _REFUSED:
        raise UnknownNameError(
            f"The colour map {name!r} is not offered: its lightness goes up and down, so that it "
            f"shows edges where the values have none. There are: {', '.join(COLORMAPS)}."
        )
    raise UnknownNameError.of("colour map", name, COLORMAPS)


def lookup(name: str) -> NDArray[np.uint8]:
    """The colour table of this name, uint8 (256, 3), read-only, low end first.

    Args:
        name: one of ``colormap_names()``; with "_r" appended (or removed) the map is reversed.

    Raises:
        UnknownNameError: no such map; for "jet", "rainbow", "hsv" and the like with the reason.
    """
    listed = _listed_name(name)
    table = _tables()[listed]
    return table if listed == name.replace("grey", "gray") else table[::-1]


def choose(kind: Kind, colormap: str | Sequence[str] | None = None) -> str:
    """The colour map to use for a scale of this kind.

    Args:
        kind: of the scale.
        colormap: None for the default; a name; or several, of which the first that suits is used
            (one of each kind for a mixed set of maps).

    Raises:
        UnknownNameError: a name that does not exist.
        InvalidValueError: none of the names suits: zero would not have its own colour.
    """
    if colormap is None:
        return DEFAULTS[kind]
    names = [colormap] if isinstance(colormap, str) else list(colormap)
    for name in names:
        if COLORMAPS[_listed_name(name)] in (kind, "either"):
            return name
    raise InvalidValueError(
        f"The scale is {kind}, but {' and '.join(map(repr, names)) or 'no name'} is not: zero "
        f"would have no colour of its own. Suitable: {', '.join(colormap_names(kind))}."
    )
