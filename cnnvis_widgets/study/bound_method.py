"""A method with fixed parameters, for metrics that compute further explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.engine.explain import compute
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods import method
from cnnvis_widgets.study.contract import Maps

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron


def _unwatched(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class BoundMethod:
    """`cnnvis.explain` with method and parameters fixed; see `contract.Explain`."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        network: Network | None,
        image: np.ndarray,
        neuron: Neuron | None,
        seed: int,
        layer: str | None = None,
    ) -> Maps:
        """Compute an explanation.

        Raises:
            UnsuitableError: the method synthesises a picture, or does not suit the network.
        """
        assert network is not None
        parameters = dict(self.parameters)
        if layer is not None and any(p.name == "layer" for p in method(self.method).parameters):
            parameters["layer"] = layer
        explanation = compute(network, image, self.method, neuron, seed, _unwatched, parameters)
        if explanation.attribution is None:
            raise UnsuitableError(f"{explanation.method.title} makes a picture, not a map.")
        return Maps(explanation.heatmap(), explanation.attribution)
