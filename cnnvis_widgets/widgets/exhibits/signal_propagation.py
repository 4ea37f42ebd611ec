"""The size of activations and gradients in a deep network before training."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from cnnvis_widgets.course.models.deep_stack import DeepStack, Sizes
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole

# So few examples because larger matrix products use several threads, which wait for each other
# on a busy machine.
WIDTH, EXAMPLES, CLASSES = 100, 25, 10
DEPTHS = (2, 40)
DEVIATIONS = (0.001, 1.0)
ACTIVATIONS = ("sigmoid", "tanh", "relu")
# name → (mean, deviation) of the initial weights, for layers of 100 units with 100 inputs
PRESETS = {
    "He": (0.0, (2 / WIDTH) ** 0.5),
    "Glorot": (0.0, (1 / WIDTH) ** 0.5),
    "0.01": (0.0, 0.01),
    "thesis, as printed": (1.0, (2 / WIDTH) ** 0.25),
}


class SignalPropagation(Chart, from_page="mean deviation depth activation normalised seed"):
    """An untrained network of many hidden layers with 100 units each.

    25 random inputs are propagated forward, and the gradient of their loss backward. Two charts
    show the root mean squares of both at each layer, on a logarithmic scale.

    Args:
        kwargs: the attributes.

    Attributes:
        activation: "sigmoid", "tanh" or "relu".
        mean: of the initial weights, 0 … 1.
        deviation: standard deviation of the initial weights, 0.001 … 1.
        depth: the number of hidden layers, 2 … 40.
        normalised: whether each layer has a BatchNorm before its activation.
        seed: of the weights.

    Raises:
        InvalidValueError: numbers out of range.
        UnknownNameError: an unknown activation.
    """

    label = traitlets.Unicode("Up and back through many layers").tag(sync=True)
    activation = OneOf("activation", ACTIVATIONS, "relu").tag(sync=True)
    mean = Real(0, 1, 0.0).tag(sync=True)
    deviation = Real(*DEVIATIONS, PRESETS["He"][1]).tag(sync=True)
    depth = Whole(*DEPTHS, 20).tag(sync=True)
    normalised = traitlets.Bool(False).tag(sync=True)
    seed = Whole(0, 2**31, 0).tag(sync=True)
    _presets = traitlets.List().tag(sync=True)
    _curves = traitlets.Dict().tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._presets = [[name, *numbers] for name, numbers in PRESETS.items()]
        self._compute()
        names = ["activation", "mean", "deviation", "depth", "normalised", "seed"]
        self.observe(self._compute, names)

    @property
    def sizes(self) -> Sizes:
        """The root mean squares, of the input (0) and of each hidden layer."""
        random = np.random.default_rng(1000 + self.seed)
        x = random.normal(0.0, 1.0, (EXAMPLES, WIDTH))
        stack = DeepStack(
            WIDTH,
            self.depth,
            WIDTH,
            CLASSES,
            self.activation,
            self.deviation,
            self.mean,
            self.normalised,
            self.seed,
        )
        return stack.sizes(x, np.arange(EXAMPLES) % CLASSES)

    def _compute(self, _: Any = None) -> None:
        signal, slope = self.sizes
        self._curves = {
            "signal": _powers(signal),
            "slope": _powers(slope / slope[-1]) if slope[-1] > 0 else [None] * len(slope),
        }


def _powers(values: np.ndarray) -> list[float | None]:
    """Logarithms to base 10; `None` for zero, since JSON has no infinity."""
    return [round(float(np.log10(value)), 4) if value > 0 else None for value in values]
