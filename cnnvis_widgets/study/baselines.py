"""Baselines: maps independent of the network, scored as methods are.

A useful method must beat them. They have the interface of methods (`contract.Explain`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.engine.similarity import edges
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.study.contract import Maps

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron

SPREAD = 4  # the centre's Gaussian falls off with a quarter of the picture's side


def centre(pixels: np.ndarray, seed: int) -> np.ndarray:
    """A Gaussian in the centre of the picture."""
    lines = [np.arange(n) - (n - 1) / 2 for n in pixels.shape[:2]]
    falls = [np.exp(-0.5 * (x * SPREAD / len(x)) ** 2) for x in lines]
    return np.outer(*falls)


def noise(pixels: np.ndarray, seed: int) -> np.ndarray:
    """Uniform noise of 0…1 that depends on the seed and the picture."""
    content = zlib.crc32(np.ascontiguousarray(pixels).tobytes())
    return np.random.default_rng([seed, content]).random(pixels.shape[:2])


BASELINES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "centre": centre,
    "noise": noise,
    "edges": lambda pixels, seed: edges(pixels),
}


class Baseline(NamedTuple):
    """A baseline with the interface of a method."""

    name: str

    def __call__(
        self,
        network: Network | None,
        image: np.ndarray,
        neuron: Neuron | None,
        seed: int,
        layer: str | None = None,
    ) -> Maps:
        """The map of a picture; the network only determines the crop."""
        pixels = image
        if network is not None:
            prepared = network.prepare(image)
            pixels = prepared.input if prepared.picture is None else prepared.picture
        heatmap = BASELINES[self.name](pixels, seed).astype(np.float32)
        return Maps(heatmap, heatmap[..., None])


def baseline(name: str) -> Baseline:
    """A baseline by name.

    Raises:
        UnknownNameError: no such baseline.
    """
    if name not in BASELINES:
        raise UnknownNameError.of("baseline", name, BASELINES)
    return Baseline(name)
