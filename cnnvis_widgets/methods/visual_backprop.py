"""VisualBackProp: the product of mean activations of all levels (thesis 3.11)."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.records import Chain, ChannelMeans, Window
from cnnvis_widgets.methods.contract import Answer, Method, Question

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class VisualBackProp(Method):
    """The channel-means after the ReLUs, multiplied from the top down.

    The deepest map is enlarged to the size of the one before it, multiplied by it, and so on down
    to the pixels. A map is enlarged by a transposed convolution of ones, with the kernel, stride
    and padding of the layers in between (their kernel at least as wide as their stride).

    It was made for cameras, so it says how fast it was: `details["frames_per_second"]`, of the pass
    and the chain, without compiling and cropping.

    In a network that branches (residual blocks, Inception) there is no one layer in between. There
    the chain has one map for each resolution, the last that comes out of a ReLU (or of several,
    side by side); the stride is the ratio of the sizes, and the kernel twice the stride.
    """

    name = "visual_backprop"
    title = "VisualBackProp"
    summary = "the places that stay active from the pixels up to the last convolution"
    paper = (
        "Bojarski, Choromanska, Choromanski, Firner, Jackel, Muller & Zieba, VisualBackProp: "
        "efficient visualization of CNNs, 2016, arXiv:1611.05418"
    )
    section = "3.11"
    order = 80
    acts_on = "the last convolutional layer"
    neurons = "the last convolutional layer"
    gradient_based = False
    resolution = "high"
    networks = "those with ReLUs"
    weaknesses = (
        "Says nothing about any one neuron or class: what is active everywhere is shown, whether "
        "or not the answer rests on it. Borders come out darker, and strides may leave a grid."
    )
    unit = "product of mean activations"
    quick = True

    def answer(self, question: Question) -> Answer:
        """One forward pass, and arithmetic on a few small maps."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The same pass, of all pictures together."""
        from cnnvis_widgets.backend.channel_means import channel_means_of_each

        network, neurons = questions[0].network, [question.neuron for question in questions]
        batch = np.stack([question.input for question in questions])
        return [_answer(network, means) for means in channel_means_of_each(network, batch, neurons)]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]

    def unsuited(self, network: Network) -> str:
        """Empty where a ReLU's result has rows and columns."""
        from cnnvis_widgets.backend.channel_means import has_relu_maps

        if has_relu_maps(network):
            return ""
        return (
            f"VisualBackProp needs ReLUs whose results have rows and columns; {network.name} has "
            "none. occlusion works on any network, grad_cam on any with rows and columns."
        )


class Link(NamedTuple):
    """One step of the chain, at one layer or (last) at the pixels.

    Attributes:
        layer: whose map is the mean; "" where no layer gives it, and at the pixels.
        mean: float64 (rows, columns), the mean over the channels; None at the pixels.
        enlarged: the product of the link before at this size; None at the deepest.
        product: mean times enlarged, or the one that exists.
    """

    layer: str
    mean: np.ndarray | None
    enlarged: np.ndarray | None
    product: np.ndarray


def links(network: Network, image: np.ndarray) -> list[Link]:
    """VisualBackProp's chain step by step, from the deepest map down to the pixels.

    Args:
        network: with ReLUs whose results have rows and columns.
        image: a picture or an input, see `Network.prepare`.

    Raises:
        UnsuitableError: the network has no such ReLUs.
    """
    from cnnvis_widgets.backend.channel_means import channel_means

    means = channel_means(network, network.prepare(image).input, None)
    chain, enlarged = [], None
    for name, map_, windows in zip(means.chain.layers, means.maps, means.chain.steps, strict=True):
        mean = map_.astype(np.float64)
        product = mean if enlarged is None else mean * enlarged
        chain.append(Link(name, mean, enlarged, product))
        enlarged = product
        for window in windows:
            enlarged = spread(enlarged, window)
    assert enlarged is not None
    return [*chain, Link("", None, enlarged, enlarged)]


def multiply(
    maps: Sequence[np.ndarray], steps: Sequence[Sequence[Window]]
) -> tuple[np.ndarray, int]:
    """The chain from the deepest map down to the pixels.

    Args:
        maps: (rows, columns) each, the deepest first, nowhere negative.
        steps: for each map the windows that lead to the next one, and from the last to the pixels.

    Returns:
        float64 (rows, columns) of at most 1, and the power of two that it is to be multiplied by.
    """
    product, exponent = np.ones(maps[0].shape), 0
    for map_, windows in zip(maps, steps, strict=True):
        product = product * map_
        # Scaling by powers of two is exact, and prevents overflow.
        power = math.frexp(product.max())[1]
        product, exponent = np.ldexp(product, -power), exponent + power
        for window in windows:
            product = spread(product, window)
    power = math.frexp(product.max())[1]
    return np.ldexp(product, -power), exponent + power


def spread(values: np.ndarray, window: Window) -> np.ndarray:
    """A transposed convolution with ones: each value is added to all positions of its window.

    Args:
        values: (rows, columns) of the layer's result.
        window: the layer's window over its input.

    Returns:
        (rows, columns) of the layer's input; 0 outside all windows.
    """
    for axis in zip(*window, strict=True):
        values = _upsample_rows(values, *axis).T
    return values


def _upsample_rows(
    values: np.ndarray, kernel: int, stride: int, dilation: int, offset: int, size: int
) -> np.ndarray:
    reach = (len(values) - 1) * stride + 1
    padded = np.zeros((reach + (kernel - 1) * dilation, values.shape[1]))
    for tap in range(kernel):
        start = tap * dilation
        padded[start : start + reach : stride] += values
    cropped = padded[offset : offset + size]
    missing = size - len(cropped)
    return np.pad(cropped, ((0, missing), (0, 0))) if missing else cropped


def _answer(network: Network, means: ChannelMeans) -> Answer:
    """The product of the chain, with notes."""
    from cnnvis_widgets.backend.channel_means import maps_left_out

    start = time.perf_counter()
    product, exponent = multiply(means.maps, means.chain.steps)
    seconds = means.seconds + time.perf_counter() - start
    notes = [
        "About the last convolutional layer as a whole: any neuron gives this map. grad_cam "
        "shows one neuron.",
        _links(means.maps, means.chain),
    ]
    # The product of VGG-16's thirteen maps can exceed float32's range, 2^128.
    if product.any() and not -100 < exponent < 120:
        notes.append(
            f"The product is too {'large' if exponent > 0 else 'small'} for float32: all "
            f"values are in units of 2^{exponent}."
        )
        exponent = 0
    layers = [name for name in means.chain.layers if name]
    return Answer(
        means.unit,
        means.value,
        Coverage({"ReLUs with rows and columns": "mean over the channels"}, maps_left_out(network)),
        np.ldexp(product, exponent).astype(np.float32)[..., None],
        layer=layers[0] if layers else None,
        notes=tuple(notes),
        details={
            "layers": means.chain.layers,
            "branched": means.chain.branched,
            "seconds": seconds,
            "frames_per_second": 1 / seconds,
        },
    )


def _links(maps: Sequence[np.ndarray], chain: Chain) -> str:
    sizes = ", ".join(f"{rows} × {columns}" for rows, columns in (m.shape for m in maps))
    if chain.branched:
        return f"The network branches, so the chain has one map for each resolution: {sizes}."
    return f"The chain has the maps after all {len(maps)} ReLUs with rows and columns: {sizes}."
