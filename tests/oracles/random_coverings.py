"""What the methods that cover parts of a picture must answer, by covering them on the twin."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
from oracles.random_case import LEVELS, Case

from cnnvis_widgets.methods import rise, sampling, sobol


def _colour(case: Case, x: np.ndarray) -> np.ndarray:
    named = case.option("colour")
    if named == "mean":
        return np.broadcast_to(x.mean((0, 1)), x.shape)
    return case.plain(LEVELS[named])


def occlusion(case: Case) -> str:
    rows, columns = case.x.shape[:2]
    side = case.option("patch") or max(1, round(min(rows, columns) / 7))
    stride = case.option("stride") or max(1, side // 2)
    high, wide = min(side, rows), min(side, columns)

    places = np.zeros((0, rows, columns), bool)
    for r, c in product(
        sorted({*range(0, rows - high + 1, stride), rows - high}),
        sorted({*range(0, columns - wide + 1, stride), columns - wide}),
    ):
        inside = np.zeros((1, rows, columns), bool)
        inside[0, r : r + high, c : c + wide] = True
        places = np.concatenate([places, inside])

    def wanted(x: np.ndarray) -> np.ndarray:
        covered = np.where(places[..., None], _colour(case, x), x)
        whole, *values = case.neuron.values(np.concatenate([x[None], covered]))
        drops = np.einsum("n,nij->ij", whole - np.array(values), places)
        return (drops / places.sum(0))[..., None]

    return case.verdict(wanted)


def rise_map(case: Case) -> str:
    rng, many = np.random.default_rng(case.answer.seed), case.option("samples")
    options = {name: case.option(name) for name in ("grid", "share")}
    masks = np.stack([rise.mask(case.x.shape[:2], options, rng) for _ in range(many)])
    masks = masks.astype(np.float64)

    def wanted(x: np.ndarray) -> np.ndarray:
        hidden = _colour(case, x)
        values = case.neuron.values(hidden + masks[..., None] * (x - hidden))
        shown = masks.sum(0)
        mean = np.einsum("n,nij->ij", values, masks) / np.where(shown > 0, shown, 1)
        return np.where(shown > 0, mean - values.mean(), 0)[..., None]

    return case.verdict(wanted)


def _cells(case: Case, grid: int) -> np.ndarray:
    rows, columns = case.x.shape[:2]
    down, across = min(grid, rows), min(grid, columns)
    return np.array([[(r * down // rows) * across + c * across // columns
                      for c in range(columns)] for r in range(rows)])  # fmt: skip


def _differing(x: np.ndarray, hidden: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    same = [np.all((x == hidden)[pieces == n]) for n in range(pieces.max() + 1)]
    return np.flatnonzero(~np.array(same))


def sobol_map(case: Case) -> str:
    cells, designs = _cells(case, case.option("grid")), case.option("designs")
    shape = case.map.shape

    def wanted(x: np.ndarray) -> np.ndarray:
        hidden, result = _colour(case, x), np.zeros(cells.max() + 1)
        players = _differing(case.x.astype(np.float32), hidden.astype(np.float32), cells)
        pairs = sobol.masks(designs, len(players), case.answer.seed).astype(np.float64)

        def values(shares: np.ndarray) -> np.ndarray:
            full = np.zeros((len(shares), len(result)))
            full[:, players] = shares
            return case.neuron.values(hidden + full[:, cells][..., None] * (x - hidden))

        base = values(pairs.reshape(2 * designs, -1)).reshape(designs, 2)
        for n, player in enumerate(players):
            mixed = pairs[:, 0].copy()
            mixed[:, n] = pairs[:, 1, n]
            mixed = values(mixed)
            result[player] = ((base[:, 0] - mixed) ** 2).mean() / 2 / max(base.var(), 1e-300)
        if not len(players) or base.std() <= 1e-5 * np.abs(base).max():
            result[:] = 0
        return result.reshape(shape)

    return case.verdict(wanted)


def hsic_map(case: Case) -> str:
    cells, many = _cells(case, case.option("grid")), case.option("samples")
    drawn = np.random.default_rng(case.answer.seed).random((many, cells.max() + 1)) < 0.5

    def wanted(x: np.ndarray) -> np.ndarray:
        hidden = _colour(case, x)
        players = _differing(case.x.astype(np.float32), hidden.astype(np.float32), cells)
        values = case.neuron.values(hidden + drawn[:, cells][..., None] * (x - hidden))
        apart = np.abs(values[:, None] - values)
        result = np.zeros(cells.max() + 1)
        if len(players) and apart.max() > 1e-5 * np.abs(values).max():
            width = np.median(apart[apart > 0])
            kernel, centre = np.exp(-(apart**2) / (2 * width**2)), np.eye(many) - 1 / many
            for n in players:
                alike = drawn[:, n][:, None] == drawn[:, n]
                result[n] = np.trace(alike @ centre @ kernel @ centre) / many**2
        return result.reshape(case.map.shape)

    return case.verdict(wanted)


def _hidden(case: Case, x: np.ndarray, segments: np.ndarray) -> np.ndarray:
    named = case.option("colour")
    if named != "mean":
        return case.plain(LEVELS[named])
    hidden = np.empty_like(x)
    for n in range(segments.max() + 1):
        hidden[segments == n] = x[segments == n].mean(0)
    return hidden


def kernel_shap(case: Case) -> str:
    segments = case.answer.details["segments"]
    hidden = _hidden(case, case.x, segments)
    players = _differing(case.x.astype(np.float32), hidden.astype(np.float32), segments)
    many = len(players)
    if not case.answer.details["exact"] or many > 7:
        return "properties"

    def wanted(x: np.ndarray) -> np.ndarray:
        every = list(product((False, True), repeat=many))
        always = _others(segments, players)
        kept = [np.isin(segments, [*players[list(shown)], *always]) for shown in every]
        covered = np.where(np.stack(kept)[..., None], x, _hidden(case, x, segments))
        worth = dict(zip(every, case.neuron.values(covered), strict=True))
        result = np.zeros(segments.max() + 1)
        for n, player in enumerate(players):
            for shown in worth:
                if not shown[n]:
                    gain = worth[(*shown[:n], True, *shown[n + 1 :])] - worth[shown]
                    result[player] += gain / many / comb(many - 1, sum(shown))
        return result[segments][..., None]

    return case.verdict(wanted)


def _others(segments: np.ndarray, players: np.ndarray) -> list[int]:
    return [n for n in range(segments.max() + 1) if n not in players]


def lime(case: Case) -> str:
    neuron = case.neuron
    if (
        neuron.layer is not None
        or len(neuron.weights) > 1
        or len(neuron.twin.model.output[0].shape) != 2
    ):
        return "properties"
    segments = case.answer.details["segments"]
    pieces = segments.max() + 1
    kept = sampling.draw(case.option("samples"), pieces, case.answer.seed, case.option("draw"))
    hidden = _hidden(case, case.x, segments)
    players = _differing(case.x.astype(np.float32), hidden.astype(np.float32), segments)
    if len(kept) != case.answer.details["samples"]:
        return "properties"

    def wanted(x: np.ndarray) -> np.ndarray:
        hidden = _hidden(case, x, segments)
        shown = kept[:, segments][..., None] == 1
        scored = neuron if case.score == "logits" else neuron.of_outputs()
        scores = scored.values(np.where(shown, x, hidden))
        scores = np.exp(scores) if case.score == "exp" else scores
        if np.ptp(scores) <= 1e-6 * np.abs(scores).max():
            return np.zeros(case.map.shape)
        counts = np.exp(-((1 - np.sqrt(kept.mean(1))) ** 2) / 0.25**2 / 2)
        left = kept - np.average(kept, axis=0, weights=counts)
        right = scores - np.average(scores, weights=counts)
        both = (left.T * counts) @ left + np.eye(pieces)
        weights = np.linalg.solve(both, (left.T * counts) @ right)
        weights[_others(segments, players)] = 0
        return weights[segments][..., None]

    return case.verdict(wanted)
