"""Whether the contestants did the same work: their maps beside ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def reduced(attribution: np.ndarray) -> np.ndarray:
    """The largest absolute value over the channels: (1, rows, columns[, channels]) → (r, c)."""
    values = attribution[0]
    return np.abs(values).max(-1) if values.ndim == 3 else np.abs(values)


def at_size(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Enlarged or reduced bilinearly, half-pixel centres."""
    if values.shape == (rows, columns):
        return values

    def places(wanted: int, have: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        at = np.clip((np.arange(wanted) + 0.5) * have / wanted - 0.5, 0, have - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, have - 1), at - low

    r0, r1, r = places(rows, values.shape[0])
    c0, c1, c = places(columns, values.shape[1])
    across = values[:, c0] * (1 - c) + values[:, c1] * c
    return across[r0] * (1 - r)[:, None] + across[r1] * r[:, None]


def correlation(theirs: np.ndarray, ours: np.ndarray) -> float | None:
    """Pearson's, of two attributions' maps at the larger one's size; None if one is constant."""
    one, other = reduced(theirs), reduced(ours)
    size = max(one.shape, other.shape)
    one, other = (at_size(x, *size).ravel().astype(np.float64) for x in (one, other))
    if not one.std() or not other.std():
        return None
    return float(np.corrcoef(one, other)[0, 1])


def compare(folder: Path, stem: str, ours: str, methods: list[str]) -> dict[str, float | None]:
    """A contestant's correlation with ours for each of its methods."""
    return {
        name: correlation(
            np.load(folder / f"{stem}-{name}.npy"), np.load(folder / f"{ours}-{name}.npy")
        )
        for name in methods
    }


def plain_gradients(folder: Path, stem: str, methods: list[str]) -> list[str]:
    """Methods that gave the plain gradient under another name."""
    if "saliency" not in methods:
        return []
    plain = reduced(np.load(folder / f"{stem}-saliency.npy"))
    alike = []
    for name in set(methods) & {"deconvnet", "guided_backprop"}:
        given = reduced(np.load(folder / f"{stem}-{name}.npy"))
        if given.shape == plain.shape and np.allclose(given, plain, rtol=1e-4, atol=1e-9):
            alike.append(name)
    return sorted(alike)
