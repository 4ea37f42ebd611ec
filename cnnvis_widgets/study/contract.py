"""What every metric is: facts about itself, and one function from a case to a number."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np

from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.parameter import Parameter, checked

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron

READINGS = ("positive part", "absolute value", "as it is")

NEEDS = {
    "mask": "the mask of what makes the class",
    "other objects": "the masks and output units of other objects in the picture",
    "shortcut": "the mask of a shortcut in the picture",
    "network": "the network, the picture and the neuron",
    "method": "the method, to explain other pictures, neurons, seeds or networks with it",
    "companions": "other pictures, each with its class",
}
"""What a metric can need of a case, in words."""


class Maps(NamedTuple):
    """The maps of an explanation: the heatmap, and the attribution that it was reduced from.

    Attributes:
        heatmap: float32 (rows, columns) at the input's size.
        attribution: float32 (rows, columns, channels), raw and signed, at the method's own
            resolution.
    """

    heatmap: np.ndarray
    attribution: np.ndarray


class Explain(Protocol):
    """The method of a case, its parameters fixed, to be asked again."""

    def __call__(
        self,
        network: Network | None,
        image: np.ndarray,
        neuron: Neuron | None,
        seed: int,
        layer: str | None = None,
    ) -> Maps:
        """Explain.

        Args:
            network: the case's own, or one made from it.
            image: a picture or an input, as `cnnvis.explain` takes it.
            neuron: of that network.
            seed: for methods that draw random numbers.
            layer: for a method that has a parameter of that name; others do not look at it.
        """


class Other(NamedTuple):
    """Another object in the picture: the output unit of its class, and its mask."""

    unit: int
    mask: np.ndarray


class Companion(NamedTuple):
    """Another picture, uint8 (rows, columns, 3), and the output unit of its class."""

    picture: np.ndarray
    unit: int


class Score(NamedTuple):
    """What a metric says of a case.

    Attributes:
        value: the figure; None where it is not defined (`note` says why). Never NaN.
        note: what must be known of it.
        details: figures behind it, e.g. a curve, as plain data.
    """

    value: float | None
    note: str = ""
    details: Mapping[str, Any] = {}


def _unwatched(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Case:
    """One heatmap, and what is known of the picture, the neuron, the network and the method.

    Only the heatmap must be there; each metric says which of the rest it needs.

    Attributes:
        heatmap: float (rows, columns), finite, of any sign.
        mask: bool (rows, columns), what makes the class.
        others: other objects.
        shortcut: bool (rows, columns), what went with the class in training without being it.
        attribution: what the heatmap was reduced from.
        network: the network that was asked.
        image: what it was asked about: uint8 (rows, columns, 3), the crop that it saw, or an input
            of floats.
        neuron: which neuron, its unit known.
        explain: the method.
        companions: other pictures.
        seed: of whatever a metric draws, and of the method's own draws.
        progress: called between steps with (done, total).
        kept: where a metric keeps what serves all cases of one network, e.g. a random copy.
        parameters: the metric's own, checked; filled in by `Metric.measure`.
    """

    heatmap: np.ndarray
    mask: np.ndarray | None = None
    others: tuple[Other, ...] = ()
    shortcut: np.ndarray | None = None
    attribution: np.ndarray | None = None
    network: Network | None = None
    image: np.ndarray | None = None
    neuron: Neuron | None = None
    explain: Explain | None = None
    companions: tuple[Companion, ...] = ()
    seed: int = 0
    progress: Any = _unwatched
    kept: dict[Any, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def has(self) -> set[str]:
        """What of `NEEDS` is there."""
        there = {
            "mask": self.mask is not None,
            "other objects": bool(self.others),
            "shortcut": self.shortcut is not None and bool(np.any(self.shortcut)),
            "network": None not in (self.network, self.neuron) and self.image is not None,
            "method": self.explain is not None,
            "companions": bool(self.companions),
        }
        return {need for need, here in there.items() if here}


class Metric(ABC):
    """A published figure of merit. A subclass declares its facts and overrides `score`.

    Attributes:
        name: what `Study.table(metrics=…)` takes.
        title: its name in print.
        summary: what it asks of a map, in one line.
        paper: where it was published.
        order: place in tables.
        needs: what it needs besides the heatmap, of `NEEDS`.
        better: "higher", "lower", or "neither" where a large value is no merit in itself.
        range: smallest and largest possible value.
        perfect: what a map that is right gets, in words.
        chance: what a map that knows nothing gets, in words.
        reads: what is done with values below zero before anything else, one of `READINGS`.
        of_zeros: the score of a map that is zero everywhere (once read so); None: not defined.
        hit: whether a single score is a hit or a miss, so that a table gives Wilson's interval.
        sensitive: the choices that move the figure, in words.
        parameters: what can be chosen.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    order: ClassVar[int] = 1000
    needs: ClassVar[tuple[str, ...]] = ()
    better: ClassVar[str]
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    perfect: ClassVar[str]
    chance: ClassVar[str]
    reads: ClassVar[str] = "positive part"
    of_zeros: ClassVar[float | None] = None
    hit: ClassVar[bool] = False
    sensitive: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    @abstractmethod
    def score(self, case: Case) -> Score:
        """The figure; the case's heatmap is already read, not all zero, and what it needs is there.

        Where masks are needed, they have the heatmap's size and are neither empty nor everything.
        """

    def measure(self, case: Case, **parameters: Any) -> Score:
        """Check the case, read its heatmap, and score it.

        Raises:
            UnsuitableError: something that the metric needs is not known.
            InvalidValueError: a map that is not finite, or a mask of another size; a parameter that
                does not fit.
            UnknownNameError: a parameter that the metric does not have.
        """
        settings = checked(self.parameters, parameters, self.name)
        if lacking := self.lacks(case):
            wanted = "; ".join(NEEDS[need] for need in lacking)
            raise UnsuitableError(f"{self.title} needs {wanted}.")
        heatmap = self.read(case.heatmap)
        _check_masks(case, heatmap.shape)
        if not heatmap.any():
            why = "negative or zero" if np.any(case.heatmap) else "zero"
            return Score(self.of_zeros, f"the map is {why} everywhere")
        score = self.score(replace(case, heatmap=heatmap, parameters=settings))
        if score.value is not None and not math.isfinite(score.value):
            raise InvalidValueError(f"{self.title} came out as {score.value}.")
        return score

    def lacks(self, case: Case) -> list[str]:
        """What the metric needs and the case does not have; empty if it can be scored."""
        there = case.has()
        return [need for need in self.needs if need not in there]

    def read(self, heatmap: np.ndarray) -> np.ndarray:
        """The heatmap as this metric looks at it: float64 (rows, columns).

        Raises:
            InvalidValueError: not a finite map of rows and columns.
        """
        values = np.asarray(heatmap, np.float64)
        if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
            raise InvalidValueError(
                f"Expected a finite map (rows, columns); got {values.shape}, finite: "
                f"{bool(np.isfinite(values).all())}."
            )
        if self.reads == "as it is":
            return values
        return np.abs(values) if self.reads == "absolute value" else np.maximum(values, 0)

    def facts(self) -> dict[str, Any]:
        """Everything that the class declares, as plain data."""
        declared = [k for k in Metric.__annotations__ if k not in ("parameters", "order")]
        facts = {name: getattr(self, name) for name in declared}
        return {
            **facts,
            "needs": list(self.needs),
            "range": list(self.range),
            "parameters": [p.facts() for p in self.parameters],
        }


def _check_masks(case: Case, shape: tuple[int, ...]) -> None:
    masks = {"mask": case.mask, "shortcut": case.shortcut}
    masks |= {f"mask of another object ({o.unit})": o.mask for o in case.others}
    for what, mask in masks.items():
        if mask is None:
            continue
        if mask.dtype != np.bool_ or mask.shape != shape:
            raise InvalidValueError(
                f"Expected the {what} as bool {shape}, the heatmap's size; got {mask.dtype} "
                f"{mask.shape}."
            )
    if case.mask is not None and (case.mask.all() or not case.mask.any()):
        raise InvalidValueError("The mask covers nothing, or everything: no map can be judged.")


class Scored(NamedTuple):
    """One score of one run.

    Attributes:
        run: network, picture, method and neuron by name; a baseline's name stands for a method.
        metric: its name in the table.
        hit: whether the metric counts hits.
        value: None where it is not defined, or the metric does not suit the case.
        unsuited: why it does not suit; "" if it does.
        note: what must be known of the value.
    """

    run: dict[str, str]
    metric: str
    hit: bool
    value: float | None
    unsuited: str
    note: str
