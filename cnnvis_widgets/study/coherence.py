"""Agreement between methods: a matrix of rank correlations, clustered.

Two methods are compared on the cells (network, picture, neuron) on which both have a map, by
Spearman's rank correlation of the two maps, which compares the order of the pixels and not their
values. Methods are known to disagree (Krishna et al., The Disagreement Problem in Explainable
Machine Learning, TMLR 2024); agreement does not prove that they are right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.study.intervals import DRAWS

if TYPE_CHECKING:
    from cnnvis_widgets.study.scoring import Runs

Progress = Callable[[int, int], None]
ORDER = "average linkage on 1 − r, optimal leaf order"
CELL = ("network", "picture", "neuron")


class Coherence(NamedTuple):
    """Agreement between methods; rows and columns of all matrices are in the order of `methods`.

    Attributes:
        methods: the study's names in the order of the clusters; see `ORDER`.
        means: float64 (n, n), the mean rank correlation, -1 to 1; NaN without a common cell.
        low: the lower end of its interval, a percentile bootstrap over pictures; NaN for only one
            picture.
        high: the upper end.
        cells: int (n, n), the number of cells.
        pictures: int (n, n), the number of pictures.
        linkage: float64 (n - 1, 4), the clusters in the format of `scipy.cluster.hierarchy`.
        level: of confidence.
    """

    methods: tuple[str, ...]
    means: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cells: np.ndarray
    pictures: np.ndarray
    linkage: np.ndarray
    level: float


def coherence(
    study: Runs,
    networks: Collection[str] | None = None,
    neurons: Collection[str] | None = None,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Coherence:
    """The mean rank correlation of each pair of methods over a study's completed runs.

    The correlation of a constant map with another constant map is left out; with any other map it
    is 0.

    Args:
        study: the study; no network is loaded.
        networks: names of networks; None for all.
        neurons: names of neurons; None for all. Methods with maps of output neurons only (LIME)
            are compared on these only.
        level: of confidence.
        progress: called with (done, total) of the cells.

    Raises:
        UnknownNameError: no such network or neuron in the study.
        InvalidValueError: fewer than two methods have maps.

    Examples:
        >>> matrix = coherence(study)
        >>> matrix.methods, matrix.means.shape
        (('saliency', 'grad_cam'), (2, 2))
        >>> bool(matrix.means[0, 1] == matrix.means[1, 0])
        True
    """
    groups = _cells(study, networks, neurons)
    present = {line["method"] for lines in groups.values() for line in lines}
    methods = [method for method in study.methods if method in present]
    if len(methods) < 2:
        raise InvalidValueError(
            f"Coherence is of two methods or more; maps are there of {', '.join(methods) or 'none'}"
        )
    pictures = list(dict.fromkeys(cell[1] for cell in groups))
    sums = np.zeros((len(pictures), 2, len(methods), len(methods)))  # of r, and how many
    for number, (cell, lines) in enumerate(groups.items()):
        if progress:
            progress(number, len(groups))
        index = pictures.index(cell[1])
        for i, j, value in _correlations(study, lines, methods):
            sums[index, :, i, j] += value, 1
            if i != j:
                sums[index, :, j, i] += value, 1
    if progress:
        progress(len(groups), len(groups))
    return _clustered(methods, sums, level, study.seed)


def _cells(
    study: Runs, networks: Collection[str] | None, neurons: Collection[str] | None
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """The lines with a map, by network, picture and neuron."""
    lines = [line for line in study.runs() if "file" in line]
    for column, selected in (("network", networks), ("neuron", neurons)):
        if selected is not None:
            names = dict.fromkeys(line[column] for line in lines)
            for name in selected:
                if name not in names:
                    raise UnknownNameError.of(column, name, names)
            lines = [line for line in lines if line[column] in selected]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(tuple(line[name] for name in CELL), []).append(line)
    return groups


def _correlations(
    study: Runs, lines: list[dict[str, Any]], methods: list[str]
) -> Iterator[tuple[int, int, float]]:
    """For each pair of a cell's maps, including equal ones: the methods' indices and r."""
    from scipy.stats import rankdata

    ranked: list[tuple[int, np.ndarray | None]] = []
    for line in lines:
        heatmap = study.heatmap(line)
        assert heatmap is not None
        ranks = rankdata(heatmap)
        ranks -= ranks.mean()
        length = float(np.sqrt((ranks**2).sum()))
        ranked.append((methods.index(line["method"]), ranks / length if length else None))
    for number, (i, first) in enumerate(ranked):
        for j, second in ranked[number:]:
            if first is not None and second is not None:
                yield i, j, float(np.clip(first @ second, -1, 1))
            elif first is not None or second is not None:
                yield i, j, 0.0


def _clustered(methods: list[str], sums: np.ndarray, level: float, seed: int) -> Coherence:
    """The result from sums for each picture, (pictures, 2, n, n), with clustered methods."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    count, size = len(sums), len(methods)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    with np.errstate(invalid="ignore"):  # 0/0: no cell in common
        total = sums.sum(axis=0)
        means = total[0] / total[1]
        samples = np.tensordot(weights, sums, axes=1)
        samples = samples[:, 0] / samples[:, 1]
    picture_counts = (sums[:, 1] > 0).sum(axis=0)
    ends = np.full((2, size, size), np.nan)
    for i, j in np.argwhere(picture_counts > 1):
        values = samples[:, i, j]
        values = values[~np.isnan(values)]  # leave out draws without a common cell
        ends[:, i, j] = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    distances = 1 - np.nan_to_num(means)  # without a common cell: as for r = 0
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    order = leaves_list(tree)
    positions = np.argsort(order)
    tree[:, :2] = np.where(
        tree[:, :2] < size, positions[tree[:, :2].astype(int) % size], tree[:, :2]
    )
    reordered = np.ix_(order, order)
    return Coherence(
        tuple(methods[n] for n in order),
        means[reordered],
        ends[0][reordered],
        ends[1][reordered],
        total[1].astype(int)[reordered],
        picture_counts[reordered],
        tree,
        level,
    )


def markdown(matrix: Coherence) -> str:
    """The matrix in Markdown, each mean with its interval."""
    head = f"| | {' | '.join(name.replace('|', chr(92) + '|') for name in matrix.methods)} |"
    text = [head, f"| - |{' -: |' * len(matrix.methods)}"]
    for i, name in enumerate(matrix.methods):
        cells = [in_words(matrix, i, j) for j in range(len(matrix.methods))]
        text.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*text, ""])


def in_words(matrix: Coherence, i: int, j: int) -> str:
    """A cell in words: the mean and its interval (none on the diagonal)."""
    if np.isnan(matrix.means[i, j]):
        return "–"
    mean = f"{matrix.means[i, j]:.2f}"
    if i == j or np.isnan(matrix.low[i, j]):
        return mean
    return f"{mean} [{matrix.low[i, j]:.2f}, {matrix.high[i, j]:.2f}]"


def comma_separated(matrix: Coherence) -> str:
    """The matrix as CSV, a line for each pair of methods."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["method", "other", "mean", "low", "high", "cells", "pictures"])
    for i, j in np.argwhere(np.triu(np.ones_like(matrix.means), 1)):
        numbers = [values[i, j] for values in (matrix.means, matrix.low, matrix.high)]
        cells = ["" if np.isnan(number) else f"{number:.4f}" for number in numbers]
        pair = matrix.methods[i], matrix.methods[j]
        writer.writerow([*pair, *cells, matrix.cells[i, j], matrix.pictures[i, j]])
    return stream.getvalue()


def meaning(matrix: Coherence) -> str:
    """A description of the matrix in two sentences."""
    pairs = matrix.cells[np.triu_indices(len(matrix.methods), 1)]
    counts = f"{pairs.min()}" if pairs.min() == pairs.max() else f"{pairs.min()} to {pairs.max()}"
    pictures = int(matrix.pictures.max())
    return (
        f"Spearman's rank correlation of two methods' maps of one network, picture and neuron, the "
        f"mean of {counts} cells on {pictures} pictures; intervals ({matrix.level:.0%}) are "
        f"bootstraps over pictures. Order: {ORDER}."
    )
