"""The interface of other libraries: tasks and outcomes."""

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
    """Settings for both sides, so that they compute the same as far as possible.

    Attributes:
        steps: of integrated gradients.
        samples: noisy copies of SmoothGrad.
        noise: standard deviation of its noise, as a share of the input's range.
        sigma: the same in units of the input.
        channels: how many maps Score-CAM uses, those with the largest deviation.
        masks: of RISE.
        grid: cells along each side of a RISE mask.
        share: of the mask's cells that show the picture.
        patch: side of occlusion's square in pixels.
        stride: between squares.
        seed: of random numbers.
        black: float32 (rows, columns, channels), the input of a black picture: the baseline of
            integrated gradients.
        grey: the input of a grey picture, which occlusion and RISE cover with.
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
    """A network, picture and class for a library.

    Attributes:
        model: a Keras model that the library may change.
        input: float32 (rows, columns, channels), the network's input.
        unit: the explained output unit.
        units: the number of output units.
        layer: of the Grad-CAM family.
        settings: see `Settings`.
        expected: float32 (units,), the model's correct output for the input.
        original: the file of the weights for PyTorch, or None.
        seconds: the library's time limit for all methods.
    """

    model: Any
    input: np.ndarray
    unit: int
    units: int
    layer: str
    settings: Settings
    expected: np.ndarray
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
    """The result of a library's method.

    Attributes:
        values: float32, without the batch axis; None after an error, or if it did not run.
        error: why there are no values, in one line.
        seconds: its time.
        reached: the layers with its rule for ReLUs in the library's model; None without a rule.
        warnings: the library's warnings.
    """

    values: np.ndarray | None = None
    error: str = ""
    seconds: float = 0.0
    reached: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counterpart:
    """A library's implementation of one of our methods.

    Attributes:
        method: our method's name.
        call: code that calls theirs.
        run: from a `Task` to an array (or to an array and the layers that its rule reached); None
            for a library in a separate process.
        form: the form of our map for the comparison, a key of `forms.FORMS`.
        differences: keys of `differences.KNOWN`, the most likely first.
        chance: whether it uses random numbers that we cannot reproduce.
        on_given: whether it is also run on the unmodified model, with its softmax.
    """

    method: str
    call: str
    run: Callable[[Task], Any] | None
    form: str
    differences: tuple[str, ...] = ()
    chance: bool = False
    on_given: bool = False


class Library(ABC):
    """Base class of other libraries.

    Attributes:
        name: for `--library`, and printed.
        distribution: its name on PyPI.
        install: the commands that install it.
        order: position in tables.
        own_process: whether it runs in a separate process.
        advice: code of its guide for models that end in softmax, or "".
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
        """Its implementations of our methods."""

    def version(self) -> str | None:
        """The installed version, or None."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    def missing(self) -> str:
        """What else must be installed, in a sentence, or ""."""
        return ""

    def prepare(self, task: Task) -> str:
        """Called before the first method.

        Returns:
            How the library got the network, in a sentence, or "".

        Raises:
            UnsuitableError: the library cannot use this network.
        """
        return ""

    def follow_advice(self, model: Any) -> None:
        """Apply `advice` to a model that ends in softmax.

        Args:
            model: a Keras model that may be changed.
        """
        raise NotImplementedError(f"{self.name} says nothing of softmax")

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Called after the last method."""

    def ask(self, counterpart: Counterpart, task: Task) -> Outcome:
        """Run one method; exceptions become an `Outcome` with an error."""
        assert counterpart.run is not None, "a library with a process of its own asks that"
        start, reached = time.perf_counter(), None
        with _listening() as caught:
            try:
                answer = counterpart.run(task)
                if isinstance(answer, tuple):
                    answer, reached = answer
                values = np.asarray(answer, np.float32)
            except Exception as error:
                seconds = time.perf_counter() - start
                return Outcome(error=f"{type(error).__name__}: {gist(error)}", seconds=seconds)
        messages = dict.fromkeys(
            " ".join(str(warning.message).split()) for warning in caught if _is_for_users(warning)
        )
        seconds = time.perf_counter() - start
        return Outcome(values, "", seconds, reached, tuple(messages))


@contextlib.contextmanager
def _listening() -> Iterator[list[warnings.WarningMessage]]:
    """Capture a library's warnings, and silence its output and TensorFlow's."""
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
    """A comparison's network, picture and class.

    Attributes:
        network: a `cnnvis.Network` with one output of (batch, units).
        image: see `cnnvis.explain`.
        unit: the output unit.
        layer: of the Grad-CAM family; "" if the network has no such layer.
        settings: for both sides.
    """

    network: Any
    image: Any
    unit: int
    layer: str
    settings: Settings
