"""What a program asks of a network elsewhere: what a `Network` answers, and whole explanations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnvis_widgets.engine import explain as explaining
from cnnvis_widgets.engine.requests import Image, Library, Preview, Step, no_preview
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.zoo.images import checked_name

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron

FACTS = frozenset(
    {"name", "labels", "layers", "plan", "input_shape", "units", "several_outputs", "bounds"}
    | {"trained_on", "code", "warning"}
)
"""Attributes of a `Network` that are plain data and never change."""

QUESTIONS = frozenset(
    {"predict", "outputs", "values", "resolved", "activations", "mean_activations", "most_active"}
    | {"backward", "prepare", "plain", "probes", "input_remark", "label", "neuron", "is_output"}
    | {"remarks", "coverage", "relevance_coverage", "last_convolution", "map_layer"}
    | {"weights", "count_params"}
)
"""Methods of a `Network` that take and give plain data."""


class Answered(NamedTuple):
    """What was answered, and what Python warned of meanwhile."""

    value: Any
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """One of a network's `FACTS` or `QUESTIONS`."""

    network: str
    question: str
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Answered:
        """What the network itself answers."""
        if self.question not in FACTS | QUESTIONS:
            raise UnknownNameError.of("question", self.question, sorted(FACTS | QUESTIONS))
        step(0, 1)
        network = library.network(self.network)
        return _heard(self._asked, network)

    def _asked(self, network: Network) -> Any:
        attribute = getattr(network, self.question)
        return attribute(*self.arguments, **self.named) if self.question in QUESTIONS else attribute


@dataclass(frozen=True)
class Compute:
    """A whole `Explanation`; the fields are `cnnvis.explain`'s arguments."""

    network: str
    image: Image = field(repr=False)
    method: str
    neuron: Neuron | int | tuple[str, int] | None = None
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Answered:
        """See `cnnvis.explain`."""
        network = library.network(self.network)
        step(0, 1)
        image = checked_name(self.image) if isinstance(self.image, str) else self.image
        given = (
            network,
            image,
            self.method,
            self.neuron,
            self.seed,
            step,
            self.parameters,
            preview,
        )
        return _heard(explaining.compute, *given)


def _heard(function: Callable[..., Any], *arguments: Any) -> Answered:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*arguments)
    return Answered(value, tuple(str(one.message) for one in caught))
