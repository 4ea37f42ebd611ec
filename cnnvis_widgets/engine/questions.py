"""Requests of a `RemoteNetwork`: attributes and methods of a `Network`, and explanations."""

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
"""Constant attributes of a `Network` that are plain data."""

QUESTIONS = frozenset(
    {"predict", "outputs", "values", "resolved", "activations", "mean_activations", "most_active"}
    | {"backward", "prepare", "plain", "probes", "input_remark", "label", "neuron", "is_output"}
    | {"remarks", "coverage", "relevance_coverage", "last_convolution", "map_layer"}
    | {"weights", "count_params"}
)
"""Methods of a `Network` that take and return plain data."""


class AnswerWithWarnings(NamedTuple):
    """An answer, and the Python warnings that were raised meanwhile."""

    value: Any
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """Read one of a network's `FACTS`, or call one of its `QUESTIONS`."""

    network: str
    question: str
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> AnswerWithWarnings:
        """The attribute, or the method's result."""
        if self.question not in FACTS | QUESTIONS:
            raise UnknownNameError.of("question", self.question, sorted(FACTS | QUESTIONS))
        step(0, 1)
        network = library.network(self.network)
        return _with_warnings(self._look_up, network)

    def _look_up(self, network: Network) -> Any:
        attribute = getattr(network, self.question)
        return (
            attribute(*self.arguments, **self.keywords) if self.question in QUESTIONS else attribute
        )


@dataclass(frozen=True)
class Compute:
    """Compute an `Explanation`; the fields are the arguments of `cnnvis.explain`."""

    network: str
    image: Image = field(repr=False)
    method: str
    neuron: Neuron | int | tuple[str, int] | None = None
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> AnswerWithWarnings:
        """See `cnnvis.explain`."""
        network = library.network(self.network)
        step(0, 1)
        image = checked_name(self.image) if isinstance(self.image, str) else self.image
        arguments = (
            network,
            image,
            self.method,
            self.neuron,
            self.seed,
            step,
            self.parameters,
            preview,
        )
        return _with_warnings(explaining.compute, *arguments)


def _with_warnings(function: Callable[..., Any], *arguments: Any) -> AnswerWithWarnings:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*arguments)
    return AnswerWithWarnings(value, tuple(str(warning.message) for warning in caught))
