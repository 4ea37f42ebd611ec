"""One answered request, as the oracle sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from oracles.random_reference import Reference, agreement

LEVELS = {"black": 0, "grey": 128, "white": 255}


class Case(NamedTuple):
    """One answered request.

    Attributes:
        answer: the product's `Explanation`.
        neuron: of the twin.
        x: float64, the network's input.
        plain: grey level → the input of a picture of it.
        place: of the twin, the layer whose maps were used; None if there is none.
        size: of the neuron's value, at least 1.
        score: what LIME fits: "logits", "output", or "exp" of the output.
    """

    answer: Any
    neuron: Reference
    x: np.ndarray
    plain: Callable[[int], np.ndarray]
    place: str | None
    size: float
    score: str

    @property
    def map(self) -> np.ndarray:
        return self.answer.attribution.astype(np.float64)

    def option(self, name: str) -> Any:
        return self.answer.parameters[name]

    def verdict(self, wanted: Callable[[np.ndarray], np.ndarray], given: Any = None) -> str:
        given = self.map if given is None else given
        return agreement(given, wanted, self.x, self.size)
