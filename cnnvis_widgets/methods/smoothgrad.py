"""SmoothGrad: the mean of a gradient method over noisy copies of the picture (thesis ref. 42)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.methods import method
from cnnvis_widgets.methods.batches import BACKWARD, shared_batches
from cnnvis_widgets.methods.contract import Answer, Method, Question, no_preview
from cnnvis_widgets.methods.parameter import Parameter, checked

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

Attributions = Callable[[np.ndarray, Sequence[Question], Callable[[], None]], np.ndarray]
"""(batch of inputs, the question of each, a function to call between steps) → attributions."""

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
    random = True
    parameters = (SAMPLES, NOISE, OF)
    statistic: ClassVar[str] = "mean"

    def answer(self, question: Question) -> Answer:
        """`samples` times the wrapped method's passes, in batches."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """`samples` times the wrapped method's passes for each picture, in batches they share."""
        network, samples = questions[0].network, questions[0].parameters["samples"]
        pictures = np.stack([question.input for question in questions])
        resolved = network.resolved_each(pictures, [question.neuron for question in questions])
        base_questions = [
            replace(question, neuron=neuron, picture=None, preview=no_preview)
            for question, (neuron, _) in zip(questions, resolved, strict=True)
        ]
        attributions, coverage = _wrapped(base_questions[0], questions[0].parameters["of"])
        copies = [_NoisyCopies(question) for question in base_questions]
        completed, total, progress = 0, len(questions) * samples, questions[0].progress
        progress(0, total)
        for ranges in shared_batches(len(questions), samples, pictures.shape[1:], BACKWARD):
            batch = np.concatenate([copies[number].draw(len(span)) for number, span in ranges])
            owners = [base_questions[number] for number, span in ranges for _ in span]
            batch, start = attributions(batch, owners, partial(progress, completed, total)), 0
            for number, span in ranges:
                copies[number].moments.add(batch[start : start + len(span)])
                start += len(span)
            completed += len(batch)
            progress(completed, total)
        return [
            self._answer(noisy, neuron.unit, value, coverage)
            for noisy, (neuron, value) in zip(copies, resolved, strict=True)
        ]

    def _answer(self, copies: _NoisyCopies, unit: int, value: float, coverage: Coverage) -> Answer:
        picture, noise = copies.picture, copies.noise
        note = (
            f"The {self.statistic} over {copies.samples} copies of the picture with noise of "
            f"standard deviation {copies.sigma:.3g} ({noise:.0%} of the input's range, "
            f"{picture.min():.3g} to {picture.max():.3g})."
        )
        return Answer(
            unit,
            value,
            coverage,
            self.combined(*copies.moments.mean_and_variance()).astype(np.float32),
            notes=(note,),
            details={"sigma": copies.sigma},
        )

    def refusal(self, network: Network, parameters: Mapping[str, Any]) -> str:
        """As the wrapped method's."""
        return method(parameters["of"]).unsuited(network)

    def combined(self, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """The statistic of the copies' attributions.

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
        self._count = 0

    def add(self, batch: np.ndarray) -> None:
        # Sums of distances from the first array: equal arrays have a variance of exactly 0.
        if not self._count:
            self._first = batch[0].astype(np.float64)
            self._sum, self._squares = np.zeros((2, *batch.shape[1:]))
        distances = batch - self._first
        self._count += len(batch)
        self._sum += distances.sum(0)
        self._squares += (distances**2).sum(0)

    def mean_and_variance(self) -> tuple[np.ndarray, np.ndarray]:
        mean = self._sum / self._count
        return self._first + mean, np.maximum(self._squares / self._count - mean**2, 0)


class _NoisyCopies:
    """The noisy copies of one picture, and the moments of their attributions."""

    def __init__(self, question: Question) -> None:
        self.picture = question.input
        self.samples, self.noise = (question.parameters[name] for name in ("samples", "noise"))
        self.sigma = self.noise * float(self.picture.max() - self.picture.min())
        self.moments = _Moments()
        self._rng = np.random.default_rng(question.seed)

    def draw(self, count: int) -> np.ndarray:
        """The next ones, float32 (many, rows, columns, channels)."""
        noisy = self._rng.standard_normal((count, *self.picture.shape), np.float32)
        noisy *= self.sigma
        noisy += self.picture
        return noisy


def _wrapped(question: Question, name: str) -> tuple[Attributions, Coverage]:
    """The wrapped method as a function of a batch, and what it does to the layers."""
    wrapped, network = method(name), question.network
    rule: str | None = getattr(wrapped, "rule", None)
    settings = checked(wrapped.parameters, {}, name)

    def one_pass(
        batch: np.ndarray, owners: Sequence[Question], step: Callable[[], None]
    ) -> np.ndarray:
        neurons = [owner.neuron for owner in owners]
        return network.backward(batch, neurons, Pass(INPUT, rule or "gradient")).gradients[0]

    def any_method(
        batch: np.ndarray, owners: Sequence[Question], step: Callable[[], None]
    ) -> np.ndarray:
        # Steps of the wrapped method are no progress of this one, but allow cancelling.
        questions = [
            replace(owner, input=copy, parameters=settings, progress=lambda done, total: step())
            for owner, copy in zip(owners, batch, strict=True)
        ]
        return np.stack([answer.attribution for answer in wrapped.answers(questions)])  # type: ignore[misc]

    # A method with a rule and without parameters is one backward pass.
    attributions = one_pass if rule is not None and not settings else any_method
    return attributions, network.coverage(question.neuron, rule or "gradient")
