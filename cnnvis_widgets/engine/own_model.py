"""A visitor's own model: read from its file, tried with each way to prepare a picture, and used.

These requests are answered in the process that asks, also beside a shared engine: the model stays
with the page that brought it.
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

__all__ = ["SUFFIXES", "Read", "ReadModel", "TryInputs", "UseModel", "read_labels"]

COLOUR, GREY = ("0..1", "-1..1", "0..255", "caffe", "torch"), ("0..1", "-1..1", "0..255")
"""How a picture may be prepared for a network that takes colours, and for one that takes greys."""


class Read(NamedTuple):
    """A model that was read.

    Attributes:
        network: it, given pixels of 0..255 as they are.
        guess: the one of `inputs` that is most likely right.
        why: what says so, in a sentence.
        known: whether something in the file says so.
        inputs: the names of the ways to prepare a picture for it.
        shape: (rows, columns, channels) of its input.
        units: how many output units there are; 0 where it has several outputs.
        labels: ImageNet's, where the layers are those of a published network with its 1000 classes.
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
        path: where it is.
        name: what to call it, its ending included.
    """

    path: Path
    name: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Read:
        """See `Read`.

        Raises:
            FileError: it is no model that can be loaded.
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
        same = next((name for name in inputs if NAMED[name] is NAMED[guess.preprocess]), "0..1")
        units = 0 if network.several_outputs else network.units
        published = backbone(model) is not None and units == len(imagenet_labels())
        labels = imagenet_labels() if published else ()
        return Read(network, same, guess.why, guess.certain, inputs, shape, units, labels)


@dataclass(frozen=True)
class TryInputs:
    """What a network says of a picture that is prepared in several ways.

    Attributes:
        network: given pixels as they are.
        inputs: names of `preprocessing.NAMED`.
        top: how many predictions of each.
    """

    network: Network = field(repr=False)
    image: Image = field(repr=False)
    inputs: tuple[str, ...]
    top: int = 3

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> dict[str, list[Prediction]]:
        """Name → its most probable classes; none of a network with several outputs."""
        made: dict[str, list[Prediction]] = {}
        for number, name in enumerate(self.inputs):
            step(number, len(self.inputs))
            if self.network.several_outputs:
                made[name] = []
                continue
            shape = self.network.input_shape
            prepared = pixels.prepare(as_pixels(self.image), shape, NAMED[name])
            made[name] = self.network.predict(prepared.input, self.top)
        return made


@dataclass(frozen=True)
class UseModel:
    """A model with the way to prepare its pictures and the names of its outputs.

    Attributes:
        network: as `Read` has it.
        preprocess: one of `Read.inputs`.
        labels: one name for each output; none for numbers.
        name: what to call the file in the code that a page shows.
    """

    network: Network = field(repr=False)
    preprocess: str
    labels: tuple[str, ...] = field(repr=False)
    name: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Network:
        """The network.

        Raises:
            InvalidValueError: another number of names than of outputs.
        """
        from cnnvis_widgets.backend.network import Network

        if why := wrong_number(self.network.units, self.labels):
            raise InvalidValueError(why)
        step(0, 1)
        code = f"cnnvis.load_network({self.name!r}, preprocess={self.preprocess!r})"
        title, labels = self.network.name, self.labels or None
        return Network(self.network.model, self.preprocess, labels, title, code=code)


def wrong_number(units: int, labels: tuple[str, ...]) -> str:
    """Why names are not those of so many outputs; "" where they may be, and for none."""
    if not labels or len(labels) == units:
        return ""
    return (
        f"It has {len(labels)} names, and the network has {units} outputs. Expected one name for "
        "each output, in their order."
    )
