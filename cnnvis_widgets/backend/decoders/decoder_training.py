"""Trains a decoder: one compiled step, checkpoints, and the same result after an interruption."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.adam import adam
from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    compiled,
    forward_in,
    pixels_spec,
)
from cnnvis_widgets.backend.decoders import decoder_file
from cnnvis_widgets.backend.decoders.decoder import build, draw_weights, fingerprint
from cnnvis_widgets.backend.decoders.decoder_file import DecoderFacts, StoredDecoder
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import FileError, InvalidValueError, UnsuitableError

MEASURED = 256  # pictures whose codes decide mean and scale of the decoder's input
CHECKPOINT = ".training"

Progress = Callable[[int, int], None]


class Plan(NamedTuple):
    """How a decoder is trained.

    Attributes:
        steps: how many.
        batch: pictures in each.
        rate: Adam's step at the start; it falls to zero along a cosine.
        width: of the decoder, see `decoder.build`.
        seed: of the first weights and of the order of the pictures.
    """

    steps: int
    batch: int
    rate: float
    width: int
    seed: int


def train(
    network: Network,
    layer: str,
    pictures: Sequence[np.ndarray],
    path: Path,
    plan: Plan,
    progress: Progress,
    checkpoint_every: int,
) -> DecoderFacts:
    """Train a decoder and write it to a file.

    During training, everything needed to resume is kept beside the file, under its name and
    ".training": the same call then resumes from there and gives the same decoder, to the bit, as
    one that was never interrupted.

    Args:
        network: the network; it is not changed.
        layer: any layer's name.
        pictures: uint8 (rows, columns, 3) each, at the network's size.
        path: where to; the file must not exist.
        plan: see `Plan`.
        progress: called with (steps done, in all); what it raises stops the training after a
            checkpoint.
        checkpoint_every: steps from one checkpoint to the next.

    Raises:
        FileError: `path` cannot be written, or the checkpoint is damaged or of another training.
        UnsuitableError: the layer's size is not fixed, or it says the same of every picture.
        InvalidValueError: the loss is NaN or infinite.
    """
    layer = network.structure.call(layer).path
    shape = tuple(network.structure.call(layer).output.shape[1:])
    if not shape or None in shape:
        raise UnsuitableError(f"The result of {layer!r} has no fixed size: {shape}.")
    mean, scale = code_range(network, layer, pictures)
    model = build(shape, network.input_shape, plan.width)
    draw_weights(model, plan.seed)
    training = Training(network, layer, model, (mean, scale), pictures, plan)
    beside = path.with_name(path.name + CHECKPOINT)
    training.resume(beside)
    try:
        training.run(progress, beside, checkpoint_every)
    except BaseException:
        training.checkpoint(beside)
        raise
    low, high = network.bounds
    facts = DecoderFacts(
        network=network.name,
        layer=layer,
        code_shape=shape,
        input_shape=network.input_shape,
        bounds=(float(low.min()), float(high.max())),
        pictures=len(pictures),
        loss=training.loss,
        **plan._asdict(),
    )
    weights = tuple(w.numpy() for w in model.weights)
    known_by = fingerprint(network, layer)
    decoder_file.write(path, StoredDecoder(facts, weights, mean, scale, known_by))
    beside.unlink(missing_ok=True)
    return facts


def code_range(
    network: Network, layer: str, pictures: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each unit's activation over some of the pictures.

    Returns:
        Two float32 (units,); the deviation is 1 where a unit never changes.
    """
    chosen = np.linspace(0, len(pictures) - 1, min(MEASURED, len(pictures))).astype(int)
    total: Any = 0.0
    squares: Any = 0.0
    for i in chosen:
        code = network.activations(pictures[i], layer).astype(np.float64)
        code = code.reshape(-1, code.shape[-1])
        total, squares = total + code.mean(0), squares + np.square(code).mean(0)
    mean = total / len(chosen)
    spread = np.sqrt(np.maximum(squares / len(chosen) - np.square(mean), 0))
    if not np.isfinite(spread).all():
        raise InvalidValueError(f"The activations of {layer!r} are NaN or infinite.")
    if not spread.any():
        raise UnsuitableError(
            f"The layer {layer!r} says the same of every picture, so that no decoder can tell them "
            "apart. Choose another layer."
        )
    # A unit that hardly ever fires would be blown up where it does.
    least = 0.01 * spread.max()
    return mean.astype(np.float32), np.where(spread > 0, np.maximum(spread, least), 1).astype("f4")


class Training:
    """A decoder on its way. Everything that decides a step is in the weights, the moments and k.

    Args:
        network: the network.
        layer: whose codes are the decoder's input.
        model: the decoder, whose weights change.
        spread: mean and scale of the codes, see `code_range`.
        pictures: uint8 (rows, columns, 3) each.
        plan: see `Plan`.

    Attributes:
        done: steps so far.
        losses: the mean squared error of each step's batch, before the step.
    """

    def __init__(
        self,
        network: Network,
        layer: str,
        model: keras.Model,
        spread: tuple[np.ndarray, np.ndarray],
        pictures: Sequence[np.ndarray],
        plan: Plan,
    ) -> None:
        self._network, self._pictures, self._plan = network, pictures, plan
        self.losses: list[float] = []
        weights = [w.value for w in model.weights]
        self._state = [*weights, *(tf.Variable(tf.zeros_like(w)) for w in (*weights, *weights))]
        self._step = step_program(network, layer, model, spread, self._state)
        self._identity = _identity(network, layer, self._state, pictures, plan)

    @property
    def done(self) -> int:
        """Steps so far."""
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean squared error over the last pass through the pictures, or the last 100 steps."""
        last = max(100, math.ceil(len(self._pictures) / self._plan.batch))
        return float(np.mean(self.losses[-last:]))

    def run(self, progress: Progress, beside: Path, checkpoint_every: int) -> None:
        """All steps that are left."""
        steps = self._plan.steps
        progress(self.done, steps)
        while self.done < steps:
            self.step()
            if self.done % checkpoint_every == 0 and self.done < steps:
                self.checkpoint(beside)
            progress(self.done, steps)

    def step(self) -> None:
        """One step, on the pictures that the seed and the step's number say."""
        plan, k = self._plan, self.done
        chosen = [self._pictures[i] for i in order(len(self._pictures), plan, k)]
        inputs = np.stack([self._network.prepare(picture).input for picture in chosen])
        channels = inputs.shape[-1]
        wanted = np.stack(chosen)[..., :channels].astype(np.float32) / np.float32(255)
        rate = plan.rate * (1 + math.cos(math.pi * k / plan.steps)) / 2
        numbers = (tf.constant(v, tf.float32) for v in (rate, k + 1))
        loss = float(self._step(tf.constant(inputs), tf.constant(wanted), *numbers))
        if not math.isfinite(loss):
            raise InvalidValueError(f"The loss is {loss} at step {k + 1}: take a smaller rate.")
        self.losses.append(loss)

    def checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on."""
        arrays = {f"state_{i}": v.numpy() for i, v in enumerate(self._state)}
        losses = np.asarray(self.losses, np.float64)
        decoder_file.save(path, {"identity": self._identity}, {**arrays, "losses": losses})

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one.

        Raises:
            FileError: it is damaged, or of another training.
        """
        if not path.exists():
            return
        try:
            facts, arrays = decoder_file.load(path)
            losses = arrays.pop("losses").tolist()
            state = [arrays[f"state_{i}"] for i in range(len(self._state))]
        except decoder_file.DAMAGE as error:
            raise FileError(
                f"The checkpoint {path} is damaged; delete it to start again."
            ) from error
        if facts.get("identity") != self._identity:
            raise FileError(
                f"The checkpoint {path} is of a training with another network, layer, pictures or "
                "settings. Give those again to go on with it, or delete it to start again."
            )
        for variable, values in zip(self._state, state, strict=True):
            variable.assign(values)
        self.losses = losses


def order(count: int, plan: Plan, step: int) -> list[int]:
    """The pictures of a step: all in a shuffled order, then all in another, and so on."""
    pictures = []
    for place in range(step * plan.batch, (step + 1) * plan.batch):
        lap, within = divmod(place, count)
        pictures.append(int(_shuffled(count, plan.seed, lap)[within]))
    return pictures


def _shuffled(count: int, seed: int, lap: int) -> np.ndarray:
    return np.random.default_rng((seed, lap)).permutation(count)


def step_program(
    network: Network,
    layer: str,
    model: keras.Model,
    spread: tuple[np.ndarray, np.ndarray],
    state: Sequence[tf.Variable],
) -> CompiledFunction:
    """(inputs, colours wanted, rate, time) → mean squared error; changes `state` by Adam's rule.

    `state` is the decoder's weights, then what Adam remembers of each one's derivative, then of
    its square.
    """
    count = len(state) // 3
    mean, scale = (tf.constant(a) for a in spread)

    def body(inputs: tf.Tensor, wanted: tf.Tensor, rate: tf.Tensor, time: tf.Tensor) -> Any:
        code = tf.cast(forward_in(network.model, inputs).call(layer).output, tf.float32)
        given = model((code - mean) / scale, training=True)
        loss = tf.reduce_mean(tf.square(given - wanted))
        weights = state[:count]
        slopes = tf.gradients(loss, [w.handle for w in weights])
        with tf.control_dependencies([loss, *slopes]):
            for w, m, s, slope in zip(
                weights, state[count : 2 * count], state[2 * count :], slopes, strict=True
            ):
                change, mean_now, square_now = adam(slope, m, s, time, rate)
                m.assign(mean_now)
                s.assign(square_now)
                w.assign_sub(change)
        return loss

    scalar = tf.TensorSpec((), tf.float32)
    spec = pixels_spec(network.input_shape)
    return compiled(body, spec, spec, scalar, scalar)


def _identity(
    network: Network,
    layer: str,
    state: Sequence[tf.Variable],
    pictures: Sequence[np.ndarray],
    plan: Plan,
) -> str:
    """A digest of all that decides the result."""
    said = [
        network.name,
        layer,
        plan._asdict(),
        [list(v.shape) for v in state],
        len(pictures),
    ]
    digest = hashlib.blake2b(json.dumps(said).encode())
    digest.update(fingerprint(network, layer).tobytes())
    for picture in pictures:
        digest.update(np.ascontiguousarray(picture).tobytes())
    return digest.hexdigest()
