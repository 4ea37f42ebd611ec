"""SmoothGrad: the mean of a gradient method over noisy copies of the picture (thesis ref. 42)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.methods import method
from cnnvis_widgets.methods.batches import BACKWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question, unwatched
from cnnvis_widgets.methods.parameter import Parameter, checked

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

Attributions = Callable[[np.ndarray, Callable[[], None]], np.ndarray]
"""(batch of inputs, what to call between steps) → their attributions."""

SAMPLES = Parameter(
    "samples",
    "Samples",
    "integer",
    50,
    "how many noisy copies; the noise that is left falls with the square root of it",
    1,
    1000,
    10,
    unit="samples",
)
NOISE = Parameter(
    "noise",
    "Noise",
    "float",
    0.15,
    "standard deviation of the noise, as a share of the input's range (largest - smallest value)",
    0.0,
    1.0,
    0.01,
)
OF = Parameter(
    "of",
    "Base method",
    "choice",
    "saliency",
    "the method whose attributions are averaged",
    choices=(
        "saliency",
        "deconvnet",
        "guided_backprop",
        "guided_grad_cam",
        "integrated_gradients",
    ),
)


class SmoothGrad(Method):
    """The mean attribution of `samples` copies x + N(0, σ²), σ = noise · (max x - min x)."""

    name = "smoothgrad"
    title = "SmoothGrad"
    summary = "gradient averaged over noisy copies of the picture"
    paper = (
        "Smilkov, Thorat, Kim, Viégas & Wattenberg, SmoothGrad: removing noise by adding noise, "
        "2017, arXiv:1706.03825"
    )
    section = "ref. 42"
    order = 100
    neurons = "output"
    gradient_based = True
    resolution = "high"
    weaknesses = (
        "Sharper to the eye, not more faithful: it shows the network on noisy pictures that it may "
        "take for something else, and the right amount of noise is a matter of taste."
    )
    unit = "mean attribution"
    parameters = (SAMPLES, NOISE, OF)
    statistic: ClassVar[str] = "mean"

    def answer(self, question: Question) -> Answer:
        """`samples` times the wrapped method's passes, in batches."""
        network, picture = question.network, question.input
        samples, noise = question.parameters["samples"], question.parameters["noise"]
        sigma = noise * float(picture.max() - picture.min())
        neuron, value = network.resolved(picture, question.neuron)
        asked = replace(question, neuron=neuron, picture=None, preview=unwatched)
        attributions, coverage = _wrapped(asked, question.parameters["of"])
        rng = np.random.default_rng(question.seed)
        moments = _Moments()
        question.progress(0, samples)
        for batch in batches(samples, picture.shape, BACKWARD):
            shaken = rng.standard_normal((len(batch), *picture.shape), np.float32)
            shaken *= sigma
            shaken += picture
            step = partial(question.progress, batch.start, samples)
            moments.add(attributions(shaken, step))
            question.progress(batch.stop, samples)
        note = (
            f"The {self.statistic} over {samples} copies of the picture with noise of standard "
            f"deviation {sigma:.3g} ({noise:.0%} of the input's range, {picture.min():.3g} to "
            f"{picture.max():.3g})."
        )
        return Answer(
            neuron.unit,
            value,
            coverage,
            self.combined(*moments.found()).astype(np.float32),
            notes=(note,),
            details={"sigma": sigma},
        )

    def refusal(self, network: Network, parameters: Mapping[str, Any]) -> str:
        """As the wrapped method's."""
        return method(parameters["of"]).unsuited(network)

    def combined(self, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """What is made of the copies' attributions.

        Args:
            mean: float64 (rows, columns, channels), over the copies.
            variance: the same shape, their mean squared distance from it.

        Returns:
            float64, the same shape.
        """
        return mean


class _Moments:
    """Mean and variance of arrays that come in batches."""

    def __init__(self) -> None:
        self._many = 0

    def add(self, batch: np.ndarray) -> None:
        if not self._many:  # sums of distances from the first: equal arrays have no variance at all
            self._first = batch[0].astype(np.float64)
            self._sum, self._squares = np.zeros((2, *batch.shape[1:]))
        away = batch - self._first
        self._many += len(batch)
        self._sum += away.sum(0)
        self._squares += (away**2).sum(0)

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        mean = self._sum / self._many
        return self._first + mean, np.maximum(self._squares / self._many - mean**2, 0)


def _wrapped(question: Question, name: str) -> tuple[Attributions, Coverage]:
    """The wrapped method as a function of a batch, and what it does to the layers."""
    wrapped, network, neuron = method(name), question.network, question.neuron
    rule: str | None = getattr(wrapped, "rule", None)
    settings = checked(wrapped.parameters, {}, name)

    def together(batch: np.ndarray, step: Callable[[], None]) -> np.ndarray:
        return network.backward(batch, neuron, Pass(INPUT, rule or "gradient")).gradients[0]

    def singly(batch: np.ndarray, step: Callable[[], None]) -> np.ndarray:
        # Steps of the wrapped method are no progress of this one, but places to be cancelled at.
        asked = replace(question, parameters=settings, progress=lambda done, total: step())
        answers = (wrapped.answer(replace(asked, input=picture)) for picture in batch)
        return np.stack([answer.attribution for answer in answers])  # type: ignore[misc]

    # A method of one rule and no parameters is one backward pass, and takes all copies at once.
    one_pass = rule is not None and not settings
    return together if one_pass else singly, network.coverage(neuron, rule or "gradient")
