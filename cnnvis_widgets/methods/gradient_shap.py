"""Gradient SHAP: integrated gradients from random baselines, one random step of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.methods import smoothgrad
from cnnvis_widgets.methods.batches import BACKWARD, shared_batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.parameter import Parameter

SAMPLES = Parameter(
    "samples",
    "Samples",
    "integer",
    100,
    "how many random points between a blank picture and this one; the error falls with its square "
    "root",
    1,
    2000,
    10,
    unit="samples",
)
NOISE = replace(smoothgrad.NOISE, default=0.0)


class GradientShap(Method):
    """The mean of (x - x′) · ∂a/∂input at x′ + α (x - x′), over random x′ and α.

    Each sample draws a grey level for the baseline x′ (an integer from 0 to 255), a position α on
    the straight path from it to the picture (0 to 1), and noise on the picture x. Integrated
    gradients take one baseline and equidistant positions; this is their expectation over baselines,
    so that no single colour gets zero attribution. The raw attribution is signed. Its sum
    is, up to the error that the notes report, a(x) - the mean of a(x′).
    """

    name = "gradient_shap"
    title = "Gradient SHAP"
    summary = "how much each pixel moved the neuron on the way from many blank pictures to this one"
    paper = (
        "Lundberg & Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017, "
        "arXiv:1705.07874; Erion, Janizek, Sturmfels, Lundberg & Lee, Nature Machine Intelligence "
        "3 (2021), arXiv:1906.10670"
    )
    section = "not in the thesis"
    order = 94
    neurons = "output"
    gradient_based = True
    resolution = "high"
    weaknesses = (
        "An estimate: noisy with few samples, and its sum meets the promise only on average. Plain "
        "grey pictures are not what the network was trained on."
    )
    unit = "activation"
    random = True
    parameters = (SAMPLES, NOISE)

    def answer(self, question: Question) -> Answer:
        """`samples` forward and backward passes in batches."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """`samples` passes for each picture, in batches that several share."""
        network, count = questions[0].network, len(questions)
        samples = questions[0].parameters["samples"]
        pictures = np.stack([question.input for question in questions])
        resolved = network.resolved_each(pictures, [question.neuron for question in questions])
        neurons: list[Neuron | None] = [neuron for neuron, _ in resolved]
        samplers = [_Sampler(question) for question in questions]
        totals = np.zeros(pictures.shape, np.float64)
        blank = np.zeros(count)
        completed, progress = 0, questions[0].progress
        progress(0, count * samples)
        for ranges in shared_batches(count, samples, pictures.shape[1:], BACKWARD):
            owners = np.array([number for number, span in ranges for _ in span])
            points = [samplers[number].next() for number in owners]
            starts, alphas, ends = (np.stack(column) for column in zip(*points, strict=True))
            differences = ends - starts
            sample_neurons = [neurons[number] for number in owners]
            between = starts + alphas[:, None, None, None] * differences
            slopes = network.backward(between, sample_neurons, Pass(INPUT)).gradients[0]
            np.add.at(totals, owners, differences.astype(np.float64) * slopes)
            np.add.at(blank, owners, network.values(starts, sample_neurons))
            completed += len(owners)
            progress(completed, count * samples)
        return [
            self._answer(question, neuron, value, total / samples, start / samples)
            for question, (neuron, value), total, start in zip(
                questions, resolved, totals, blank, strict=True
            )
        ]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The sum of the absolute values over the channels."""
        return np.abs(attribution).sum(axis=-1)

    def _answer(
        self, question: Question, neuron: Neuron, value: float, total: np.ndarray, blank: float
    ) -> Answer:
        attribution = total.astype(np.float32)
        explained = float(attribution.sum(dtype=np.float64))
        change = value - blank
        note = (
            f"The attributions add up to {explained:.4g}; from blank pictures of random grey, "
            f"{blank:.4g} on average, to this one the neuron changes by {change:.4g}. They agree "
            "better with more samples, and exactly on average if there is no noise."
        )
        return Answer(
            neuron.unit,
            value,
            question.network.coverage(neuron),
            attribution,
            notes=(note,),
            details={"baseline_value": blank, "sum": explained},
        )


class _Sampler:
    """The random points of one picture."""

    def __init__(self, question: Question) -> None:
        self._picture, self._network = question.input, question.network
        value_range = float(self._picture.max() - self._picture.min())
        self._sigma = question.parameters["noise"] * value_range
        self._rng = np.random.default_rng(question.seed)

    def next(self) -> tuple[np.ndarray, np.float32, np.ndarray]:
        """A baseline, the position α on the path, and the picture with noise."""
        level, alpha = int(self._rng.integers(256)), np.float32(self._rng.uniform())
        end = self._picture
        if self._sigma:
            end = end + np.float32(self._sigma) * self._rng.standard_normal(end.shape, np.float32)
        return self._network.plain(level), alpha, end
