"""A copy of a network that can be spoilt: its weights made random, layer by layer from the top.

The caller's model is read and never written: the copy is built again from the model's own
description, and is believed only if it answers the same.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras.src.random import seed_generator

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError

HOW = ("initialise", "shuffle")
TOLERANCE = 1e-5  # of the largest output; the same weights in the same graph give 0

Build = Callable[[], keras.Model]

_SEEDING = threading.RLock()


def _no_step() -> None:
    pass


def copied(
    network: Network, build: Build | None = None, step: Callable[[], object] = _no_step
) -> Network:
    """The same network with variables of its own.

    Args:
        network: the original, which stays as it is.
        build: makes the model anew, for models that Keras cannot describe.
        step: called now and then; may raise to stop.

    Raises:
        UnsuitableError: Keras cannot describe the model, or describes another one.
    """
    model = rebuilt(network, build)
    model.set_weights(network.model.get_weights())
    step()
    copy = _wrapped(network, model)
    step()
    probe = np.random.default_rng(0).uniform(*network.bounds, network.input_shape)
    answers = [n.outputs(probe.astype(np.float32)[None])[0] for n in (network, copy)]
    far = float(np.abs(answers[0] - answers[1]).max())
    if not far <= TOLERANCE * max(1.0, float(np.abs(answers[0]).max())):
        raise UnsuitableError(
            f"A copy of {network.name} built from its own description answers differently (by "
            f"{far:.3g}): its get_config leaves something out. Give build=, a function that "
            "returns the model anew."
        )
    return copy


def rebuilt(network: Network, build: Build | None = None) -> keras.Model:
    """A model of the same description with weights as Keras starts them, called once.

    Args:
        network: the original, which stays as it is.
        build: makes the model anew, for models that Keras cannot describe.

    Raises:
        UnsuitableError: Keras cannot describe the model, or describes another one.
    """
    original = network.model
    try:
        model = build() if build else type(original).from_config(original.get_config())
        if not model.built:
            model(np.zeros((1, *network.input_shape), np.float32), training=False)
    except Exception as error:  # whatever a layer's own get_config and from_config raise
        raise UnsuitableError(
            f"{network.name} cannot be copied: its class {type(original).__name__} cannot be built "
            "again from its own description. Give it a get_config that Keras understands, or give "
            f"build=, a function that returns the model anew. Keras says: {_first_line(error)}"
        ) from error
    shapes = [[tuple(w.shape) for w in m.weights] for m in (original, model)]
    if shapes[0] != shapes[1]:
        raise UnsuitableError(
            f"A copy of {network.name} has other weights than the original: expected shapes "
            f"{shapes[0][:4]} …; got {shapes[1][:4]} …."
        )
    return model


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _wrapped(network: Network, model: keras.Model) -> Network:
    return Network(
        model,
        network.preprocess,
        network.labels,
        f"{network.name} (copy)",
        input_shape=network.input_shape,
        inputs=network.inputs,
    )


class _Layer(NamedTuple):
    """A layer with weights of its own.

    Attributes:
        path: as in `Network.layers` of the original.
        weights: where they are in the model's list.
    """

    path: str
    weights: list[int]


class Cascade:
    """A copy whose layers lose what they have learned, from the output down (Adebayo et al. 2018).

    The functions that were compiled for the copy stay valid: they read its variables.

    Args:
        network: the original, which stays as it is.
        seed: of the random weights.
        how: "initialise" gives a layer the weights that Keras starts training with, which is the
            published way; "shuffle" permutes those that it has, so that their distribution stays.
        build: makes the model anew, for models that Keras cannot describe.
        step: called now and then, as a large network takes seconds; may raise to stop.

    Attributes:
        network: the copy.
        layers: the names of the layers with weights, from the top down; one that is called several
            times is listed where it is called last.
        randomised: how many of them are random now.

    Raises:
        UnsuitableError: the network cannot be copied.
        InvalidValueError: no such `how`.
    """

    def __init__(
        self,
        network: Network,
        seed: int = 0,
        how: str = "initialise",
        build: Build | None = None,
        step: Callable[[], object] = _no_step,
    ) -> None:
        if how not in HOW:
            raise InvalidValueError(f"how is one of {', '.join(HOW)}; got {how!r}.")
        self.network = copied(network, build, step)
        step()
        self._trained = self.network.model.get_weights()
        if how == "initialise":
            self._fresh = seeded(lambda: rebuilt(network, build), seed).get_weights()
        else:
            rng = np.random.default_rng(seed)
            self._fresh = [rng.permuted(w, axis=None) for w in self._trained]
        self._layers = _layers(network)
        self.layers = tuple(layer.path for layer in self._layers)
        self.randomised = 0

    def randomise(self, count: int, mirrored: bool = False) -> None:
        """Make the first `count` layers from the top random and the others as they were trained.

        Args:
            count: how many.
            mirrored: with the opposite signs, where the weights are of both: as likely a draw, as
                Keras draws kernels from distributions that are symmetrical around zero.

        Raises:
            InvalidValueError: fewer than none, or more layers than there are.
        """
        if not 0 <= count <= len(self._layers):
            raise InvalidValueError(f"count is 0 to {len(self._layers)}; got {count}.")
        variables = self.network.model.weights
        for number, layer in enumerate(self._layers):
            for place in layer.weights:
                value = (self._fresh if number < count else self._trained)[place]
                if mirrored and number < count and value.min() < 0 < value.max():
                    value = -value
                variables[place].assign(value)
        self.randomised = count


def _layers(network: Network) -> list[_Layer]:
    """The layers with weights of their own, the last called first; each weight once."""
    calls = network.structure.forward.calls
    left = {id(w): place for place, w in enumerate(network.model.weights)}
    layers = []
    for call in reversed(calls):
        if call.layer is None:
            continue
        inner = [c.layer for c in calls if c.layer and c.path.startswith(f"{call.path}/")]
        within = {id(w) for layer in inner for w in layer.weights}
        own = [id(w) for w in call.layer.weights if id(w) in left and id(w) not in within]
        if own:
            layers.append(_Layer(call.path, [left.pop(key) for key in own]))
    return layers


def seeded(make: Build, seed: int) -> keras.Model:
    """Build with weights that the seed decides.

    Keras' initialisers draw their seeds from the module `random`, as do other threads of a process
    (Dask's connections, for one). While `make` runs they draw from a generator of their own.
    """
    with _SEEDING:
        shared = seed_generator.python_random
        seed_generator.python_random = random.Random(seed)
        try:
            return make()
        finally:
            seed_generator.python_random = shared
