"""Maps that know nothing of the network, to be scored beside the methods.

A method that does not beat them has shown nothing. They answer as methods do (`contract.Explain`),
whatever network or neuron is asked about.
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
    """A Gaussian in the middle: "always point at the centre"."""
    lines = [np.arange(n) - (n - 1) / 2 for n in pixels.shape[:2]]
    falls = [np.exp(-0.5 * (x * SPREAD / len(x)) ** 2) for x in lines]
    return np.outer(*falls)


def noise(pixels: np.ndarray, seed: int) -> np.ndarray:
    """Uniform noise of 0…1, drawn from the seed and the picture: what chance gets."""
    content = zlib.crc32(np.ascontiguousarray(pixels).tobytes())
    return np.random.default_rng([seed, content]).random(pixels.shape[:2])


BASELINES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "centre": centre,
    "noise": noise,
    "edges": lambda pixels, seed: edges(pixels),
}


class Baseline(NamedTuple):
    """A baseline that is asked as a method is."""

    name: str

    def __call__(
        self,
        network: Network | None,
        image: np.ndarray,
        neuron: Neuron | None,
        seed: int,
        layer: str | None = None,
    ) -> Maps:
        """The map of a picture; the network only says how it is cropped."""
        pixels = image
        if network is not None:
            prepared = network.prepare(image)
            pixels = prepared.input if prepared.picture is None else prepared.picture
        heatmap = BASELINES[self.name](pixels, seed).astype(np.float32)
        return Maps(heatmap, heatmap[..., None])


def baseline(name: str) -> Baseline:
    """The baseline of that name.

    Raises:
        UnknownNameError: none such.
    """
    if name not in BASELINES:
        raise UnknownNameError.of("baseline", name, BASELINES)
    return Baseline(name)
