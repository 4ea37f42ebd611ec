"""Computes an explanation in this process, for widgets, command line and users alike."""

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
    """As `explain`, but without the Python warning, which a page shows beside the picture."""
    network = getattr(network, "local", network)  # of a `RemoteNetwork`
    settings = checked_method(network, method, seed, parameters)
    target = network.neuron(neuron)
    settings.check(network)
    prepared = prepare_question(network, image, settings, target, progress)
    question = prepared.question
    if preview is not None:
        question = replace(
            question, preview=lambda make: preview(lambda: prepared.explanation(make()))
        )
    with readable_errors(settings.method, network):
        return prepared.explanation(settings.method.answer(question))


@dataclass(frozen=True)
class MethodSettings:
    """A method with checked parameters, for any picture and neuron.

    Attributes:
        method: the method.
        parameters: the value of each parameter.
        seed: of the random numbers.
    """

    method: Method
    parameters: dict[str, Any]
    seed: int

    def check(self, network: Network) -> None:
        """Raise an UnsuitableError if the method cannot be applied to the network."""
        if message := self.method.refusal(network, self.parameters):
            raise UnsuitableError(message)


def checked_method(
    network: Network,
    method: str | Mapping[str, Any],
    seed: int,
    parameters: Mapping[str, Any],
) -> MethodSettings:
    """Check a method's name and parameters."""
    from cnnvis_widgets.backend.network import Network

    if not isinstance(network, Network):
        raise InvalidValueError(
            f"Expected a cnnvis.Network; got {type(network).__name__}. cnnvis.load_network(name) "
            "gives one, cnnvis.Network(model) wraps a Keras model."
        )
    instance = method_named(name_of(method))
    values = checked(instance.parameters, parameters, instance.name)
    return MethodSettings(instance, values, checks.whole("seed", seed))


class PreparedQuestion(NamedTuple):
    """A question about one picture, and a function from its answer to the explanation."""

    question: Question
    explanation: Callable[[Answer], Explanation]


def prepare_question(
    network: Network,
    image: Any,
    settings: MethodSettings,
    neuron: Neuron | None,
    progress: Progress,
) -> PreparedQuestion:
    """Prepare the question about a picture.

    Args:
        network: the network to explain.
        image: anything that `explain` takes.
        settings: the method and its parameters.
        neuron: a checked neuron; None is the most probable class.
        progress: called between the method's steps.
    """
    prepared = network.prepare(pixels_of(image))
    question = Question(
        network,
        prepared.input,
        neuron,
        settings.seed,
        progress,
        dict(settings.parameters),
        prepared.picture,
    )
    origin = Script.of(network, image, prepared)
    remark = network.input_remark(prepared)
    return PreparedQuestion(
        question, lambda answer: _explanation(question, settings.method, answer, origin, remark)
    )


@contextmanager
def readable_errors(method: Method, network: Network) -> Iterator[None]:
    """Turn errors of TensorFlow (e.g. of a fixed size in the network) into InvalidValueErrors."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("tensorflow"):
            raise
        raise InvalidValueError(
            f"{method.title} could not be computed on {network.name}: {gist(error)}"
        ) from error


def _explanation(
    question: Question, method: Method, answer: Answer, origin: Script, remark: str
) -> Explanation:
    """Check a method's answer and add the notes that a reader needs."""
    network = question.network
    values = answer.attribution if answer.image is None else answer.image
    if values is None or not np.isfinite(values).all():
        raise InvalidValueError(
            f"{method.title} on {network.name} gave values that are NaN or infinite: the network's "
            "own activations or derivatives overflow on this input."
        )
    notes = [*answer.notes]
    if remark:
        notes.insert(0, remark)
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
    """Describe a neuron in words: its class, or its unit and layer."""
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
    """A float array or tensor as it is; anything else as `load_image` reads it."""
    pictures = (str, bytes, bytearray, memoryview, os.PathLike, Image.Image)
    if hasattr(image, "__array__") and not isinstance(image, pictures):
        image = np.asarray(image)
        if np.issubdtype(image.dtype, np.floating):
            return image
    return load_image(image)


def name_of(method: str | Mapping[str, Any]) -> str:
    """The name of a method that is given by name or as an entry of `cnnvis.methods()`."""
    is_entry = isinstance(method, Mapping) and "name" in method
    return str(method["name"]) if is_entry else method  # type: ignore[index, return-value]


def _silent(done: int, total: int) -> None:
    pass
