"""The comparer: the grid of the thesis' chapter 4, filled cell by cell."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from cnnvis_widgets.engine import Engine, listings
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.rendering import png_bytes
from cnnvis_widgets.study.grid_requests import METHODS, NEURONS, Cell, Fill, order, seen_picture
from cnnvis_widgets.study.store import Store
from cnnvis_widgets.study.study import Run, Study
from cnnvis_widgets.widgets.comparison.comparer_grid import ComparerGrid
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.explorer_records import (
    fact,
    network_records,
)
from cnnvis_widgets.widgets.explorer.explorer_turning import turn
from cnnvis_widgets.widgets.explorer.trust_strip import UNDER_WAY
from cnnvis_widgets.widgets.toolkit.composed import Composed, sentence

SIDE = (224, 224)  # size of the picture beside its rows


class Comparer(Composed, ipywidgets.VBox):
    """A grid of maps: pictures and their neurons in rows, methods in columns, for one network.

    Cells are runs of a `cnnvis.Study`; they are computed one by one off the kernel's main thread,
    so that other widgets get their turn, and appear when they are finished. Choosing another
    network cancels the remaining cells. A chosen cell opens in an `Explorer` below the grid, whose
    trust strip checks the map; the results are marked in the cell too.

    Args:
        networks: as for `cnnvis.Study`.
        images: as for `cnnvis.Study`.
        methods: as for `cnnvis.Study`; None for the seven of the thesis' comparison.
        neurons: as for `cnnvis.Study`; None for the thesis' rule: the most active output, and the
            most active neurons of two upper layers.
        path: the study's folder, which is continued; None for a temporary one.
        seed: of the methods' random numbers.
        engine: runs the requests; by default the engine that all widgets of this process share.

    Attributes:
        study: the `Study`.
        grid: `ComparerGrid`.
        explorer: `Explorer`; None until a cell is chosen.

    Raises:
        UnknownNameError: an unknown network, method or picture.
        InvalidValueError: settings that differ from those of the study in `path`.

    Examples:
        >>> comparer = cnnvis.Comparer("mini_vgg", ["cat", "coffee"], ["saliency", "grad_cam"])
        >>> comparer.grid.network, list(comparer.study.methods)
        ('mini_vgg', ['saliency', 'grad_cam'])
        >>> comparer.close()
    """

    def __init__(
        self,
        networks: Any = "efficientnet_lite0",
        images: Any = ("cat", "coffee", "motorcycle"),
        methods: Any = None,
        neurons: Any = None,
        path: str | Path | None = None,
        *,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> None:
        self._connect(engine)
        self._folder = tempfile.TemporaryDirectory(prefix="cnnvis-") if path is None else None
        folder = Path(self._folder.name) if self._folder else Path(path or "")
        keep = Store(folder).settings.get("keep", "heatmap")
        self.study = Study(
            networks,
            list(images) if isinstance(images, tuple) else images,
            METHODS if methods is None else methods,
            NEURONS if neurons is None else neurons,
            folder,
            seed=seed,
            keep=keep,
        )
        self.explorer: Explorer | None = None
        self._uploads: dict[str, str] = {}
        self._cells: dict[tuple[int, int], Cell] = {}
        self._queue: list[Run] = []
        self._opened: tuple[int, int] | None = None
        records = self._adopted()
        first = next((r["name"] for r in records if r["available"]), "")
        self.grid = ComparerGrid(
            self.cancel,
            self.go_on,
            networks=records,
            network=first,
            methods=[
                {"name": name, "title": fact(listings.methods(), name)}
                for name in self.study.methods
            ],
        )
        for name in self.study.pictures:
            self.grid.picture(name, png_bytes(seen_picture(self.study, name, SIDE)))
        super().__init__([self.grid], "cnnvis-comparer-all")
        self.grid.observe(lambda _: self._open(), "network")
        self.grid.observe(lambda _: self._chosen(), "selected")
        self._open()

    def cancel(self) -> None:
        """Stop computing; finished cells stay."""
        super().cancel()
        with self._lock:
            self.grid.working = ""

    def go_on(self) -> None:
        """Compute the remaining cells."""
        with self._lock:
            if not self.grid.working:
                self._next()

    def close(self) -> None:
        """Stop the work, close all parts, and delete a temporary folder."""
        super().close()
        if self._laid_out and self._folder:
            self._folder.cleanup()

    def _parts(self) -> list[ipywidgets.Widget]:
        return [part for part in (self.grid, self.explorer) if part is not None]

    def _adopted(self) -> list[dict[str, Any]]:
        """A record for each network of the study; network objects are added to the engine."""
        zoo_records, self._names = network_records(), dict[str, str]()
        records = []
        for name, network in self.study.networks.items():
            if isinstance(network, str | Path):
                self._names[name] = str(network)
                record = next((r for r in zoo_records if r["name"] == str(network)), {})
            else:
                record = {}
                self._names[name] = self._adopted_as(name, network)
            title = record.get("title") if str(network) == name else None
            records.append(
                {
                    "name": name,
                    "title": title or name,
                    "available": record.get("available", True),
                    "why": record.get("why", ""),
                }
            )
        return records

    def _open(self) -> None:
        """Empty the grid, and fill it for the chosen network."""
        self._withdraw()
        with self._lock:
            network = self.grid.network
            self._cells.clear()
            self._opened = None
            self.grid.error = ""
            self.grid.clear()
            if not network:
                return
            self.grid.rows = [
                {"key": f"{picture}\n{neuron}", "picture": picture, "neuron": neuron}
                for picture in self.study.pictures
                for neuron in self.study.neurons[network]
            ]
            self._queue = order(self.study, network)
            self._next()

    def _next(self) -> None:
        """Request the next cell; one request at a time, so that other widgets get their turn."""
        if not self._queue:
            self.grid.working = ""
            return
        run = self._queue[0]
        self.grid.working = f"{fact(listings.methods(), run.method)} on {run.picture}"

        def done(cell: Cell) -> None:
            if self.grid.network == run.network and self._queue[:1] == [run]:
                self._queue.pop(0)
                self._put(cell)
                self._next()

        def failed(message: str) -> None:
            self.grid.working, self.grid.error = "", message

        self._submit("fill", Fill(self.study, run, self._names[run.network]), done, failed)

    def _position(self, run: Run) -> tuple[int, int]:
        keys = [row["key"] for row in self.grid.rows]
        return keys.index(f"{run.picture}\n{run.neuron}"), list(self.study.methods).index(
            run.method
        )

    def _put(self, cell: Cell) -> None:
        row, column = self._position(cell.run)
        self._cells[row, column] = cell
        if cell.label and not self.grid.rows[row]["label"]:
            rows = [dict(record) for record in self.grid.rows]
            rows[row]["label"] = cell.label
            self.grid.rows = rows
        self.grid.fill(row, column, cell.image, cell.alt, cell.why)

    def _chosen(self) -> None:
        """Open the chosen cell in the explorer."""
        if self.grid.selected is None:
            return
        row, column = self.grid.selected
        with self._lock:
            cell = self._cells.get((row, column))
        self.grid.error = ""
        if cell is None or cell.why:
            self.grid.error = cell.why if cell else "This map is not computed yet."
            return
        settings = self.study.methods[cell.run.method]
        network = self._names[cell.run.network]
        self._opened = row, column
        try:
            if self.explorer is None:
                self._first_explorer(network, cell, settings)
            else:
                image = self._picture(cell.run.picture, self.explorer)
                turn(
                    self.explorer,
                    network,
                    image,
                    settings["method"],
                    cell.neuron,
                    settings["parameters"],
                )
        except CnnvisError as error:
            self.grid.error = sentence(error)
            return
        self._remember(cell.run.picture)

    def _first_explorer(self, network: str, cell: Cell, settings: dict[str, Any]) -> None:
        image = self._picture(cell.run.picture, None)
        is_object = not isinstance(self.study.networks[cell.run.network], str | Path)
        explorer_network = self.engine.library.network(network) if is_object else network
        self.explorer = Explorer(
            explorer_network, image, settings["method"], cell.neuron, engine=self.engine
        )
        self.explorer.parameters.value = settings["parameters"]
        self.explorer.trust.observe(lambda _: self._checked(), "checks")
        self.children = [self.grid, self.explorer]

    def _picture(self, name: str, explorer: Explorer | None) -> str | np.ndarray:
        """An explorer's name for a picture of the study, or its pixels if it has none."""
        upload = self._uploads.get(name, "")
        if explorer is not None and upload in explorer.pictures.uploads:
            return upload
        image = self.study.pictures[name].image
        zoo = [record["name"] for record in listings.pictures()]
        if name in zoo and np.array_equal(image, listings.pixels(name)):
            return name
        return image if image.dtype == np.uint8 else seen_picture(self.study, name, image.shape)

    def _remember(self, name: str) -> None:
        assert self.explorer is not None
        if self.explorer.pictures.value in self.explorer.pictures.uploads:
            self._uploads[name] = self.explorer.pictures.value

    def _checked(self) -> None:
        """Mark the opened cell once all checks of the explorer's trust strip have arrived."""
        assert self.explorer is not None
        checks = self.explorer.trust.checks
        under_way = any(check["name"] == UNDER_WAY["name"] for check in checks)
        with self._lock:
            if checks and not under_way and self._opened and self._shows(self._cells[self._opened]):
                self.grid.mark(*self._opened, checks)

    def _shows(self, cell: Cell) -> bool:
        """Whether the explorer still shows a cell's map; a visitor may have chosen another."""
        explorer, run = self.explorer, cell.run
        if explorer is None or (request := explorer._asked) is None:
            return False
        settings = self.study.methods[run.method]
        current = (request.network, request.method, request.neuron)
        pictures = (run.picture, self._uploads.get(run.picture))
        return (
            current == (self._names[run.network], settings["method"], cell.neuron)
            and explorer.pictures.value in pictures
            and settings["parameters"].items()
            <= {**request.parameters, "seed": request.seed}.items()
        )
