"""Other libraries' definitions of methods, computed with our engine.

A definition that differs from ours is implemented here again in NumPy with this package's
derivatives. If the result is the library's map, the definition alone explains the difference.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import INPUT, OPEN, Pass
from cnnvis_widgets.peers.contract import Case
from cnnvis_widgets.peers.forms import bicubic

BATCH = 8
EPSILON = 1e-7  # Keras' epsilon, which tf-keras-vis adds to divisors


class Ours:
    """Our engine on one case.

    Args:
        case: the case.
        input: float32 (rows, columns, channels), the network's input.
    """

    def __init__(self, case: Case, input: np.ndarray) -> None:
        self.network, self.layer, self.settings = case.network, case.layer, case.settings
        self.input, self.neuron = input, Neuron(None, case.unit)

    def slopes(self, inputs: np.ndarray) -> np.ndarray:
        """The derivatives at inputs: float32, the inputs' shape."""
        batches = [
            self.network.backward(inputs[i : i + BATCH], self.neuron, Pass(INPUT)).gradients[0]
            for i in range(0, len(inputs), BATCH)
        ]
        return np.concatenate(batches)

    def values(self, inputs: np.ndarray) -> np.ndarray:
        """The unit's logits on inputs: float32 (inputs,)."""
        batches = [
            self.network.values(inputs[i : i + BATCH], self.neuron)
            for i in range(0, len(inputs), BATCH)
        ]
        return np.concatenate(batches)

    @cached_property
    def maps(self) -> tuple[np.ndarray, np.ndarray, float]:
        """The layer's activations and derivatives, both (rows, columns, units), and the logit."""
        backward = self.network.backward(self.input[None], self.neuron, Pass(self.layer))
        activations = backward.activations[0]
        return activations[0], backward.gradients[0][0], float(backward.value[0])


def trapezoid(ours: Ours) -> np.ndarray:
    """Integrated gradients from a baseline of one number, by the trapezoid rule, ends included."""
    steps, start = ours.settings.steps, ours.settings.black.mean()
    path = ours.input - start
    shares = np.linspace(0, 1, steps, dtype=np.float32)[:, None, None, None]
    slopes = ours.slopes((start + shares * path).astype(np.float32)).astype(np.float64)
    return path * ((slopes[:-1] + slopes[1:]) / 2).mean(0)


def mean_of_maps(ours: Ours) -> np.ndarray:
    """Grad-CAM++ with the mean of a map where the paper has its sum; enlarged bicubically."""
    maps, slope = (x.astype(np.float64) for x in ours.maps[:2])
    below = 2 * slope**2 + slope**3 * maps.mean((0, 1))
    below[below == 0] = 1e-4
    weights = (slope**2 / below * np.maximum(slope, 0)).mean((0, 1))
    return bicubic(np.maximum(maps @ weights, 0), ours.input.shape[:2])


def normalised_alphas(ours: Ours) -> np.ndarray:
    """Grad-CAM++ whose alphas add up to 1 in each map, times the exponential of the value."""
    maps, slope = (x.astype(np.float64) for x in ours.maps[:2])
    below = 2 * slope**2 + slope**3 * maps.sum((0, 1))
    alphas = np.divide(slope**2, below, out=np.zeros_like(slope), where=slope != 0)
    total = alphas.sum((0, 1))
    alphas /= np.where(total == 0, 1, total)
    weights = (np.maximum(slope, 0) * alphas).sum((0, 1)) * np.exp(ours.maps[2])
    return np.maximum(maps @ weights, 0)


def softmax_of_classes(ours: Ours) -> np.ndarray:
    """Score-CAM whose weights are the class' probabilities on the masked pictures."""
    from scipy.ndimage import zoom

    maps = ours.maps[0]
    order = np.argsort(-maps.std((0, 1)), kind="stable")[: ours.settings.channels]
    size = ours.input.shape[:2]
    factors = (size[0] / maps.shape[0], size[1] / maps.shape[1], 1)
    large = zoom(maps[..., order], factors, order=1, mode="nearest")
    low, high = large.min((0, 1)), large.max((0, 1))
    masks = (large - low) / (high - low + EPSILON)
    weights = np.empty(len(order))
    for number in range(0, len(order), BATCH):
        batch = masks[..., number : number + BATCH].transpose(2, 0, 1)[..., None]
        logits = ours.network.outputs((batch * ours.input).astype(np.float32))[0].astype(np.float64)
        raised = np.exp(logits - logits.max(-1, keepdims=True))
        shares = raised[:, ours.neuron.unit] / raised.sum(-1)
        weights[number : number + BATCH] = shares
    return np.maximum(maps[..., order] @ weights, 0)


def sum_of_drops(ours: Ours) -> np.ndarray:
    """Occlusion's drops added up over the patches on a pixel, none reaching over the border."""
    settings, value = ours.settings, float(ours.values(ours.input[None])[0])
    rows, columns = ours.input.shape[:2]
    result = np.zeros((rows, columns))
    for top in range(0, rows - settings.patch + 1, settings.stride):
        for left in range(0, columns - settings.patch + 1, settings.stride):
            covered = ours.input.copy()
            patch = np.s_[top : top + settings.patch, left : left + settings.patch]
            covered[patch] = settings.grey.mean()
            result[patch] += value - float(ours.values(covered[None])[0])
    return result


def open_above(ours: Ours) -> np.ndarray:
    """Guided backpropagation whose clipped ReLUs let back what is above their bound too."""
    return ours.network.backward(ours.input[None], ours.neuron, Pass(INPUT, OPEN)).gradients[0][0]


def same_noise(ours: Ours) -> np.ndarray:
    """SmoothGrad on the noise that NumPy's shared generator gives for the same seed."""
    settings = ours.settings
    shape = (settings.samples, 1, *ours.input.shape)
    sigma = np.full((settings.samples, 1, 1, 1, 1), settings.sigma, np.float32)
    noise = np.random.RandomState(settings.seed).normal(0.0, sigma, shape)[:, 0]
    return ours.slopes(ours.input + noise.astype(np.float32)).mean(0, dtype=np.float64)


def cut_patches(ours: Ours) -> np.ndarray:
    """Occlusion whose last patches are cut at the border; the mean drop over those on a pixel."""
    settings, value = ours.settings, float(ours.values(ours.input[None])[0])
    size = ours.input.shape[:2]
    drops, times = np.zeros((2, *size))
    starts = [
        [n * settings.stride for n in range(-(-(side - settings.patch) // settings.stride) + 1)]
        for side in size
    ]
    for top in starts[0]:
        for left in starts[1]:
            covered = ours.input.copy()
            patch = np.s_[top : top + settings.patch, left : left + settings.patch]
            covered[patch] = settings.grey[patch]
            drops[patch] += value - float(ours.values(covered[None])[0])
            times[patch] += 1
    return np.divide(drops, times, out=np.zeros(size), where=times > 0)
