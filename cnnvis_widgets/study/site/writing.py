"""Writes a study's site: pages for maps, networks, layers and units, and one to compare maps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.rendering import describe
from cnnvis_widgets.study.grid_requests import seen_picture
from cnnvis_widgets.study.site.addresses import AXES, Addresses, method_title, slugs, up
from cnnvis_widgets.study.site.map_files import map_picture, numbers_script, webp
from cnnvis_widgets.study.site.units import OUTPUTS, Layer, Unit, all_layers, layers_of

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

TEMPLATES = Path(__file__).with_name("templates")
PICTURE_SIDE = 224
COPIED = ("site.css", "site.js")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """The content of a site besides the maps.

    Attributes:
        units: the number of units of each layer with a page; 0 for no pages of layers.
        steps: of activation maximisation for each of them; 0 for no maximising pictures.
        title: of every page.
    """

    units: int = 6
    steps: int = 96
    title: str = "Study"

    def __post_init__(self) -> None:
        if self.units < 0 or self.steps < 0:
            raise InvalidValueError(
                f"units and steps are whole numbers from 0; got {self.units} and {self.steps}."
            )


def write_site(
    study: Study,
    folder: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the pages of all completed runs.

    The pages work from the folder (`file://`). Existing files with the same names are replaced.
    Maximising pictures are cached in the study's folder.

    Args:
        study: the study; its networks are loaded for the pages of layers and units.
        folder: created if necessary.
        options: see `Options`.
        progress: called with (done, total) of maps and networks.

    Returns:
        The first page, index.html.

    Raises:
        InvalidValueError: no run has a map.
        FileError: the folder is not writable.

    Examples:
        >>> write_site(study, "pages", Options(units=0)).name
        'index.html'
    """
    try:
        return _Site(study, Path(folder), options or Options()).write(progress)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"The site in {str(folder)!r} could not be written: {error}") from error


class _Site:
    def __init__(self, study: Study, folder: Path, options: Options) -> None:
        self.study, self.folder, self.options = study, folder, options
        self.lines = study.runs()
        if not any("file" in line for line in self.lines):
            raise InvalidValueError("There is nothing to show: no run of the study has a map yet.")
        self.addresses = Addresses(study)
        self.runs_with_map = {self.addresses.index(line) for line in self.lines if "file" in line}
        self.units: dict[str, list[Layer]] = {}
        self.layers: dict[str, list[tuple[str, str, str]]] = {}
        self.jinja = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self.titles = {
            **{axis: {n: n for n in self.addresses.names[axis]} for axis in AXES},
            "method": {n: method_title(study, n) for n in study.methods},
        }

    def write(self, progress: Progress | None) -> Path:
        report = progress or (lambda count, total: None)
        names = list(self.study.networks) if self.options.units else []
        total, count = len(self.lines) + len(names), 0
        for name in self.study.pictures:
            picture = self.study.pictures[name].image
            size = picture.shape[:2] if picture.shape[0] < PICTURE_SIDE else (PICTURE_SIDE,) * 2
            self._put(self.addresses.picture(name), webp(seen_picture(self.study, name, size)))
        for name in names:
            report(count, total)
            self._write_network_units(name)
            count += 1
        for line in self.lines:
            report(count, total)
            self._write_map(line)
            count += 1
        for name in self.study.networks:
            self._write_network(name)
        for name in COPIED:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TEMPLATES / name, self.folder / name)
        self._put("data.js", f"window.cnnvisSite = {json.dumps(self._data())};\n".encode())
        self._page("compare.html", "compare.html.j2")
        self._page("index.html", "index.html.j2", study=self.study)
        report(total, total)
        return self.folder / "index.html"

    def _put(self, address: str, content: bytes) -> None:
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _page(self, address: str, template: str, /, **context: Any) -> None:
        text = self.jinja.get_template(template).render(
            root=up(address), title=self.options.title, site=self, **context
        )
        self._put(address, text.encode())

    def _data(self) -> dict[str, Any]:
        """The data for the pages' script: the axes, and the label or error of each run."""
        axes = {
            axis: [
                {"name": n, "title": self.titles[axis][n], "slug": self.addresses.slug[axis][n]}
                for n in self.addresses.names[axis]
            ]
            for axis in AXES
        }
        cells = {
            self.addresses.index(line): [
                line.get("label", ""),
                "" if "file" in line else line.get("unsuited", ""),
            ]
            for line in self.lines
        }
        return {"axes": axes, "cells": cells}

    def _write_map(self, line: dict[str, Any]) -> None:
        heatmap = self.study.heatmap(line)
        if heatmap is None:
            return
        address = self.addresses.map(line)
        method = method_named(self.study.methods[line["method"]]["method"])
        self._put(f"{address}.webp", webp(map_picture(self.study, line, heatmap)))
        script = numbers_script(address, heatmap, method.unit)
        self._put(f"{address}.js", script.encode())
        label = f"{self.titles['method'][line['method']]} of {line['label']} on {line['picture']}"
        self._page(
            f"{address}.html",
            "map.html.j2",
            line=line,
            address=address,
            label=label,
            method=method,
            parameters=self.study.methods[line["method"]]["parameters"],
            words=describe(heatmap),
            height=heatmap.shape[0],
            width=heatmap.shape[1],
            others=self._others(line),
            unit_page=self._unit_page(line),
        )

    def _others(self, line: dict[str, Any]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Along each axis: (title, address, whether it is this run) of the runs with a map."""
        axes = []
        for axis in AXES:
            links = []
            for name in self.addresses.names[axis]:
                run = {**{a: line[a] for a in AXES}, axis: name}
                if self.addresses.index(run) in self.runs_with_map:
                    address = self.addresses.map(run)
                    links.append((self.titles[axis][name], address, name == line[axis]))
            axes.append((axis, links))
        return axes

    def _unit_page(self, line: dict[str, Any]) -> str:
        for layer in self.units.get(line["network"], []):
            unit_numbers = {unit.unit for unit in layer.units}
            if layer.name == line.get("layer") and line.get("unit") in unit_numbers:
                slug = self.layer_slug(line["network"], layer)
                return self.addresses.unit(line["network"], slug, line["unit"])
        return ""

    def layer_slug(self, network: str, layer: Layer) -> str:
        """A layer's part of an address."""
        names = [candidate.name or OUTPUTS for candidate in self.units[network]]
        return slugs(names)[layer.name or OUTPUTS]

    def map_of(self, network: str, layer: Layer, unit: Unit, picture: str) -> list[tuple[str, str]]:
        """The study's maps of a unit on a picture: (method's title, address)."""
        return [
            (self.titles["method"][line["method"]], self.addresses.map(line))
            for line in self.lines
            if "file" in line
            and (line["network"], line["picture"]) == (network, picture)
            and (line.get("layer"), line.get("unit")) == (layer.name, unit.unit)
        ]

    def _write_network_units(self, name: str) -> None:
        options = self.options
        self.layers[name] = all_layers(self.study.network(name))
        self.units[name] = layers_of(self.study, name, options.units, options.steps)
        for layer in self.units[name]:
            slug = self.layer_slug(name, layer)
            for unit in layer.units:
                address = self.addresses.unit(name, slug, unit.unit)
                stem = address.removesuffix(".html")
                if unit.best is not None:
                    self._put(f"{stem}.webp", webp(unit.best))
                for number, photo in enumerate(unit.exciting):
                    if photo.map is not None:
                        self._put(f"{stem}-{number + 1}.webp", webp(photo.map))
                self._page(address, "unit.html.j2", network=name, layer=layer, unit=unit, stem=stem)
            self._page(
                self.addresses.layer(name, slug),
                "layer.html.j2",
                network=name,
                layer=layer,
                slug=slug,
            )

    def _write_network(self, name: str) -> None:
        cells: dict[tuple[str, str, str], dict[str, Any]] = {
            (line["picture"], line["neuron"], line["method"]): line
            for line in self.lines
            if line["network"] == name
        }
        self._page(
            self.addresses.network(name),
            "network.html.j2",
            network=name,
            cells=cells,
            layers=self.units.get(name, []),
            every=self.layers.get(name, []),
        )
