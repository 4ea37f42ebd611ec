"""The contract of the zoo's networks: facts, construction and weights. No TensorFlow here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnvis_widgets.errors import FileError, UnknownNameError
from cnnvis_widgets.zoo import weights as files
from cnnvis_widgets.zoo.weights import Fetching, LocalWeights, WeightFile

if TYPE_CHECKING:
    import keras


class Architecture(ABC):
    """A published network. A subclass declares its facts, builds the model, finds its weights.

    Attributes:
        name: what `cnnvis.load_network` takes.
        title: its name in print.
        paper: where it was published.
        note: one line for a menu.
        order: place in menus.
        weights: "bundled", "extra" (in an optional package), "fetched" (once, from the internet or
            a folder) or "none" (architecture only).
        parameters: the number of weights.
        file: the published file of weights, if they are fetched.
        input_shape: (rows, columns, channels).
        labels: "imagenet", "drawn", "digits", or "" for none; see `labels.labels_of`.
        versions: other bundled weights: the name that `weights=` takes → what they were trained
            on. "mini_vgg:cheating", a network's name and a version, means the same.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    note: ClassVar[str]
    order: ClassVar[int] = 1000
    weights: ClassVar[str]
    parameters: ClassVar[int]
    file: ClassVar[WeightFile | None] = None
    input_shape: ClassVar[tuple[int, int, int]]
    labels: ClassVar[str] = "imagenet"
    versions: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map float32 pixels (rows, columns, channels) of 0..255 to the network's input."""

    @abstractmethod
    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""

    def find_weights(
        self, folder: Path | None, progress: Fetching | None = None
    ) -> LocalWeights | None:
        """Find the published weights before TensorFlow is loaded; fetch them if necessary.

        Args:
            folder: where to look for the file; None for the default folders.
            progress: called while the file is fetched; None draws a bar on stderr.

        Returns:
            The file and what it was trained on; None if there are no weights.

        Raises:
            FileError: they are missing; the message says how to get them.
        """
        return None

    def find_version(self, version: str) -> LocalWeights:
        """Find the weights of one of `versions`.

        Raises:
            UnknownNameError: there is no such version.
        """
        raise UnknownNameError.of(f"version of {self.name}", version, self.versions)

    def read_weights(self, model: keras.Model, path: Path) -> None:
        """Load the published weights in `path` into `model`, as `build` returns it.

        Raises:
            FileError: the file is damaged or not the expected one.
        """
        files.read(model, path)

    def available(self, folder: Path | None = None) -> str:
        """Why the weights are not available offline; empty if they are. Fast."""
        return ""

    def facts(self) -> dict[str, Any]:
        """Everything that the class declares, as plain data."""
        facts = {name: getattr(self, name) for name in Architecture.__annotations__}
        return {**facts, "file": self.file and self.file._asdict()}


class FetchedArchitecture(Architecture):
    """A network whose weights are a published file, fetched once or found in a folder."""

    weights = "fetched"
    file: ClassVar[WeightFile]

    def find_weights(self, folder: Path | None, progress: Fetching | None = None) -> LocalWeights:
        """Find or fetch the file. A file in the user's own folder is accepted and labelled so."""
        if folder is None:
            return files.obtain(self.file, self.title, self.name, progress)
        path = folder / self.file.name
        if not path.is_file():
            raise FileError(
                f"{self.file.name} was expected in {str(folder)!r}; {files.listed(folder)}."
            )
        return LocalWeights(path, files.origin(self.file, path))

    def available(self, folder: Path | None = None) -> str:
        """Empty if the file is in `folder`, or in one of the default folders."""
        if folder is not None:
            exists = (folder / self.file.name).is_file()
            return "" if exists else f"{self.file.name} is not in {str(folder)!r}"
        if files.find(self.file):
            return ""
        return f"not downloaded ({self.file.megabytes}). Run `cnnvis models fetch {self.name}`"
