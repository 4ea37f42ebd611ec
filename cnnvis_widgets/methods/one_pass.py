"""Methods that need one compiled call: which passes they ask for, and how they read them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Method, Question


class OnePass(Method):
    """A method that asks for some backward passes, all at once, and computes with NumPy.

    Many pictures are one call: `passes` is asked once for all of them, `read` for each.
    """

    @abstractmethod
    def passes(self, question: Question) -> tuple[Pass, ...]:
        """Which derivatives are wanted; of the question, network, layer and parameters count."""

    @abstractmethod
    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """What they say.

        Args:
            question: one of those that are asked.
            backward: of this question alone, a batch of one.
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
