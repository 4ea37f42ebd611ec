"""Focus: the share of the map on the pictures of the class in a mosaic of four."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cnnvis_widgets.study.contract import Case, Companion, Metric, Score


class Focus(Metric):
    """Σ of the map on the two pictures of the class / Σ of the map, in a mosaic of 2 × 2.

    The mosaic has the size of the network's input, so each picture is reduced to half its size.
    """

    name = "focus"
    title = "Focus"
    summary = "which share of the map is on the pictures of the class in a mosaic of four"
    paper = (
        "Arias-Duart, Parés, Garcia-Gasulla & Giménez-Ábalos, Focus! Rating XAI Methods and "
        "Finding Biases, FUZZ-IEEE 2022, arXiv:2109.15035"
    )
    order = 90
    needs = ("network", "method", "companions")
    better = "higher"
    perfect = "1: nothing is on the pictures of other classes"
    chance = "½: two of the four pictures are of the class"
    sensitive = (
        "Whether the network still knows the objects at half their size, and the borders between "
        "the pictures, which are edges that no training picture has. An object of the class may "
        "stand in a picture of another class, e.g. as a distractor."
    )

    def score(self, case: Case) -> Score:
        """Score a mosaic of the case's picture, one more of the class and two others, shuffled."""
        assert case.neuron is not None
        assert case.explain is not None
        assert case.image is not None
        if case.image.dtype != np.uint8:
            return Score(None, "a mosaic is made of pictures; this case has an input of floats")
        if not case.neuron.single:
            return Score(None, "it is about single classes; this is a weighted sum of units")
        if case.neuron.layer is not None:
            return Score(None, "the pictures have output neurons; this one is of a hidden layer")
        target = case.neuron.unit
        same_class = [c for c in case.companions if c.unit == target][:1]
        others = [c for c in case.companions if c.unit != target][:2]
        if len(same_class) < 1 or len(others) < 2:
            return Score(None, "a mosaic needs one more picture of the class and two of others")
        tiles = [Companion(case.image, target), *same_class, *others]
        order = np.random.default_rng(case.seed).permutation(4)
        mosaic, is_class = build([tiles[i] for i in order], target, case.image.shape[:2])
        heatmap = self.read(case.explain(case.network, mosaic, case.neuron, case.seed).heatmap)
        total = heatmap.sum()
        if total == 0:
            return Score(None, "the map of the mosaic is zero everywhere")
        return Score(float(heatmap[is_class].sum() / total), details={"order": order.tolist()})


def build(
    tiles: list[Companion], target: int, size: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """A mosaic of four pictures: upper left, upper right, lower left, lower right.

    Args:
        tiles: four.
        target: the class.
        size: (rows, columns) of the mosaic.

    Returns:
        uint8 (rows, columns, 3), and bool (rows, columns), true on the pictures of the class. With
        an odd number of rows the lower pictures have one more.
    """
    mosaic, is_class = np.zeros((*size, 3), np.uint8), np.zeros(size, np.bool_)
    rows, columns = ((slice(0, length // 2), slice(length // 2, length)) for length in size)
    for tile, (row, column) in zip(tiles, [(r, c) for r in rows for c in columns], strict=True):
        shape = (column.stop - column.start, row.stop - row.start)
        small = Image.fromarray(tile.picture).convert("RGB")
        mosaic[row, column] = np.asarray(small.resize(shape, Image.Resampling.BICUBIC))
        is_class[row, column] = tile.unit == target
    return mosaic, is_class
