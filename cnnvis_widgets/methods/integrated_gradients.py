"""Integrated gradients: the mean gradient on the path from a baseline (thesis ref. 41)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.methods.batches import BACKWARD, shared_batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.parameter import Parameter

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.methods.explanation import Explanation

LEVELS = {"black": 0, "grey": 128, "white": 255}
STEPS = Parameter(
    "steps",
    "Steps",
    "integer",
    50,
    "how many pictures between the blank one and this one; more make the sum more exact",
    1,
    1000,
    10,
    unit="steps",
)
BASELINE = Parameter(
    "baseline",
    "Baseline",
    "choice",
    "black",
    "the blank picture from which the way starts; what has its colour gets no attribution",
    choices=tuple(LEVELS),
)


class IntegratedGradients(Method):
    """(x - x′) · mean of ∂a/∂input on the straight path from the baseline x′ to the picture x.

    The gradients are taken in the middle of each step (midpoint rule). The raw attribution is
    signed and its sum is, up to the error that the notes report, a(x) - a(x′).
    """

    name = "integrated_gradients"
    title = "Integrated gradients"
    summary = "how much each pixel moved the neuron on the way from a blank picture to this one"
    paper = (
        "Sundararajan, Taly & Yan, Axiomatic Attribution for Deep Networks, ICML 2017, "
        "arXiv:1703.01365"
    )
    section = "ref. 41"
    order = 90
    neurons = "output"
    gradient_based = True
    resolution = "high"
    weaknesses = (
        "Depends on the baseline: with a black one, dark pixels get nothing however much they "
        "matter. Noisy, since each pixel is multiplied by its own contrast to the baseline."
    )
    unit = "activation"
    parameters = (STEPS, BASELINE)

    def answer(self, question: Question) -> Answer:
        """`steps` forward and backward passes in batches."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """`steps` passes for each picture, in batches that several share."""
        network, count = questions[0].network, len(questions)
        steps, baseline_name = (questions[0].parameters[name] for name in ("steps", "baseline"))
        baseline = network.plain(LEVELS[baseline_name])
        pictures = np.stack([question.input for question in questions])
        resolved = network.resolved_each(pictures, [question.neuron for question in questions])
        neurons: list[Neuron | None] = [neuron for neuron, _ in resolved]
        baseline_values = network.values(np.repeat(baseline[None], count, axis=0), neurons)
        differences = pictures - baseline
        totals = np.zeros(pictures.shape, np.float64)
        completed, progress = 0, questions[0].progress
        progress(0, count * steps)
        for ranges in shared_batches(count, steps, baseline.shape, BACKWARD):
            shares = [(np.array(span, np.float32) + 0.5) / steps for _, span in ranges]
            between = np.concatenate(
                [
                    baseline + share[:, None, None, None] * differences[number]
                    for share, (number, _) in zip(shares, ranges, strict=True)
                ]
            )
            step_neurons = [neurons[number] for number, span in ranges for _ in span]
            slopes, start = network.backward(between, step_neurons, Pass(INPUT)).gradients[0], 0
            for number, span in ranges:
                totals[number] += slopes[start : start + len(span)].sum(0, dtype=np.float64)
                start += len(span)
            completed += len(between)
            progress(completed, count * steps)
        return [
            _answer(
                network,
                neuron,
                value,
                float(baseline_value),
                difference * (total / steps),
                baseline_name,
            )
            for (neuron, value), baseline_value, difference, total in zip(
                resolved, baseline_values, differences, totals, strict=True
            )
        ]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The sum of the absolute values over the channels."""
        return np.abs(attribution).sum(axis=-1)

    def promised(self, explanation: Explanation) -> float:
        """The change from the baseline to the picture: completeness, the paper's axiom."""
        return explanation.value - float(explanation.details["baseline_value"])


def _answer(
    network: Network,
    neuron: Neuron,
    value: float,
    baseline_value: float,
    attribution: np.ndarray,
    baseline: str,
) -> Answer:
    """The attribution and its completeness error."""
    attribution = attribution.astype(np.float32)
    explained = float(attribution.sum(dtype=np.float64))
    error = explained - (value - baseline_value)
    return Answer(
        neuron.unit,
        value,
        network.coverage(neuron),
        attribution,
        notes=(_completeness(explained, baseline_value, value, baseline),),
        details={"baseline_value": baseline_value, "sum": explained, "completeness_error": error},
    )


def _completeness(explained: float, baseline_value: float, value: float, baseline: str) -> str:
    change = value - baseline_value
    error = abs(explained - change)
    share = f" ({error / abs(change):.1%} of it)" if change else ""
    advice = "; more steps would bring them closer" if error > 0.05 * abs(change) else ""
    return (
        f"Completeness: the attributions add up to {explained:.4g}; from the {baseline} baseline "
        f"to the picture the neuron goes from {baseline_value:.4g} to {value:.4g}, a change of "
        f"{change:.4g}. The error is {error:.2g}{share}{advice}."
    )
