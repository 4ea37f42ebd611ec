"""Disconnected grid: the share of the map on what the neuron depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Metric, Score

if TYPE_CHECKING:
    from cnnvis_widgets.backend.variants.disconnected_grid import Grid


class DisconnectedGrid(Metric):
    """Σ of the map in the neuron's own cell / Σ of the map, in a grid of pictures (DiFull).

    Each cell goes through the network separately and has its own head, so that other cells have no
    influence. A method that follows derivatives down to the picture must score exactly 1, which
    tests its code. A method that weights maps by mean derivatives, such as Grad-CAM, may score
    less, which is a property of the method.
    """

    name = "disconnected_grid"
    title = "Disconnected grid (DiFull)"
    summary = "whether the map stays out of what the neuron cannot see"
    paper = (
        "Rao, Böhle & Schiele, Towards Better Understanding Attribution Methods, CVPR 2022, "
        "arXiv:2205.10435"
    )
    order = 100
    needs = ("network", "method", "companions")
    better = "higher"
    perfect = "1, exactly"
    chance = "1/4 with 2 × 2 cells: one cell's share of the picture"
    sensitive = (
        "Where the method looks: methods of maps are given the layer in which the cells' maps lie "
        "side by side (the network's last), methods of the picture the picture."
    )
    parameters = (
        Parameter(
            "side",
            "Cells along a side",
            "integer",
            2,
            "2 gives four pictures; the paper has 3",
            2,
            5,
            unit="cells",
        ),
    )

    def score(self, case: Case) -> Score:
        """Score a grid with the case's picture in a random cell and companions in the others."""
        assert case.neuron is not None
        assert case.explain is not None
        assert case.image is not None
        assert case.network is not None
        side = case.parameters["side"]
        if not case.neuron.single:
            return Score(None, "it is about single classes; this is a weighted sum of units")
        if case.neuron.layer is not None:
            return Score(None, "the heads of the grid have output neurons only")
        if len(case.companions) < side * side - 1:
            return Score(None, f"a grid of {side} × {side} needs {side * side - 1} companions")
        grid = self._grid(case, side)
        pictures = [c.picture for c in case.companions[: side * side - 1]]
        cell_index = int(np.random.default_rng(case.seed).integers(side * side))
        pictures.insert(cell_index, case.image)
        shape = case.network.input_shape
        cells = [case.network.prepare(picture).input for picture in pictures]
        canvas = _side_by_side(cells, side)
        neuron = grid.neuron(cell_index, case.neuron.unit)
        explanation = case.explain(grid.network, canvas, neuron, case.seed, layer=grid.maps)
        heatmap = self.read(explanation.heatmap)
        total = heatmap.sum()
        if total == 0:
            return Score(None, "the map of the grid is zero everywhere")
        row, column = divmod(cell_index, side)
        inside = heatmap[
            row * shape[0] : (row + 1) * shape[0], column * shape[1] : (column + 1) * shape[1]
        ]
        return Score(float(inside.sum() / total), details={"cell": cell_index})

    def _grid(self, case: Case, side: int) -> Grid:
        from cnnvis_widgets.backend.variants.disconnected_grid import disconnected

        assert case.network is not None
        if (self.name, side) not in case.cache:
            case.cache[self.name, side] = disconnected(case.network, side)
        return case.cache[self.name, side]


def _side_by_side(cells: list[np.ndarray], side: int) -> np.ndarray:
    lines = [np.concatenate(cells[k * side : (k + 1) * side], axis=1) for k in range(side)]
    return np.concatenate(lines, axis=0)
