"""One explanation, in this process: what the widgets, the command line and the user all call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from cnnvis_widgets import checks
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target, described
from cnnvis_widgets.engine.script import Script
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError, gist
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.methods.contract import Answer, Method, Progress, Question
from cnnvis_widgets.methods.explanation import Explanation
from cnnvis_widgets.methods.parameter import checked
from cnnvis_widgets.zoo.images import load_image

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

ExplanationPreview = Callable[[Callable[[], Explanation]], None]
"""Called between steps with a function that gives the explanation so far."""


def explain(
    network: Network,
    image: Any,
    method: str | Mapping[str, Any] = "grad_cam",
    neuron: Neuron | int | tuple[str, int] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    preview: ExplanationPreview | None = None,
    **parameters: Any,
) -> Explanation:
    """Explain one neuron on one picture.

    Args:
        network: the network; `cnnvis.load_network` gives one, `cnnvis.Network(model)` wraps yours.
        image: a picture (uint8 array, or whatever `cnnvis.load_image` takes), which is cropped,
            resized and preprocessed; or a float array of the network's input shape, taken as it is.
        method: a name out of `cnnvis.methods()`, or an entry of that list.
        neuron: None is the most probable class; an int that output unit before softmax; else a
            `cnnvis.Neuron`, a (layer, unit) pair, or a `cnnvis.Target`: one class against another,
            a region of a segmentation map, one of several outputs, a detector's box.
        seed: for methods that draw random numbers: the same seed gives the same array.
        progress: called between steps with (done, total); an exception raised in it stops the work.
        preview: called between steps with a function that gives the explanation so far, for methods
            that improve while they work; what is not called costs nothing.
        parameters: the method's own, see `cnnvis.methods()`.

    Raises:
        UnknownNameError: no such method, parameter, layer, unit or picture.
        InvalidValueError: a value that does not fit; a result that is not finite.
        UnsuitableError: the method cannot treat this network or neuron; the message names another.

    Examples:
        >>> explanation = cnnvis.explain(network, image, method="integrated_gradients", steps=20)
        >>> explanation.attribution.shape, explanation.label
        ((64, 64, 3), 'striped disc')
        >>> cnnvis.explain(network, image, method="saliency", neuron=("block2_conv2", 5)).label
        'unit 5 of block2_conv2'
        >>> cnnvis.explain(network, image, method="grad_camm")
        Traceback (most recent call last):
        cnnvis_widgets.errors.UnknownNameError: There is no method 'grad_camm'. Did you mean ...
    """
    silent = progress or _silent
    explanation = compute(network, image, method, neuron, seed, silent, parameters, preview)
    if explanation.coverage.warning:
        warnings.warn(explanation.coverage.warning, stacklevel=3)  # who called `cnnvis.explain`
    return explanation


def compute(
    network: Network,
    image: Any,
    method: str | Mapping[str, Any],
    neuron: Neuron | int | tuple[str, int] | None,
    seed: int,
    progress: Progress,
    parameters: Mapping[str, Any],
    preview: ExplanationPreview | None = None,
) -> Explanation:
    """As `explain`, without the Python warning: a page shows it beside the picture instead."""
    network = getattr(network, "local", network)  # a `RemoteNetwork` knows where it is
    chosen = chosen_method(network, method, seed, parameters)
    wanted = network.neuron(neuron)
    chosen.check(network)
    asked = asked_of(network, image, chosen, wanted, progress)
    question = asked.question
    if preview is not None:
        question = replace(
            question, preview=lambda make: preview(lambda: asked.explanation(make()))
        )
    with told_as_ours(chosen.method, network):
        return asked.explanation(chosen.method.answer(question))


@dataclass(frozen=True)
class Chosen:
    """How it is to be explained: what pictures and neurons have in common.

    Attributes:
        method: the method.
        parameters: every one's value, checked.
        seed: checked.
    """

    method: Method
    parameters: dict[str, Any]
    seed: int

    def check(self, network: Network) -> None:
        """Raise an UnsuitableError where the method cannot treat the network."""
        if why := self.method.refusal(network, self.parameters):
            raise UnsuitableError(why)


def chosen_method(
    network: Network,
    method: str | Mapping[str, Any],
    seed: int,
    parameters: Mapping[str, Any],
) -> Chosen:
    """A method and its parameters, checked."""
    from cnnvis_widgets.backend.network import Network

    if not isinstance(network, Network):
        raise InvalidValueError(
            f"Expected a cnnvis.Network; got {type(network).__name__}. cnnvis.load_network(name) "
            "gives one, cnnvis.Network(model) wraps a Keras model."
        )
    chosen = method_named(name_of(method))
    settings = checked(chosen.parameters, parameters, chosen.name)
    return Chosen(chosen, settings, checks.whole("seed", seed))


class Asked(NamedTuple):
    """One picture's question, and what makes an explanation of its answer."""

    question: Question
    explanation: Callable[[Answer], Explanation]


def asked_of(
    network: Network, image: Any, chosen: Chosen, neuron: Neuron | None, progress: Progress
) -> Asked:
    """The question about a picture, in any form that `explain` takes.

    Args:
        network: that is explained.
        image: what it is explained on.
        chosen: by what.
        neuron: checked; None is the most probable class.
        progress: called between the method's steps.
    """
    prepared = network.prepare(pixels_of(image))
    question = Question(
        network,
        prepared.input,
        neuron,
        chosen.seed,
        progress,
        dict(chosen.parameters),
        prepared.picture,
    )
    origin = Script.of(network, image, prepared)
    told = network.input_remark(prepared)
    return Asked(
        question, lambda answer: _explanation(question, chosen.method, answer, origin, told)
    )


@contextmanager
def told_as_ours(method: Method, network: Network) -> Iterator[None]:
    """What TensorFlow raises while a method runs, e.g. of a size that the network has built in."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("tensorflow"):
            raise
        raise InvalidValueError(
            f"{method.title} could not be computed on {network.name}: {gist(error)}"
        ) from error


def _explanation(
    question: Question, method: Method, answer: Answer, origin: Script, told: str
) -> Explanation:
    """What the method answered, checked, with all that a reader must know of it."""
    network = question.network
    values = answer.attribution if answer.image is None else answer.image
    if values is None or not np.isfinite(values).all():
        raise InvalidValueError(
            f"{method.title} on {network.name} gave values that are NaN or infinite: the network's "
            "own activations or derivatives overflow on this input."
        )
    notes = [*answer.notes]
    if told:
        notes.insert(0, told)
    if not answer.coverage.complete:
        notes.insert(0, answer.coverage.warning)
    if answer.attribution is not None and not answer.attribution.any():
        zeros = "All zeros: by this method nothing in the picture speaks for this neuron."
        if method.gradient_based and not answer.coverage.complete:
            zeros = "All zeros, which says nothing: the derivative stops on its way. Try occlusion."
        notes.insert(0, zeros)
    neuron = question.neuron or Neuron(None, answer.unit)
    notes[:0] = network.remarks(neuron)
    return Explanation(
        method=method,
        network=network.name,
        neuron=neuron,
        label=describe_neuron(network, neuron),
        value=answer.value,
        attribution=answer.attribution,
        image=answer.image,
        picture=question.picture,
        coverage=answer.coverage,
        parameters={**question.parameters, **answer.parameters},
        seed=question.seed,
        layer=answer.layer,
        notes=tuple(notes),
        input_size=network.input_shape[:2],
        details=answer.details,
        curve=answer.curve,
        script=origin,
    )


def describe_neuron(network: Network, neuron: Neuron) -> str:
    """The neuron in words: its class, or its unit and layer."""
    if isinstance(neuron, Target):
        names = {u: network.label(u) if neuron.layer is None else f"unit {u}" for u in neuron.units}
        text = described(neuron, names)
        return text if neuron.layer is None else f"{text} of {neuron.layer.replace(':', ' ')}"
    if neuron.layer is None:
        text = network.label(neuron.unit)
    else:
        text = f"unit {neuron.unit} of {neuron.layer}"
    if neuron.position is not None:
        return f"{text} at {', '.join(map(str, neuron.position))}"
    return text if neuron.aggregate == "sum" else f"{text} ({neuron.aggregate})"


def pixels_of(image: Any) -> np.ndarray:
    """A float array (or tensor) as it is, everything else as `load_image` reads it."""
    pictures = (str, bytes, bytearray, memoryview, os.PathLike, Image.Image)
    if hasattr(image, "__array__") and not isinstance(image, pictures):
        image = np.asarray(image)
        if np.issubdtype(image.dtype, np.floating):
            return image
    return load_image(image)


def name_of(method: str | Mapping[str, Any]) -> str:
    """A method's name; an entry of `cnnvis.methods()` says its own."""
    named = isinstance(method, Mapping) and "name" in method
    return str(method["name"]) if named else method  # type: ignore[index, return-value]


def _silent(done: int, total: int) -> None:
    pass
