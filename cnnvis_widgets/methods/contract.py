"""The contract of methods: declared facts, `answer`, and the reduction of its result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.methods.parameter import Parameter

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.methods.explanation import Explanation

Progress = Callable[[int, int], None]
"""Called between steps with (completed, total); raising `errors.Cancelled` cancels the work."""

Preview = Callable[[Callable[[], "Answer"]], None]
"""Called between steps with a function for the answer so far, which runs only if it is shown."""


def no_preview(make: Callable[[], Answer]) -> None:
    """A `Preview` that shows nothing."""


class Curve(NamedTuple):
    """A curve of a figure over the method's steps, for the page to draw.

    Attributes:
        steps: the steps of the values, rising.
        values: one per step.
        label: of the vertical axis, with the unit.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]
    label: str


@dataclass(frozen=True)
class Question:
    """The input of a method.

    Attributes:
        network: the network.
        input: float32 (rows, columns, channels), preprocessed.
        neuron: checked; None is the most probable class.
        seed: for methods that draw random numbers: the same seed gives the same array.
        progress: to be called between steps.
        parameters: every declared parameter's value.
        picture: uint8 (rows, columns, 3), the crop that `input` was made from; None where the
            input was given as floats.
        preview: for methods whose answer improves: to be called between steps.
    """

    network: Network
    input: np.ndarray
    neuron: Neuron | None
    seed: int
    progress: Progress
    parameters: dict[str, Any]
    picture: np.ndarray | None = None
    preview: Preview = no_preview


@dataclass(frozen=True)
class Answer:
    """The result of a method.

    Attributes:
        unit: the neuron's unit.
        value: the neuron's activation, aggregated, before softmax.
        coverage: what was done to each kind of layer.
        attribution: float32 (rows, columns, channels), raw and signed, never rescaled, at the
            method's own resolution; None for a method that makes a picture.
        image: uint8 (rows, columns, 3), for a method that makes a picture.
        layer: the layer whose map was used, where the method uses one.
        notes: sentences for the reader, e.g. an error that the method estimates of itself.
        details: the method's own figures, by name.
        curve: of a figure over the method's steps.
        parameters: the parameters that differ from the question's, e.g. the samples so far in a
            preview: a question with these gives exactly this answer.
    """

    unit: int
    value: float
    coverage: Coverage
    attribution: np.ndarray | None = None
    image: np.ndarray | None = None
    layer: str | None = None
    notes: tuple[str, ...] = field(default=())
    details: Mapping[str, Any] = field(default_factory=dict)
    curve: Curve | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Method(ABC):
    """A published way to explain a neuron. A subclass declares its facts and overrides `answer`.

    The class attributes are the columns of the thesis' Table 1 and what menus and docs show.

    Attributes:
        name: what `cnnvis.explain(method=…)` takes.
        title: its name in print.
        summary: one line on what its picture shows.
        paper: where it was published.
        section: of the thesis.
        order: place in menus.
        perspective: "image" (what in this picture excites the neuron) or "neuron" (what excites it
            in general).
        acts_on: "one neuron", "a layer" or "the last convolutional layer".
        neurons: which ones, as published: "output", "intermediate", "output and intermediate" or
            "the last convolutional layer".
        gradient_based: whether it uses derivatives.
        resolution: "high" (the input's) or "low".
        needs_training: whether something is fitted for each explanation or beforehand.
        model_dependent: whether it needs a particular architecture.
        networks: which networks it suits, in words.
        weaknesses: known weaknesses, in a sentence or two.
        signed: whether the heatmap, as published, has both signs (another rule of the same method
            may give others).
        unit: the unit of the heatmap's values, for a colour bar.
        quick: whether an answer takes only a few passes.
        random: whether it draws random numbers, so that another seed gives another array.
        parameters: the declared parameters.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    section: ClassVar[str]
    order: ClassVar[int] = 1000
    perspective: ClassVar[str] = "image"
    acts_on: ClassVar[str] = "one neuron"
    neurons: ClassVar[str] = "output and intermediate"
    gradient_based: ClassVar[bool]
    resolution: ClassVar[str]
    needs_training: ClassVar[bool] = False
    model_dependent: ClassVar[bool] = False
    networks: ClassVar[str] = "any"
    weaknesses: ClassVar[str]
    signed: ClassVar[bool] = False
    unit: ClassVar[str]
    quick: ClassVar[bool] = False
    random: ClassVar[bool] = False
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """A subclass that overrides `answer` but not `answers` runs questions one by one."""
        super().__init_subclass__(**options)
        if "answer" in vars(cls) and "answers" not in vars(cls):
            cls.answers = Method.answers  # type: ignore[method-assign]

    @abstractmethod
    def answer(self, question: Question) -> Answer:
        """Compute the attribution, or the picture."""

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """As `answer`, for many pictures; one by one, unless overridden.

        Args:
            questions: at least one, which differ in input, picture, neuron and seed alone; the
                neurons are of one layer and aggregate (`target.kind_of`).

        Returns:
            The answers in order, each that of `answer` to 1e-5 of its largest value.
        """
        return [self.answer(question) for question in questions]

    @property
    def together(self) -> bool:
        """Whether many pictures go through the network in batches."""
        return type(self).answers is not Method.answers

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The published reduction (rows, columns, channels) → (rows, columns)."""
        return np.abs(attribution).max(axis=-1)

    def promised(self, explanation: Explanation) -> float | None:
        """The value that the attributions should add up to (completeness), or None."""
        return None

    def unsuited(self, network: Network) -> str:
        """Why the method cannot be used on this network, and what to use; empty if it can."""
        return ""

    def refusal(self, network: Network, parameters: Mapping[str, Any]) -> str:
        """As `unsuited`, for a method that a parameter can make suitable."""
        return self.unsuited(network)

    def facts(self) -> dict[str, Any]:
        """Everything that the class declares, as plain data."""
        declared = [k for k in Method.__annotations__ if k not in ("parameters", "order")]
        facts = {name: getattr(self, name) for name in declared}
        return {**facts, "parameters": [p.facts() for p in self.parameters]}
