"""Creates comparisons' cases, and computes our maps."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import compute, pixels_of
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.explanation import Explanation
from cnnvis_widgets.peers.contract import Case, Settings

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

STEPS, SAMPLES, NOISE, MASKS, GRID, SHARE, CHANNELS = 50, 50, 0.15, 500, 7, 0.5, 64
MOVES = (1e-5, 1e-5, 1e-4, 1e-4)  # of the input's range: a fortieth of a grey level at most
_FROM_ZOO = re.compile(r'cnnvis\.load_network\("(\w+)"\)')


def case_of(
    network: Network, image: Any, unit: int | None = None, layer: str = "", seed: int = 0
) -> Case:
    """Create a checked case.

    Args:
        network: with one picture as input and one output of (batch, units).
        image: see `cnnvis.explain`.
        unit: the output unit; None is the most probable class.
        layer: of the Grad-CAM family; "" is the last convolutional block.
        seed: of random numbers.

    Raises:
        UnsuitableError: several inputs or outputs, or an output of another shape.
        UnknownNameError: no such unit or layer.
    """
    if network.fixed_inputs is not None:
        raise UnsuitableError(
            "Other libraries are compared on networks with one input; this one has more. Build a "
            "model that holds the others, and compare that."
        )
    shape = network.structure.logits.shape
    if shape.rank != 2:
        raise UnsuitableError(
            "Other libraries are compared on an output of (batch, units); this network's has the "
            f"shape {tuple(shape)}."
        )
    neuron = network.neuron(unit)
    input = network.prepare(pixels_of(image)).input
    resolved, _ = network.resolved(input, neuron)
    try:
        layer = network.map_layer(layer, resolved) if layer else network.last_convolution(resolved)
    except UnsuitableError:  # no layer with rows and columns: the other methods stay
        layer = ""
    return Case(network, image, resolved.unit, layer, settings_of(network, input, seed))


def settings_of(network: Network, input: np.ndarray, seed: int) -> Settings:
    """The settings for both sides."""
    patch = patch_of(*input.shape[:2])
    return Settings(
        steps=STEPS,
        samples=SAMPLES,
        noise=NOISE,
        sigma=NOISE * float(input.max() - input.min()),
        channels=CHANNELS,
        masks=MASKS,
        grid=GRID,
        share=SHARE,
        patch=patch,
        stride=patch,
        seed=seed,
        black=network.plain(0),
        grey=network.plain(128),
    )


def patch_of(rows: int, columns: int) -> int:
    """The side of occlusion's patch: a divisor of both sides of the picture near a seventh.

    If there is none, a seventh.

    Example:
        >>> patch_of(224, 224), patch_of(64, 48), patch_of(71, 71)
        (32, 8, 10)
    """
    target = max(1.0, min(rows, columns) / 7)
    divisors = [n for n in range(1, min(rows, columns) + 1) if rows % n == 0 and columns % n == 0]
    best = min(divisors, key=lambda n: abs(n - target))
    return best if target / 2 <= best <= 2 * target else round(target)


class OurMaps:
    """Our explanations of a case, cached.

    Args:
        case: what is compared.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._explanations: dict[tuple[str, int], Explanation] = {}

    @cached_property
    def input(self) -> np.ndarray:
        """The network's input: float32 (rows, columns, channels)."""
        return self.case.network.prepare(pixels_of(self.case.image)).input

    def of(self, method: str, seed: int | None = None) -> Explanation:
        """Our explanation by a method.

        Raises:
            UnsuitableError: the method refuses the network.
        """
        chosen_seed = self.case.settings.seed if seed is None else seed
        if (method, chosen_seed) not in self._explanations:
            neuron = Neuron(None, self.case.unit)
            self._explanations[method, chosen_seed] = self._explained(method, neuron, chosen_seed)
        return self._explanations[method, chosen_seed]

    def of_score(self, method: str) -> Explanation:
        """Our explanation of the probability instead of the logit.

        The derivative of p_c is that of a weighted sum of the values before the softmax, with
        weights p_c (δ_cj - p_j); after a sigmoid p (1 - p), after a log-softmax δ_cj - p_j.
        """
        from cnnvis_widgets.backend.target import Target

        network, unit = self.case.network, self.case.unit
        weights = score_weights(
            network.outputs(self.input[None])[0][0], unit, network.structure.output_kind
        )
        return self._explained(method, Target(weights), self.case.settings.seed)

    def of_moved(self, method: str) -> list[Explanation]:
        """Our explanations of inputs that are perturbed by about as much as rounding."""
        rng = np.random.default_rng(self.case.settings.seed)
        span, neuron = float(np.ptp(self.input)), Neuron(None, self.case.unit)
        moves = [
            (share * span * rng.choice([-1, 1], self.input.shape)).astype(np.float32)
            for share in MOVES
        ]
        seed = self.case.settings.seed
        with warnings.catch_warnings():  # that the input is now a little outside its bounds
            warnings.simplefilter("ignore")
            return [self._explained(method, neuron, seed, self.input + move) for move in moves]

    def _explained(
        self, method: str, neuron: Any, seed: int, image: np.ndarray | None = None
    ) -> Explanation:
        parameters = parameters_of(method, self.case)
        picture = self.case.image if image is None else image
        return compute(self.case.network, picture, method, neuron, seed, _silent, parameters)


def score_weights(values: np.ndarray, unit: int, kind: str) -> dict[int, float]:
    """The derivative of a unit's score by each unit's logit, as unit → derivative.

    Args:
        values: float (units,), the logits.
        unit: the unit of the score.
        kind: softmax, log-softmax or sigmoid.

    Example:
        >>> score_weights(np.float32([0, 0]), 0, "softmax")
        {0: 0.25, 1: -0.25}
    """
    exact = values.astype(np.float64)
    if kind == "sigmoid":
        score = 1 / (1 + np.exp(-exact[unit]))
        return {unit: float(score * (1 - score))}
    shares = np.exp(exact - np.logaddexp.reduce(exact))
    weights = (np.arange(len(exact)) == unit) - shares
    if kind == "softmax":
        weights = weights * shares[unit]
    gradient = {number: float(weight) for number, weight in enumerate(weights) if weight}
    if not gradient:
        raise InvalidValueError("The network is so sure that no score changes any more.")
    return gradient


def parameters_of(method: str, case: Case) -> Mapping[str, Any]:
    """Our method's parameters for the common settings."""
    settings = case.settings
    layer: dict[str, Any] = {"layer": case.layer}
    by_method: dict[str, dict[str, Any]] = {
        "integrated_gradients": {"steps": settings.steps, "baseline": "black"},
        "smoothgrad": {"samples": settings.samples, "noise": settings.noise},
        "grad_cam": layer,
        "grad_cam_plus_plus": layer,
        "layer_cam": layer,
        "score_cam": {**layer, "channels": settings.channels},
        "occlusion": {"patch": settings.patch, "stride": settings.stride, "colour": "grey"},
        "rise": {
            **{"samples": settings.masks, "grid": settings.grid},
            **{"share": settings.share, "colour": "grey"},
        },
    }
    return by_method.get(method, {})


def original_file(network: Network) -> Path | None:
    """The file of our weights, if it is that of a PyTorch network."""
    from cnnvis_widgets.zoo.efficientnet_lite import EfficientNetLite
    from cnnvis_widgets.zoo.loading import architectures

    match = _FROM_ZOO.fullmatch(network.code)
    architecture = architectures().get(match[1]) if match else None
    if not isinstance(architecture, EfficientNetLite) or network.trained_on != "ImageNet":
        return None
    return architecture.find_weights(None).path


def _silent(done: int, total: int) -> None:
    pass
