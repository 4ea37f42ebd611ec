"""Requests for a visitor's own model: read its file, try each preprocessing, use it.

They are always answered in the page's own process, never by a shared engine: the model stays with
the page that uploaded it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnvis_widgets.backend import pixels
from cnnvis_widgets.backend.preprocessing import NAMED
from cnnvis_widgets.backend.records import Prediction
from cnnvis_widgets.engine.requests import Image, Library, Preview, Step, as_pixels, no_preview
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.zoo.labels import imagenet_labels, read_labels
from cnnvis_widgets.zoo.loading import SUFFIXES

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

__all__ = ["SUFFIXES", "ReadModel", "ReadResult", "TryInputs", "UseModel", "read_labels"]

COLOUR, GREY = ("0..1", "-1..1", "0..255", "caffe", "torch"), ("0..1", "-1..1", "0..255")
"""The preprocessings for networks with colour input, and with grey input."""


class ReadResult(NamedTuple):
    """A model read from a file.

    Attributes:
        network: the network, without preprocessing (pixels of 0..255).
        guess: the most likely one of `inputs`.
        why: the reason for the guess, a sentence.
        known: whether the file proves the guess.
        inputs: names of the possible preprocessings.
        shape: (rows, columns, channels) of its input.
        units: the number of output units; 0 if it has several outputs.
        labels: ImageNet's, if the layers are those of a published network with its 1000 classes.
    """

    network: Network
    guess: str
    why: str
    known: bool
    inputs: tuple[str, ...]
    shape: tuple[int, int, int]
    units: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class ReadModel:
    """Read a Keras file.

    Attributes:
        path: of the file.
        name: the file's name for messages, with its ending.
    """

    path: Path
    name: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> ReadResult:
        """See `ReadResult`.

        Raises:
            FileError: not a model, or one that cannot be loaded.
            InvalidValueError: a model without a single image input.
        """
        from cnnvis_widgets.zoo.loading import read_model

        step(0, 2)
        model = read_model(self.path, self.name)
        step(1, 2)
        from cnnvis_widgets.backend.backbones import backbone, guess_preprocessing
        from cnnvis_widgets.backend.network import Network

        network = Network(model, "0..255", name=Path(self.name).stem)
        shape = network.input_shape
        inputs = COLOUR if shape[2] == 3 else GREY
        guess = guess_preprocessing(model)
        likely = next((name for name in inputs if NAMED[name] is NAMED[guess.preprocess]), "0..1")
        units = 0 if network.several_outputs else network.units
        published = backbone(model) is not None and units == len(imagenet_labels())
        labels = imagenet_labels() if published else ()
        return ReadResult(network, likely, guess.why, guess.certain, inputs, shape, units, labels)


@dataclass(frozen=True)
class TryInputs:
    """Predict a picture's classes with several preprocessings.

    Attributes:
        network: a network without preprocessing.
        inputs: names of `preprocessing.NAMED`.
        top: how many predictions with each.
    """

    network: Network = field(repr=False)
    image: Image = field(repr=False)
    inputs: tuple[str, ...]
    top: int = 3

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> dict[str, list[Prediction]]:
        """Name → the most probable classes; empty for a network with several outputs."""
        predictions: dict[str, list[Prediction]] = {}
        for number, name in enumerate(self.inputs):
            step(number, len(self.inputs))
            if self.network.several_outputs:
                predictions[name] = []
                continue
            shape = self.network.input_shape
            prepared = pixels.prepare(as_pixels(self.image), shape, NAMED[name])
            predictions[name] = self.network.predict(prepared.input, self.top)
        return predictions


@dataclass(frozen=True)
class UseModel:
    """Combine a model with a preprocessing and with names of its outputs.

    Attributes:
        network: of a `ReadResult`.
        preprocess: one of `ReadResult.inputs`.
        labels: a name for each output; empty for numbers.
        name: the file's name in the code that a page shows.
    """

    network: Network = field(repr=False)
    preprocess: str
    labels: tuple[str, ...] = field(repr=False)
    name: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Network:
        """The network.

        Raises:
            InvalidValueError: the numbers of names and outputs differ.
        """
        from cnnvis_widgets.backend.network import Network

        if message := label_count_error(self.network.units, self.labels):
            raise InvalidValueError(message)
        step(0, 1)
        code = f"cnnvis.load_network({self.name!r}, preprocess={self.preprocess!r})"
        title, labels = self.network.name, self.labels or None
        return Network(self.network.model, self.preprocess, labels, title, code=code)


def label_count_error(units: int, labels: tuple[str, ...]) -> str:
    """The error if the numbers of names and outputs differ; "" if not, or without names."""
    if not labels or len(labels) == units:
        return ""
    return (
        f"It has {len(labels)} names, and the network has {units} outputs. Expected one name for "
        "each output, in their order."
    )
