"""What a library is asked, and what it answers."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cnnvis_widgets.errors import gist


@dataclass(frozen=True)
class Settings:
    """What both sides are told, so that they compute the same as far as they can.

    Attributes:
        steps: of integrated gradients.
        samples: noisy copies of SmoothGrad.
        noise: standard deviation of its noise, as a share of the input's range.
        sigma: the same in units of the input.
        channels: how many maps Score-CAM tries, those that vary most.
        masks: of RISE.
        grid: cells along each side of a RISE mask.
        share: of the cells that show the picture.
        patch: side of occlusion's square, in pixels.
        stride: from one square to the next.
        seed: of random numbers.
        black: float32 (rows, columns, channels), the input of a black picture: the baseline of
            integrated gradients.
        grey: the same of a grey one, which covers in occlusion and RISE.
    """

    steps: int
    samples: int
    noise: float
    sigma: float
    channels: int
    masks: int
    grid: int
    share: float
    patch: int
    stride: int
    seed: int
    black: np.ndarray
    grey: np.ndarray


@dataclass(frozen=True)
class Task:
    """One network, picture and class, for a library.

    Attributes:
        model: a Keras model of the library's own, which it may change.
        input: float32 (rows, columns, channels), what the network computes on.
        unit: the output unit that is explained.
        units: how many there are.
        layer: of the Grad-CAM family.
        settings: see `Settings`.
        wanted: float32 (units,), what the model must answer to the input.
        original: the file of weights of the same network in PyTorch; None if there is none.
        seconds: how long the library may take in all.
    """

    model: Any
    input: np.ndarray
    unit: int
    units: int
    layer: str
    settings: Settings
    wanted: np.ndarray
    original: Path | None = None
    seconds: float = 600.0

    @property
    def batch(self) -> np.ndarray:
        """The input as a batch of one."""
        return self.input[None]

    @property
    def one_hot(self) -> np.ndarray:
        """The output unit as float32 (1, units)."""
        return np.eye(1, self.units, self.unit, dtype=np.float32)


@dataclass(frozen=True)
class Outcome:
    """What a library answered.

    Attributes:
        values: float32, without the axis of the batch; None where it raised or was not asked.
        error: why there are no values, in one line.
        seconds: how long it took.
        reached: the layers at which its rule for ReLUs was found in the model that it made of its
            copy; None where it has no such rule.
        said: its own warnings.
    """

    values: np.ndarray | None = None
    error: str = ""
    seconds: float = 0.0
    reached: tuple[str, ...] | None = None
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counterpart:
    """A library's form of one of our methods.

    Attributes:
        method: ours, as `cnnvis.explain` takes it.
        call: how theirs is called, in code.
        run: theirs; a `Task` to an array (or an array and the layers that its rule reached). None
            for a library that is asked in a process of its own.
        form: what of ours is laid beside it, a key of `forms.FORMS`.
        differences: keys of `differences.KNOWN`, the likeliest first.
        chance: whether it draws random numbers that ours cannot draw again.
        on_given: whether it is also tried on the model as it is, softmax included.
    """

    method: str
    call: str
    run: Callable[[Task], Any] | None
    form: str
    differences: tuple[str, ...] = ()
    chance: bool = False
    on_given: bool = False


class Library(ABC):
    """Another library.

    Attributes:
        name: as `--library` takes it, and as it is printed.
        distribution: as pip knows it.
        install: the commands that install it beside this package.
        order: place in tables.
        own_process: whether it keeps its copy of the network in a process of its own.
        advice: what its guide says of models that end in softmax, in code; "" if nothing.
    """

    name: ClassVar[str]
    distribution: ClassVar[str]
    install: ClassVar[str]
    order: ClassVar[int] = 1000
    own_process: ClassVar[bool] = False
    advice: ClassVar[str] = ""

    @property
    @abstractmethod
    def counterparts(self) -> tuple[Counterpart, ...]:
        """Its forms of our methods."""

    def version(self) -> str | None:
        """The version that is installed; None if none is."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    def missing(self) -> str:
        """What else must be installed to ask it, in a sentence; "" if nothing."""
        return ""

    def prepare(self, task: Task) -> str:
        """Called before the first method.

        Returns:
            How the network came to the library, in a sentence; "" where there is nothing to tell.

        Raises:
            UnsuitableError: the library cannot be given this network.
        """
        return ""

    def follow_advice(self, model: Any) -> None:
        """Change a model that ends in softmax as its guide says; see `advice`.

        Args:
            model: a Keras model of the library's own.
        """
        raise NotImplementedError(f"{self.name} says nothing of softmax")

    def close(self) -> None:  # noqa: B027  most keep nothing that has to be closed
        """Called after the last method."""

    def ask(self, counterpart: Counterpart, task: Task) -> Outcome:
        """Run one method; whatever it raises becomes an `Outcome` with an error."""
        assert counterpart.run is not None, "a library with a process of its own asks that"
        start, reached = time.perf_counter(), None
        with _listening() as caught:
            try:
                answer = counterpart.run(task)
                if isinstance(answer, tuple):
                    answer, reached = answer
                values = np.asarray(answer, np.float32)
            except Exception as error:
                took = time.perf_counter() - start
                return Outcome(error=f"{type(error).__name__}: {gist(error)}", seconds=took)
        said = dict.fromkeys(
            " ".join(str(one.message).split()) for one in caught if _is_for_users(one)
        )
        took = time.perf_counter() - start
        return Outcome(values, "", took, reached, tuple(said))


@contextlib.contextmanager
def _listening() -> Iterator[list[warnings.WarningMessage]]:
    """Keep what a library says off the terminal: its warnings, bars and TensorFlow's advice."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("always")
            yield caught
    finally:
        logger.setLevel(level)


def _is_for_users(warning: warnings.WarningMessage) -> bool:
    return not issubclass(warning.category, DeprecationWarning | PendingDeprecationWarning)


@dataclass(frozen=True)
class Case:
    """What is compared: one network, picture and class.

    Attributes:
        network: a `cnnvis.Network` with one output of (batch, units).
        image: as `cnnvis.explain` takes it.
        unit: the output unit.
        layer: of the Grad-CAM family; "" where the network has no layer for it.
        settings: for both sides.
    """

    network: Any
    image: Any
    unit: int
    layer: str
    settings: Settings
