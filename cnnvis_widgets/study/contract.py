"""The base class of metrics: facts about the metric, and a function from a case to a score."""

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
"""The data that a metric can need of a case, in words."""


class Maps(NamedTuple):
    """An explanation's heatmap, and the attribution that it was reduced from.

    Attributes:
        heatmap: float32 (rows, columns) at the input's size.
        attribution: float32 (rows, columns, channels), raw and signed, at the method's own
            resolution.
    """

    heatmap: np.ndarray
    attribution: np.ndarray


class Explain(Protocol):
    """A method with fixed parameters, to compute further explanations with."""

    def __call__(
        self,
        network: Network | None,
        image: np.ndarray,
        neuron: Neuron | None,
        seed: int,
        layer: str | None = None,
    ) -> Maps:
        """Compute an explanation.

        Args:
            network: the case's network, or one derived from it.
            image: a picture or an input, as `cnnvis.explain` takes it.
            neuron: a neuron of that network.
            seed: of the method's random numbers.
            layer: for methods with a parameter of that name; others ignore it.
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
    """A metric's result for a case.

    Attributes:
        value: None if it is undefined (`note` says why); never NaN.
        note: a remark on the value.
        details: intermediate values, e.g. a curve, as plain data.
    """

    value: float | None
    note: str = ""
    details: Mapping[str, Any] = {}


def _unwatched(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Case:
    """A heatmap, and optional data about the picture, the neuron, the network and the method.

    Only the heatmap is required; each metric declares what else it needs.

    Attributes:
        heatmap: float (rows, columns), finite, of any sign.
        mask: bool (rows, columns), the evidence of the class.
        others: other objects in the picture.
        shortcut: bool (rows, columns), a spurious feature that came with the class in training.
        attribution: the array that the heatmap was reduced from.
        network: the explained network.
        image: uint8 (rows, columns, 3), the network's input as a picture, or an input of floats.
        neuron: the explained neuron, with its unit.
        explain: the method.
        companions: other pictures.
        seed: of the random numbers of metric and method.
        progress: called between steps with (done, total).
        cache: values that a metric shares between all cases of a network, e.g. a random copy.
        parameters: the metric's checked parameters; set by `Metric.measure`.
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
    cache: dict[Any, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def has(self) -> set[str]:
        """The keys of `NEEDS` that the case has."""
        available = {
            "mask": self.mask is not None,
            "other objects": bool(self.others),
            "shortcut": self.shortcut is not None and bool(np.any(self.shortcut)),
            "network": None not in (self.network, self.neuron) and self.image is not None,
            "method": self.explain is not None,
            "companions": bool(self.companions),
        }
        return {name for name, is_available in available.items() if is_available}


class Metric(ABC):
    """A published metric. A subclass declares its facts and overrides `score`.

    Attributes:
        name: what `Study.table(metrics=…)` takes.
        title: its printed name.
        summary: what it measures, in one line.
        paper: the publication.
        order: position in tables.
        needs: keys of `NEEDS` that it needs besides the heatmap.
        better: "higher", "lower" or "neither".
        range: smallest and largest possible value.
        perfect: the score of a perfect map, in words.
        chance: the score of an uninformative map, in words.
        reads: how negative values are treated, one of `READINGS`.
        of_zeros: the score of a map that is zero everywhere after that; None: undefined.
        hit: whether a score is a hit or a miss, so that tables give Wilson's interval.
        sensitive: the choices that affect the score, in words.
        parameters: the metric's parameters.
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
        """Score a case that has what the metric needs; its heatmap went through `read`, is not 0.

        Masks have the heatmap's size and are neither empty nor full.
        """

    def measure(self, case: Case, **parameters: Any) -> Score:
        """Check the case, read its heatmap, and score it.

        Raises:
            UnsuitableError: the case lacks something that the metric needs.
            InvalidValueError: a map that is not finite, a mask of another size, or an invalid
                parameter.
            UnknownNameError: an unknown parameter.
        """
        settings = checked(self.parameters, parameters, self.name)
        if missing := self.lacks(case):
            missing_words = "; ".join(NEEDS[need] for need in missing)
            raise UnsuitableError(f"{self.title} needs {missing_words}.")
        heatmap = self.read(case.heatmap)
        _check_masks(case, heatmap.shape)
        if not heatmap.any():
            sign = "negative or zero" if np.any(case.heatmap) else "zero"
            return Score(self.of_zeros, f"the map is {sign} everywhere")
        score = self.score(replace(case, heatmap=heatmap, parameters=settings))
        if score.value is not None and not math.isfinite(score.value):
            raise InvalidValueError(f"{self.title} came out as {score.value}.")
        return score

    def lacks(self, case: Case) -> list[str]:
        """The needs of the metric that the case does not have."""
        available = case.has()
        return [need for need in self.needs if need not in available]

    def read(self, heatmap: np.ndarray) -> np.ndarray:
        """The heatmap after `reads` was applied: float64 (rows, columns).

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
        """The class' declarations as plain data."""
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
    for description, mask in masks.items():
        if mask is None:
            continue
        if mask.dtype != np.bool_ or mask.shape != shape:
            raise InvalidValueError(
                f"Expected the {description} as bool {shape}, the heatmap's size; got {mask.dtype} "
                f"{mask.shape}."
            )
    if case.mask is not None and (case.mask.all() or not case.mask.any()):
        raise InvalidValueError("The mask covers nothing, or everything: no map can be judged.")


class Scored(NamedTuple):
    """A score of a run.

    Attributes:
        run: network, picture, method and neuron by name; a baseline's name stands for a method.
        metric: its name in the table.
        hit: whether the metric counts hits.
        value: None if it is undefined, or if the metric cannot be applied.
        unsuited: why the metric cannot be applied, or "".
        note: a remark on the value.
    """

    run: dict[str, str]
    metric: str
    hit: bool
    value: float | None
    unsuited: str
    note: str
