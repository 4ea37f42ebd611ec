"""Methods that need one compiled call: their passes, and how they read the result."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Method, Question


class OnePass(Method):
    """A method with one call of backward passes, whose results NumPy processes.

    Many pictures share a call: `passes` is called once for all of them, `read` for each.
    """

    @abstractmethod
    def passes(self, question: Question) -> tuple[Pass, ...]:
        """The required derivatives; they may depend on network, layer and parameters only."""

    @abstractmethod
    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """The answer from their results.

        Args:
            question: one of the questions.
            backward: the result for this question, a batch of one.
        """

    def answer(self, question: Question) -> Answer:
        """One forward pass, and the backward passes of `passes`."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The same passes, of all pictures together."""
        network, passes = questions[0].network, self.passes(questions[0])
        batch = np.stack([question.input for question in questions])
        backward = network.backward(batch, [q.neuron for q in questions], *passes)
        return [self.read(question, backward.of(n)) for n, question in enumerate(questions)]
