"""The network's response while pixels are deleted or inserted in a given order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.methods.batches import FORWARD, batches

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron


class Curve(NamedTuple):
    """The response as a function of the share of changed pixels.

    Attributes:
        shares: of the pixels that are changed, 0 to 1.
        values: the responses.
        of: what the values are, "probability" or "activation".
    """

    shares: list[float]
    values: list[float]
    of: str


def falling(heatmap: np.ndarray, seed: int) -> np.ndarray:
    """Flat indices in descending order of value; the seed shuffles equal values.

    Unshuffled, the zeros of a map would be deleted from the upper edge down.
    """
    by_chance = np.random.default_rng(seed).permutation(heatmap.size)
    return by_chance[np.argsort(-heatmap.ravel()[by_chance], kind="stable")]


def area(values: list[float]) -> float:
    """The area under equally spaced values from 0 to 1, by the trapezoidal rule."""
    inner = sum(values[1:-1]) + (values[0] + values[-1]) / 2
    return inner / (len(values) - 1)


def answers(
    network: Network,
    neuron: Neuron,
    start: np.ndarray,
    end: np.ndarray,
    order: np.ndarray,
    *,
    steps: int,
    untouched: np.ndarray,
    likely: bool,
    progress: Callable[[int, int], None],
) -> Curve | None:
    """The network's response after 0, 1, … steps from one input to another.

    Args:
        network: the network.
        neuron: the neuron whose response is measured.
        start: float32 (rows, columns, channels).
        end: the same shape.
        order: flat indices of the pixels in the order of their change.
        steps: an equal number of pixels changes in each.
        untouched: the input whose activation counts as 1, the same shape.
        likely: use the class' probability if the neuron is one class of a softmax or sigmoid;
            otherwise the activation as a share of that on `untouched`.
        progress: called with (done, total).

    Returns:
        None if the activation on `untouched` is not above zero, so that shares are undefined.
    """
    counts = np.linspace(0, order.size, steps + 1).round().astype(int)
    start_pixels, end_pixels = (x.reshape(-1, x.shape[-1]) for x in (start, end))
    likely = likely and network.is_output(neuron) and neuron.single
    likely = likely and network.structure.output_kind in ("softmax", "log-softmax", "sigmoid")
    values: list[float] = []
    for batch in batches(len(counts), start.shape, FORWARD):
        inputs = np.repeat(start_pixels[None], len(batch), 0)
        for picture, step in zip(inputs, batch, strict=True):
            picture[order[: counts[step]]] = end_pixels[order[: counts[step]]]
        values += _responses(network, neuron, inputs.reshape(-1, *start.shape), likely)
        progress(batch.stop, len(counts))
    if not likely:
        untouched_value = _responses(network, neuron, untouched[None], likely)[0]
        if untouched_value <= 0:
            return None
        values = [value / untouched_value for value in values]
    shares = [float(count) / order.size for count in counts]
    return Curve(shares, values, "probability" if likely else "activation")


def _responses(network: Network, neuron: Neuron, inputs: np.ndarray, likely: bool) -> list[float]:
    if not likely:
        return [float(v) for v in network.values(inputs, neuron)]
    scores = network.outputs(inputs)[1].reshape(len(inputs), -1, network.units)
    return [float(v) for v in scores[..., neuron.unit].mean(1)]
