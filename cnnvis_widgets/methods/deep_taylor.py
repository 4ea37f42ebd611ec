"""Deep Taylor decomposition: the neuron's value, distributed over the pixels (thesis 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import RelevanceResult
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.parameter import Parameter

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.methods.explanation import Explanation

RULE = Parameter(
    "rule",
    "Rule",
    "choice",
    "z_plus",
    "z_plus is Deep Taylor; epsilon and alpha_beta are those of LRP, of both signs",
    choices=("z_plus", "epsilon", "alpha_beta"),
)
VALUE = Parameter(
    "value",
    "ε or α",
    "float",
    1.0,
    "for LRP: ε above 0 damps weak evidence; α from 1 weighs what speaks for it (β is α - 1)",
    1e-6,
    10.0,
    0.1,
)


class DeepTaylor(Method):
    """Relevance starts as max(value, 0) and is propagated, layer by layer, without loss.

    z⁺ at every convolution, depthwise convolution and dense layer, biases left out; zᴮ at the
    first; max-pooling: the winner takes all; average pooling and sums in proportion; BatchNorm
    folded into the layer before it, also behind a concatenation. A result that only its bias
    explains shares its relevance evenly among its inputs, so that relevance is conserved. The
    paper proves its rules for biases that are 0 or less; here biases may have any sign.
    """

    name = "deep_taylor"
    title = "Deep Taylor decomposition"
    summary = "how much of the neuron's value each pixel accounts for; the parts add up to it"
    paper = (
        "Montavon, Lapuschkin, Binder, Samek & Müller, Explaining NonLinear Classification "
        "Decisions with Deep Taylor Decomposition, Pattern Recognition 65, 2017, arXiv:1512.02479"
    )
    section = "3.6"
    order = 35
    neurons = "output"
    gradient_based = False
    resolution = "high"
    networks = "those of convolutions, dense layers, pooling, BatchNorm, sums and ReLUs"
    weaknesses = (
        "Only what speaks for the neuron is shown, and it says little about which of two similar "
        "classes is meant; z⁺ maps come close to one another whatever the class (Sixt et al. 2020)."
    )
    unit = "share of the neuron's value"
    parameters = (RULE, VALUE)

    def answer(self, question: Question) -> Answer:
        """One forward pass and one pass of relevance down to the picture."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The same two passes, of all pictures together."""
        from cnnvis_widgets.backend.lrp.relevance import relevance_of_each

        network, neurons = questions[0].network, [question.neuron for question in questions]
        for neuron in neurons:
            _check(neuron)
        rule, value = questions[0].parameters["rule"], questions[0].parameters["value"]
        if rule == "alpha_beta" and value < 1:
            raise InvalidValueError(f"value is α of the rule alpha_beta, from 1; got {value}.")
        batch = np.stack([question.input for question in questions])
        value = 0.0 if rule == "z_plus" else value
        results = relevance_of_each(network, batch, neurons, rule, value)
        return [
            _answer(question, result) for question, result in zip(questions, results, strict=True)
        ]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The sum over channels, which keeps the total."""
        return attribution.sum(axis=-1)

    def promised(self, explanation: Explanation) -> float | None:
        """max(value, 0); None for ε-LRP, which does not conserve relevance."""
        return None if explanation.parameters["rule"] == "epsilon" else max(explanation.value, 0.0)

    def unsuited(self, network: Network) -> str:
        """Empty where the network has no attention."""
        from cnnvis_widgets.backend.attention import has_attention

        if not has_attention(network):
            return ""
        return (
            f"Deep Taylor has no rule for attention, where signals multiply one another, and "
            f"{network.name} has some. integrated_gradients adds up to the neuron's change all the "
            "same; attention_rollout shows where attention comes from."
        )


def _check(neuron: Neuron | None) -> None:
    if isinstance(neuron, Target) and min(weight for _, weight in neuron.weights) < 0:
        raise UnsuitableError(
            "Deep Taylor shares out what speaks for a neuron, and has no share for what speaks "
            "against one: expected a target of positive weights. integrated_gradients and "
            "gradient_input take any."
        )


def _answer(question: Question, result: RelevanceResult) -> Answer:
    total = float(result.relevance.sum(dtype=np.float64))
    start = max(result.value, 0.0)
    notes = [f"Relevance: {start:.4g} at the neuron, {total:.4g} at the picture."]
    if start == 0:
        notes.append("The neuron is not active on this picture, so there is nothing to share.")
    return Answer(
        result.unit,
        result.value,
        question.network.relevance_coverage(question.neuron),
        result.relevance[0],
        notes=tuple(notes),
        details={"relevance": result.sums},
    )
