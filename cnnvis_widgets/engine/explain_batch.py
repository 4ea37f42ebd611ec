"""Explains many pictures at once, with the values of `explain`, in few compiled calls."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnvis_widgets import checks
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import kind_of
from cnnvis_widgets.engine.explain import (
    MethodSettings,
    checked_method,
    prepare_question,
    readable_errors,
)
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.methods.batches import BACKWARD, batches
from cnnvis_widgets.methods.contract import Progress
from cnnvis_widgets.methods.explanation import Explanation

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

NeuronArgument = Neuron | int | tuple[str, int] | None


def explain_batch(
    network: Network,
    images: Iterable[Any],
    method: str | Mapping[str, Any] = "grad_cam",
    neuron: NeuronArgument | Sequence[NeuronArgument] = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    at_once: int | None = None,
    **parameters: Any,
) -> list[Explanation]:
    """Explain a neuron on many pictures, the pictures going through the network together.

    Values are those of `explain` on each picture, to 1e-5 of the map's largest value. One compiled
    call takes several pictures with saliency, deconvnet, guided_backprop, guided_grad_cam,
    gradient_input, grad_cam, grad_cam_plus_plus, hires_cam, xgrad_cam, layer_cam, eigen_cam, cam,
    deep_taylor, visual_backprop and attention_rollout; integrated_gradients, gradient_shap,
    smoothgrad, square_grad and var_grad share their batches among the pictures. All other methods
    fill batches with one picture's variants already, or look for a picture step by step: they are
    asked one by one, and so is a network that has a batch of one built in or mixes the pictures of
    a batch.

    Args:
        network: see `explain`.
        images: pictures of any sizes, each as `explain` takes it; or an array (pictures, rows,
            columns, channels).
        method: see `explain`.
        neuron: as `explain` takes it, the same for all pictures (None: each picture's own most
            probable class); or a list of one for each picture.
        seed: see `explain`; every picture's random numbers begin with it.
        progress: called with (pictures done, pictures); an exception raised in it stops the work.
        at_once: how many pictures go through the network together, at least 1. This bounds the
            memory. None is as many as a processor does fastest: five of 224 x 224 pixels, more of
            smaller ones, at most 64; a GPU may like more.
        parameters: the method's own, the same for all pictures.

    Returns:
        An explanation for each picture, in their order.

    Raises:
        UnknownNameError: no such method, parameter, layer, unit or picture.
        InvalidValueError: a value that does not fit, as many neurons as there are no pictures, one
            picture in place of many; a result that is not finite.
        UnsuitableError: the method cannot treat this network or neuron; the message names another.

    Examples:
        >>> pictures = [cnnvis.load_image(name) for name in ("scene:1", "scene:2")]
        >>> explanations = cnnvis.explain_batch(network, pictures, "saliency")
        >>> [explanation.label for explanation in explanations]
        ['striped disc', 'blotched crescent']
        >>> explanations = cnnvis.explain_batch(network, pictures, "grad_cam", neuron=[3, 5])
        >>> [explanation.neuron.unit for explanation in explanations]
        [3, 5]
    """
    explanations = compute_batch(
        network, images, method, neuron, seed, progress, parameters, at_once
    )
    coverage_warnings = (explanation.coverage.warning for explanation in explanations)
    for warning in dict.fromkeys(filter(None, coverage_warnings)):
        warnings.warn(warning, stacklevel=2)
    return explanations


def compute_batch(
    network: Network,
    images: Iterable[Any],
    method: str | Mapping[str, Any],
    neuron: NeuronArgument | Sequence[NeuronArgument],
    seed: int,
    progress: Progress | None,
    parameters: Mapping[str, Any],
    at_once: int | None = None,
) -> list[Explanation]:
    """As `explain_batch`, but without the Python warning."""
    network = getattr(network, "local", network)  # of a `RemoteNetwork`
    settings = checked_method(network, method, seed, parameters)
    pictures = _pictures(images)
    neurons = [network.neuron(single) for single in _neuron_per_picture(neuron, len(pictures))]
    settings.check(network)
    size = None if at_once is None else checks.whole("at_once", at_once, low=1)
    explanations: dict[int, Explanation] = {}
    for indices in _together(neurons, network, size):
        progress_of = _pictures_done(progress, len(explanations), len(pictures))
        pairs = [(pictures[n], neurons[n]) for n in indices]
        explanations.update(
            zip(indices, _explain_batch(network, settings, pairs, progress_of), strict=True)
        )
    if progress:
        progress(len(pictures), len(pictures))
    return [explanations[number] for number in range(len(pictures))]


def _explain_batch(
    network: Network,
    settings: MethodSettings,
    pairs: Sequence[tuple[Any, Neuron | None]],
    progress_of: Callable[[int, int], Progress],
) -> Iterator[Explanation]:
    """Explain the pictures of one batch.

    Args:
        network: the network.
        settings: the method and its parameters.
        pairs: (picture, neuron).
        progress_of: from (first picture, number of pictures) to a progress function.
    """
    method = settings.method
    prepared = []
    for number, (image, neuron) in enumerate(pairs):
        step = progress_of(0, len(pairs)) if method.together else progress_of(number, 1)
        prepared.append(prepare_question(network, image, settings, neuron, step))
    with readable_errors(method, network):
        answers = method.answers([question.question for question in prepared])
    for question, answer in zip(prepared, answers, strict=True):
        yield question.explanation(answer)


def _together(
    neurons: Sequence[Neuron | None], network: Network, at_once: int | None
) -> Iterator[list[int]]:
    """Batches of indices of pictures that can share one compiled function."""
    kinds: dict[Any, list[int]] = {}
    for number, neuron in enumerate(neurons):
        kinds.setdefault(kind_of(neuron), []).append(number)
    for indices in kinds.values():
        for batch in batches(len(indices), network.input_shape, BACKWARD, at_once):
            yield [indices[position] for position in batch]


def _pictures_done(
    progress: Progress | None, done: int, total: int
) -> Callable[[int, int], Progress]:
    """Convert progress of a method's steps into progress in pictures.

    Args:
        progress: the caller's function.
        done: pictures that were done before this batch.
        total: all pictures.

    Returns:
        A function from (first picture of the batch, number of pictures) to a progress function.
    """

    def of(first: int, count: int) -> Progress:
        def step(steps: int, of_all: int) -> None:
            if progress:
                progress(done + first + count * steps // max(of_all, 1), total)

        return step

    return of


def _pictures(images: Any) -> list[Any]:
    """The pictures as a list, not read yet."""
    is_single = isinstance(
        images, (str, bytes, bytearray, memoryview, os.PathLike, Image.Image, Mapping)
    )
    if is_single or not isinstance(images, Iterable) or getattr(images, "ndim", 4) != 4:
        shape = getattr(images, "shape", "")
        raise InvalidValueError(
            "Expected pictures: a list, or an array (pictures, rows, columns, channels); got "
            f"{type(images).__name__}{f' of shape {tuple(shape)}' if shape else ''}. One picture "
            "goes into a list, or to cnnvis.explain."
        )
    return list(np.asarray(images)) if hasattr(images, "ndim") else list(images)


def _neuron_per_picture(neuron: Any, count: int) -> list[Any]:
    """A neuron for each picture."""
    if not isinstance(neuron, (list, np.ndarray)):
        return [neuron] * count
    neurons = neuron.tolist() if isinstance(neuron, np.ndarray) else neuron
    if not isinstance(neurons, list) or len(neurons) != count:
        raise InvalidValueError(
            f"A list of neurons holds one for each picture; got {np.size(neurons)} for {count} "
            "pictures. A single neuron is used for all of them."
        )
    return neurons
