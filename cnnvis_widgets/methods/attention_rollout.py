"""Attention rollout: how much of each patch reaches the tokens that the neuron reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.records import AttentionResult
from cnnvis_widgets.methods.contract import Answer, Method, Question

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class AttentionRollout(Method):
    """Ā_L · … · Ā_1, with Ā = (mean of A over the heads + 1) / 2: attention and skip connection.

    The rows are those of the tokens that the neuron reads after the last attention (the class
    token, or all of them, then their mean), the columns those of the patches.
    """

    name = "attention_rollout"
    title = "Attention rollout"
    summary = "which patches a vision transformer's attention hands on to its output"
    paper = (
        "Abnar & Zuidema, Quantifying Attention Flow in Transformers, ACL 2020, arXiv:2005.00928"
    )
    section = "not in the thesis"
    order = 85
    acts_on = "a layer"
    neurons = "output"
    gradient_based = False
    resolution = "low"
    model_dependent = True
    networks = "vision transformers whose blocks attend to the same tokens"
    weaknesses = (
        "The same for every class, blind to signs, values and the layers between: it shows where "
        "attention comes from, not what it is used for."
    )
    unit = "share of attention"
    quick = True

    def answer(self, question: Question) -> Answer:
        """One forward pass."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The same pass, of all pictures together."""
        from cnnvis_widgets.backend.attention import attention

        batch = np.stack([question.input for question in questions])
        neurons = [question.neuron for question in questions]
        return [*map(_answer, attention(questions[0].network, batch, neurons))]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]

    def unsuited(self, network: Network) -> str:
        """Empty where the network has attention."""
        from cnnvis_widgets.backend.attention import has_attention

        if has_attention(network):
            return ""
        return (
            f"Attention rollout needs a network with attention; {network.name} has none. grad_cam "
            "works on any network with rows and columns."
        )


def _answer(attention: AttentionResult) -> Answer:
    """The patches' shares in the tokens that the neuron reads."""
    attended = rollout(attention.maps)[attention.reads]
    shares = attended.mean(0) if len(attended) else np.zeros(len(attention.reads))
    patches = shares[attention.first : attention.first + attention.rows * attention.columns]
    read_count, blocks = int(attention.reads.sum()), len(attention.maps)
    return Answer(
        attention.unit,
        attention.value,
        Coverage({"attention": f"its maps ({blocks} ×)", "all layers": "forward pass only"}),
        patches.reshape(attention.rows, attention.columns, 1).astype(np.float32),
        notes=(
            f"{blocks} blocks of attention; after the last, the neuron reads {read_count} of "
            f"{len(shares)} tokens, in {attention.rows} × {attention.columns} patches. "
            "The map is the same for every class.",
        ),
        details={"attention": attention.maps, "reads": attention.reads},
    )


def rollout(maps: Sequence[np.ndarray]) -> np.ndarray:
    """The share of each input token in each token at the end.

    Args:
        maps: float32 (heads, tokens, tokens) for each block, the first block first.

    Returns:
        float64 (tokens, tokens), whose rows add up to 1.

    Example:
        >>> rollout([np.float32([[[0, 1], [1, 0]]])])
        array([[0.5, 0.5],
               [0.5, 0.5]])
    """
    shares = np.eye(maps[0].shape[-1])
    for map_ in maps:
        shares = (map_.mean(0, dtype=np.float64) @ shares + shares) / 2
    return shares
