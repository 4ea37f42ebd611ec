"""A copy of a network whose weights are randomised, layer by layer from the top.

The caller's model is never changed: the copy is built again from the model's own description, and
is accepted only if its outputs are the same.
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
    """The same network with its own variables.

    Args:
        network: the original, which is not changed.
        build: builds the model again, for models that Keras cannot describe.
        step: called between steps; may raise to cancel.

    Raises:
        UnsuitableError: Keras cannot describe the model, or describes another one.
    """
    model = rebuilt(network, build)
    model.set_weights(network.model.get_weights())
    step()
    copy = _wrapped(network, model)
    step()
    probe = np.random.default_rng(0).uniform(*network.bounds, network.input_shape)
    outputs = [n.outputs(probe.astype(np.float32)[None])[0] for n in (network, copy)]
    difference = float(np.abs(outputs[0] - outputs[1]).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(outputs[0]).max())):
        raise UnsuitableError(
            f"A copy of {network.name} built from its own description answers differently (by "
            f"{difference:.3g}): its get_config leaves something out. Give build=, a function that "
            "returns the model anew."
        )
    return copy


def rebuilt(network: Network, build: Build | None = None) -> keras.Model:
    """A model of the same description with newly initialised weights, called once.

    Args:
        network: the original, which is not changed.
        build: builds the model again, for models that Keras cannot describe.

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
    """A layer with its own weights.

    Attributes:
        path: as in `Network.layers` of the original.
        weights: their indices in the model's list.
    """

    path: str
    weights: list[int]


class Cascade:
    """Cascading randomisation of a copy, from the output down (Adebayo et al. 2018).

    The functions that were compiled for the copy stay valid: they read its variables.

    Args:
        network: the original, which is not changed.
        seed: of the random weights.
        how: "initialise" gives a layer newly initialised weights, as published; "shuffle"
            permutes the trained ones, which keeps their distribution.
        build: builds the model again, for models that Keras cannot describe.
        step: called between steps, as a large network takes seconds; may raise to cancel.

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
            mirrored: negate weights that have both signs. This is an equally likely draw: Keras
                draws kernels from distributions that are symmetric around zero.

        Raises:
            InvalidValueError: fewer than none, or more layers than there are.
        """
        if not 0 <= count <= len(self._layers):
            raise InvalidValueError(f"count is 0 to {len(self._layers)}; got {count}.")
        variables = self.network.model.weights
        for number, layer in enumerate(self._layers):
            for index in layer.weights:
                value = (self._fresh if number < count else self._trained)[index]
                if mirrored and number < count and value.min() < 0 < value.max():
                    value = -value
                variables[index].assign(value)
        self.randomised = count


def _layers(network: Network) -> list[_Layer]:
    """The layers with their own weights, the last called first; each weight once."""
    calls = network.structure.forward.calls
    unassigned = {id(w): index for index, w in enumerate(network.model.weights)}
    layers = []
    for call in reversed(calls):
        if call.layer is None:
            continue
        inner = [c.layer for c in calls if c.layer and c.path.startswith(f"{call.path}/")]
        inner_weights = {id(w) for layer in inner for w in layer.weights}
        own_weights = [
            id(w) for w in call.layer.weights if id(w) in unassigned and id(w) not in inner_weights
        ]
        if own_weights:
            layers.append(_Layer(call.path, [unassigned.pop(key) for key in own_weights]))
    return layers


def seeded(make: Build, seed: int) -> keras.Model:
    """Build a model with weights determined by the seed.

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
