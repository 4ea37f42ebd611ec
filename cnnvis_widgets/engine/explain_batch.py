"""Many pictures explained at once: each as `explain` would, in few compiled calls."""

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
from cnnvis_widgets.engine.explain import Chosen, asked_of, chosen_method, told_as_ours
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.methods.batches import BACKWARD, batches
from cnnvis_widgets.methods.contract import Progress
from cnnvis_widgets.methods.explanation import Explanation

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

One = Neuron | int | tuple[str, int] | None


def explain_batch(
    network: Network,
    images: Iterable[Any],
    method: str | Mapping[str, Any] = "grad_cam",
    neuron: One | Sequence[One] = None,
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
    told = (explanation.coverage.warning for explanation in explanations)
    for warning in dict.fromkeys(filter(None, told)):
        warnings.warn(warning, stacklevel=2)
    return explanations


def compute_batch(
    network: Network,
    images: Iterable[Any],
    method: str | Mapping[str, Any],
    neuron: One | Sequence[One],
    seed: int,
    progress: Progress | None,
    parameters: Mapping[str, Any],
    at_once: int | None = None,
) -> list[Explanation]:
    """As `explain_batch`, without the Python warning."""
    network = getattr(network, "local", network)  # a `RemoteNetwork` is loaded here for it
    chosen = chosen_method(network, method, seed, parameters)
    pictures = _pictures(images)
    neurons = [network.neuron(one) for one in _one_for_each(neuron, len(pictures))]
    chosen.check(network)
    size = None if at_once is None else checks.whole("at_once", at_once, low=1)
    explanations: dict[int, Explanation] = {}
    for numbers in _together(neurons, network, size):
        heard = _hearing(progress, len(explanations), len(pictures))
        some = [(pictures[n], neurons[n]) for n in numbers]
        explanations.update(zip(numbers, _answered(network, chosen, some, heard), strict=True))
    if progress:
        progress(len(pictures), len(pictures))
    return [explanations[number] for number in range(len(pictures))]


def _answered(
    network: Network,
    chosen: Chosen,
    some: Sequence[tuple[Any, Neuron | None]],
    heard: Callable[[int, int], Progress],
) -> Iterator[Explanation]:
    """The explanations of pictures that go together, and their neurons."""
    method = chosen.method
    asked = []
    for number, (image, neuron) in enumerate(some):
        step = heard(0, len(some)) if method.together else heard(number, 1)
        asked.append(asked_of(network, image, chosen, neuron, step))
    with told_as_ours(method, network):
        answers = method.answers([one.question for one in asked])
    for one, answer in zip(asked, answers, strict=True):
        yield one.explanation(answer)


def _together(
    neurons: Sequence[Neuron | None], network: Network, at_once: int | None
) -> Iterator[list[int]]:
    """The numbers of the pictures that are asked about together: of one compiled function."""
    kinds: dict[Any, list[int]] = {}
    for number, neuron in enumerate(neurons):
        kinds.setdefault(kind_of(neuron), []).append(number)
    for numbers in kinds.values():
        for batch in batches(len(numbers), network.input_shape, BACKWARD, at_once):
            yield [numbers[place] for place in batch]


def _hearing(progress: Progress | None, done: int, total: int) -> Callable[[int, int], Progress]:
    """What methods call between steps, told as pictures done.

    Args:
        progress: the caller's.
        done: how many pictures were done before those that go together now.
        total: how many there are.

    Returns:
        A function of which pictures the steps are of: the first, and how many.
    """

    def of(first: int, many: int) -> Progress:
        def step(steps: int, of_all: int) -> None:
            if progress:
                progress(done + first + many * steps // max(of_all, 1), total)

        return step

    return of


def _pictures(images: Any) -> list[Any]:
    """The pictures, none of them read yet."""
    one = isinstance(images, (str, bytes, bytearray, memoryview, os.PathLike, Image.Image, Mapping))
    if one or not isinstance(images, Iterable) or getattr(images, "ndim", 4) != 4:
        shape = getattr(images, "shape", "")
        raise InvalidValueError(
            "Expected pictures: a list, or an array (pictures, rows, columns, channels); got "
            f"{type(images).__name__}{f' of shape {tuple(shape)}' if shape else ''}. One picture "
            "goes into a list, or to cnnvis.explain."
        )
    return list(np.asarray(images)) if hasattr(images, "ndim") else list(images)


def _one_for_each(neuron: Any, many: int) -> list[Any]:
    """A neuron for each picture."""
    if not isinstance(neuron, (list, np.ndarray)):
        return [neuron] * many
    neurons = neuron.tolist() if isinstance(neuron, np.ndarray) else neuron
    if not isinstance(neurons, list) or len(neurons) != many:
        raise InvalidValueError(
            f"A list of neurons holds one for each picture; got {np.size(neurons)} for {many} "
            "pictures. A single neuron is used for all of them."
        )
    return neurons
