"""Matplotlib figures for papers and projectors, with the object-oriented interface only.

No pyplot, no backend, no rcParams: a figure has no side effects in the process. Figures are saved
with ``savefig("x.png")`` (``.svg``, ``.pdf``), are displayed in a notebook, and have alternative
text (``alt``), which notebook and saved file include.
"""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering import pictures
from cnnvis_widgets.rendering.colormaps import choose, lookup
from cnnvis_widgets.rendering.contours import LEVELS, halo, iso_lines
from cnnvis_widgets.rendering.describe import describe
from cnnvis_widgets.rendering.pictures import Blend, Colormap, Look
from cnnvis_widgets.rendering.scales import Scale, as_heatmap
from cnnvis_widgets.wording import translated

Mode = Literal["overlay", "side_by_side", "contour", "split", "heatmap"]
Share = Literal["none", "all", "row", "column"]

_TITLE, _LABEL, _SMALL = 20, 16, 14  # points on a figure 8 inches wide: legible from the last row
_WRAP = 34  # characters that fit along the bar of a panel of a grid
_INK = "#1f2328"


class ExplanationFigure(Figure):
    """A matplotlib figure with alternative text.

    Attributes:
        alt: the alternative text.
    """

    def __init__(self, *args: Any, alt: str = "", **kwargs: Any) -> None:
        layout = ConstrainedLayoutEngine(compress=True, w_pad=0.12, h_pad=0.12)
        super().__init__(*args, layout=layout, facecolor="white", **kwargs)
        FigureCanvasAgg(self)
        self.alt = alt

    def savefig(self, fname: Any, *, transparent: bool | None = None, **kwargs: Any) -> None:
        """As matplotlib's; ``alt`` goes into PNG, SVG and PDF files as their description."""
        ending = Path(fname).suffix[1:] if isinstance(fname, str | PathLike) else ""
        kind = kwargs.get("format") or ending or self.canvas.get_default_filetype()
        key = {"png": "Description", "svg": "Description", "pdf": "Subject"}.get(kind.lower())
        if key and self.alt:
            kwargs["metadata"] = {key: self.alt, **(kwargs.get("metadata") or {})}
        super().savefig(fname, transparent=transparent, **kwargs)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[Any, Any]:
        """What a notebook shows, with or without matplotlib's own integration."""
        buffer = io.BytesIO()
        # Tight: free space above and below would be a gap on the page.
        self.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.2)
        # JupyterLab and Voilà drop a PNG's "alt" (the metadata is IPython's), so only HTML provides
        # it to a screen reader.
        source = base64.b64encode(buffer.getvalue()).decode("ascii")
        style = "max-width: 100%; height: auto"
        image = f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{source}"'
        return (
            {
                "text/html": f'{image} style="{style}">',
                "image/png": buffer.getvalue(),
                "text/plain": self.alt or repr(self),
            },
            {"image/png": {"alt": self.alt}},
        )


@dataclass(frozen=True)
class Panel:
    """One panel of a grid.

    Attributes:
        picture: uint8 (rows, columns, 3), or None to show the map alone.
        heatmap: (r, c), or None to show the picture alone.
        label: the text above it.
        unit: of the map's values, on the colour bar.
        scale: None for the scale of the grid.
        alt: alternative text of the picture.
    """

    picture: ArrayLike | None = None
    heatmap: ArrayLike | None = None
    label: str = ""
    unit: str = ""
    scale: Scale | None = None
    alt: str = ""


def figure(
    picture: ArrayLike | None,
    heatmap: ArrayLike,
    *,
    title: str = "",
    scale: Scale | None = None,
    colormap: Colormap = None,
    mode: Mode = "overlay",
    unit: str = "",
    caption: str = "",
    opacity: float = 0.6,
    blend: Blend = "uniform",
    least: float = 0.0,
    gray_picture: bool = True,
    split: float = 0.5,
    picture_alt: str = "",
) -> ExplanationFigure:
    """A picture and its heatmap, with a colour bar in raw values.

    A map of zeros is labelled "all zeros"; a clipping scale has a note.

    Args:
        picture: uint8 (rows, columns, 3), as the network saw it; may be None in mode "heatmap".
        heatmap: (r, c), raw.
        title: above.
        scale: None for ``Scale.of(heatmap)``.
        colormap: a name that suits the scale; None for the default.
        mode: "overlay", "side_by_side" (the map at its own resolution), "contour", "split", or
            "heatmap" (the map alone, at its own resolution).
        unit: of the map's values, along the colour bar.
        caption: below.
        opacity: of the map in mode "overlay".
        blend: see ``pictures.overlay``; so are the next two, also of mode "overlay".
        least: see there.
        gray_picture: see there; of mode "contour" too.
        split: where the line is in mode "split", 0 (map only) to 1 (picture only).
        picture_alt: what the picture shows, for ``alt``.

    Raises:
        UnknownNameError: another mode or colour map.
        InvalidValueError: no picture in a mode that needs one, NaN, or maps that do not fit.
    """
    scale = scale or Scale.of(heatmap)
    if mode not in get_args(Mode):
        raise UnknownNameError.of("mode", mode, get_args(Mode))
    if picture is None and mode != "heatmap":
        raise InvalidValueError(f"Mode {mode!r} shows the map with a picture; none was given.")
    wide = mode == "side_by_side"
    alt = ". ".join(t for t in (title, describe(heatmap, picture_alt), scale.note, caption) if t)
    result = ExplanationFigure(figsize=(13.5, 6.5) if wide else (8, 6.5), alt=alt)
    axes = result.subplots(1, 2 if wide else 1, squeeze=False)[0]
    if wide and picture is not None:
        _show(axes[0], pictures.as_picture(picture))
        axes[0].set_title(translated("picture"), fontsize=_LABEL)
        axes[1].set_title(translated("heatmap"), fontsize=_LABEL)
    look = Look("heatmap" if wide else mode, colormap, opacity, blend, least, gray_picture, split)
    _draw(axes[-1], picture, heatmap, scale, look)
    bar = _bar(result, [axes[-1]], scale, look)
    _finish_bar(bar, unit, scale, _LABEL)
    _texts(result, title, caption)
    return result


def grid(
    rows: Sequence[Sequence[Panel | None]],
    *,
    share: Share = "none",
    percentile: float = 100.0,
    mode: Literal["overlay", "contour", "split", "heatmap"] = "overlay",
    colormap: Colormap = None,
    row_labels: Sequence[str] = (),
    title: str = "",
    caption: str = "",
    opacity: float = 0.6,
    blend: Blend = "uniform",
) -> ExplanationFigure:
    """Several explanations side by side, each labelled, with one shared scale or one each.

    Args:
        rows: panels, row by row; None is an empty cell; a panel without map shows its picture.
        share: which panels share a scale: "none" (one colour bar each), "all" (one for
            the figure), "row" or "column" (one at the end of each). Share only between values of
            the same meaning: the same method and the same kind of neuron.
        percentile: see ``Scale.of``; for panels without their own scale.
        mode: see ``figure``.
        colormap: a name, or one of each kind where signed and unsigned maps occur together.
        row_labels: left of each row.
        title: above.
        caption: below.
        opacity: of the maps in mode "overlay".
        blend: see ``pictures.overlay``.

    Raises:
        UnknownNameError: another mode, share or colour map.
        InvalidValueError: no panel, a panel with its own scale where scales are shared, or not as
            many row labels as rows.
    """
    modes = tuple(m for m in get_args(Mode) if m != "side_by_side")
    for kind, name, allowed in (("mode", mode, modes), ("sharing", share, get_args(Share))):
        if name not in allowed:
            raise UnknownNameError.of(kind, name, allowed)
    if not any(panel for row in rows for panel in row):
        raise InvalidValueError("A grid has at least one panel; none was given.")
    if row_labels and len(row_labels) != len(rows):
        raise InvalidValueError(f"There are {len(rows)} rows, but {len(row_labels)} row labels.")
    width = max(len(row) for row in rows)
    panels = [panel for row in rows for panel in row if panel]
    clipped = percentile < 100 or any(p.scale is not None and p.scale.clips for p in panels)
    wordy = share == "none" and (clipped or any(p.unit for p in panels))  # along every bar
    height = 4.0 if wordy or share != "none" else 3.4  # colour bars leave the pictures less width
    height *= _proportion(panels)
    across = 5.0 if wordy else 4.2
    result = ExplanationFigure(figsize=(max(8.0, across * width), 0.8 + height * len(rows)))
    axes: Any = result.subplots(len(rows), width, squeeze=False)
    groups: dict[Any, list[tuple[int, int, Panel, ArrayLike]]] = {}
    texts = [title] if title else []
    for r, c in np.ndindex(axes.shape):
        panel = rows[r][c] if c < len(rows[r]) else None
        _bare(axes[r, c])
        if c == 0 and row_labels:
            axes[r, c].set_ylabel(translated(row_labels[r]), fontsize=_LABEL, labelpad=10)
        if panel is None:
            continue
        axes[r, c].set_title(translated(panel.label), fontsize=_LABEL)
        if panel.heatmap is not None:
            key = {"none": (r, c), "all": 0, "row": r, "column": c}[share]
            groups.setdefault(key, []).append((r, c, panel, panel.heatmap))
        elif panel.picture is not None:
            _show(axes[r, c], pictures.as_picture(panel.picture))
            texts.append(f"Row {r + 1}, column {c + 1}, {panel.label}: {panel.alt or 'picture'}")
    look = Look(mode, colormap, opacity, blend)
    for members in groups.values():
        scale = _group_scale([panel for _, _, panel, _ in members], share, percentile)
        for r, c, panel, heatmap in members:
            _draw(axes[r, c], panel.picture, heatmap, scale, look)
            text = describe(heatmap, panel.alt)
            texts.append(f"Row {r + 1}, column {c + 1}, {panel.label}: {text}")
        bar_axes = {
            "none": [axes[r, c] for r, c, _, _ in members],
            "all": list(axes.ravel()),
            "row": list(axes[members[0][0]]),
            "column": list(axes[:, members[0][1]]),
        }[share]
        maps_only = all(panel.picture is None for _, _, panel, _ in members)
        bar_look = replace(look, mode="heatmap") if maps_only else look
        bar = _bar(result, bar_axes, scale, bar_look, horizontal=share == "column")
        units = dict.fromkeys(panel.unit for _, _, panel, _ in members if panel.unit)
        _finish_bar(bar, ", ".join(units), scale, _SMALL)
    _texts(result, title, caption)
    result.alt = ". ".join([*texts, *([caption] if caption else [])])
    return result


def picture_figure(
    image: ArrayLike, title: str = "", *, caption: str = "", alt: str = ""
) -> ExplanationFigure:
    """A picture that a method made (activation maximisation, an inversion), with its title.

    Args:
        image: uint8 (rows, columns, 3).
        title: above.
        caption: below.
        alt: alternative text; the title by default.
    """
    result = ExplanationFigure(figsize=(8, 7), alt=alt or title)
    _show(result.subplots(), pictures.as_picture(image))
    _texts(result, title, caption)
    return result


def _proportion(panels: list[Panel]) -> float:
    """The panels' largest ratio of height to width, limited to 0.5 … 2."""
    arrays: list[Any] = [p.heatmap if p.picture is None else p.picture for p in panels]
    shapes: list[tuple[int, ...]] = [np.shape(array) for array in arrays]
    highest = max((s[0] / s[1] for s in shapes if len(s) > 1 and s[1]), default=1.0)
    return min(2.0, max(0.5, highest))


def _group_scale(panels: list[Panel], share: str, percentile: float) -> Scale:
    own_scales = [panel.scale for panel in panels if panel.scale is not None]
    if own_scales and share != "none":
        raise InvalidValueError(
            f"share={share!r} gives the panels one scale, but one of them brings its own."
        )
    maps = [panel.heatmap for panel in panels if panel.heatmap is not None]
    return own_scales[0] if own_scales else Scale.of(*maps, percentile=percentile)


def _draw(
    ax: Axes,
    picture: ArrayLike | None,
    heatmap: ArrayLike,
    scale: Scale,
    look: Look,
) -> None:
    """One map in one of the single-axes modes."""
    if look.mode == "heatmap" or picture is None:
        _show(ax, pictures.colorize(heatmap, scale, look.colormap))
    elif look.mode == "overlay":
        options = (look.colormap, look.opacity, look.blend, look.gray_picture, look.least)
        _show(ax, pictures.overlay(picture, heatmap, scale, *options))
    elif look.mode == "split":
        _show(ax, pictures.split(picture, heatmap, look.split, scale, look.colormap))
    else:
        base_picture, values = pictures.fit(picture, heatmap)
        _show(ax, pictures.gray(base_picture) if look.gray_picture else base_picture)
        table = lookup(choose(scale.kind, look.colormap))
        for line in iso_lines(values, LEVELS, scale):
            colour = table[pictures.indices(scale.normalise([[line.value]]))[0, 0]] / 255
            edge = withStroke(linewidth=5, foreground=tuple(halo(colour * 255) / 255))
            ax.plot(line.points[:, 1], line.points[:, 0], color=colour, lw=2.5, path_effects=[edge])
    if not as_heatmap(heatmap).any():
        frame = {"facecolor": "white", "edgecolor": _INK, "boxstyle": "round,pad=0.4"}
        ax.text(
            0.5, 0.5, translated("all zeros"), transform=ax.transAxes, ha="center", va="center",
            fontsize=_TITLE, color=_INK, bbox=frame,
        )  # fmt: skip


def _bar(
    result: Figure,
    axes: list[Axes],
    scale: Scale,
    look: Look,
    horizontal: bool = False,
) -> Colorbar:
    """A colour bar in the visible colours: those of an overlay are blended with grey."""
    if look.mode == "overlay":
        options = (look.colormap, look.opacity, look.blend)
        table = pictures.blended_table(scale, *options, least=look.least)
    else:
        table = lookup(choose(scale.kind, look.colormap))
    low, high = scale.low, scale.high
    if scale.is_zero:  # one colour, with a single tick at 0
        table = table[127:128] if scale.kind == "diverging" else table[:1]
        low, high = -1.0, 1.0
    mappable = ScalarMappable(Normalize(low, high), ListedColormap(table / 255))
    extend = {"diverging": "both", "sequential": "max"}[scale.kind] if scale.clips else "neither"
    bar = result.colorbar(
        mappable, ax=axes, extend=extend, pad=0.03, fraction=0.06, aspect=18 if horizontal else 22,
        location="bottom" if horizontal else "right",
    )  # fmt: skip
    fitting = scale.labelled_ticks(3, 0.35) if horizontal else scale.labelled_ticks()
    ticks, labels = zip(*fitting, strict=True)
    bar.set_ticks(list(ticks), labels=list(labels))
    if look.mode == "contour" and not scale.is_zero:
        for level in LEVELS:
            for sign in (1, -1) if scale.kind == "diverging" else (1,):
                line = bar.ax.axvline if horizontal else bar.ax.axhline
                line(sign * level * scale.high, color=_INK, lw=1.5)
    return bar


def _finish_bar(bar: Colorbar, unit: str, scale: Scale, size: int) -> None:
    bar.ax.tick_params(labelsize=size)
    lines = [textwrap.fill(translated(text), _WRAP) for text in (unit, scale.note) if text]
    bar.set_label("\n".join(lines), fontsize=size)


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def _show(ax: Axes, picture: pictures.Picture) -> None:
    ax.imshow(picture, interpolation="nearest")  # show the array's own pixels
    _bare(ax)


def literal(result: Figure) -> None:
    """Escape every title, label and text: a `$` in a class name does not begin a formula."""
    texts: list[Text] = list(result.texts)
    for ax in result.axes:
        texts += [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        texts += legend.get_texts() if (legend := ax.get_legend()) else []
    texts += [text for text in (result._suptitle, result._supxlabel) if text]  # type: ignore[attr-defined]
    for text in texts:
        # matplotlib measures wrapped text as a formula even with set_parse_math(False).
        text.set_text(re.sub(r"(?<!\\)\$", r"\\$", text.get_text()))


def _texts(result: Figure, title: str, caption: str) -> None:
    if title:
        result.suptitle(translated(title), fontsize=_TITLE, color=_INK, wrap=True)
    if caption:
        result.supxlabel(translated(caption), fontsize=_SMALL, color=_INK, wrap=True)
    literal(result)
