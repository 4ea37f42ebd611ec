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
        progress: called with (completed steps, all steps); what it raises stops the training after
            a checkpoint.
        checkpoint_every: steps from one checkpoint to the next.

    Raises:
        FileError: `path` cannot be written, or the checkpoint is damaged or of another training.
        UnsuitableError: the layer's size is not fixed, or its result never changes.
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
    checkpoint = path.with_name(path.name + CHECKPOINT)
    training.resume(checkpoint)
    try:
        training.run(progress, checkpoint, checkpoint_every)
    except BaseException:
        training.checkpoint(checkpoint)
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
    network_print = fingerprint(network, layer)
    decoder_file.write(path, StoredDecoder(facts, weights, mean, scale, network_print))
    checkpoint.unlink(missing_ok=True)
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
    deviation = np.sqrt(np.maximum(squares / len(chosen) - np.square(mean), 0))
    if not np.isfinite(deviation).all():
        raise InvalidValueError(f"The activations of {layer!r} are NaN or infinite.")
    if not deviation.any():
        raise UnsuitableError(
            f"The layer {layer!r} says the same of every picture, so that no decoder can tell them "
            "apart. Choose another layer."
        )
    # A unit that is rarely active would get huge values where it is.
    smallest = 0.01 * deviation.max()
    return mean.astype(np.float32), np.where(
        deviation > 0, np.maximum(deviation, smallest), 1
    ).astype("f4")


class Training:
    """The training of one decoder. A step depends on the weights, Adam's sums and the step number.

    Args:
        network: the network.
        layer: whose codes are the decoder's input.
        model: the decoder, whose weights change.
        code_statistics: mean and scale of the codes, see `code_range`.
        pictures: uint8 (rows, columns, 3) each.
        plan: see `Plan`.

    Attributes:
        completed: steps so far.
        losses: the mean squared error of each step's batch, before the step.
    """

    def __init__(
        self,
        network: Network,
        layer: str,
        model: keras.Model,
        code_statistics: tuple[np.ndarray, np.ndarray],
        pictures: Sequence[np.ndarray],
        plan: Plan,
    ) -> None:
        self._network, self._pictures, self._plan = network, pictures, plan
        self.losses: list[float] = []
        weights = [w.value for w in model.weights]
        self._state = [*weights, *(tf.Variable(tf.zeros_like(w)) for w in (*weights, *weights))]
        self._step = step_program(network, layer, model, code_statistics, self._state)
        self._identity = _identity(network, layer, self._state, pictures, plan)

    @property
    def completed(self) -> int:
        """Steps so far."""
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean squared error over the last pass through the pictures, or the last 100 steps."""
        count = max(100, math.ceil(len(self._pictures) / self._plan.batch))
        return float(np.mean(self.losses[-count:]))

    def run(self, progress: Progress, checkpoint: Path, checkpoint_every: int) -> None:
        """All remaining steps."""
        steps = self._plan.steps
        progress(self.completed, steps)
        while self.completed < steps:
            self.step()
            if self.completed % checkpoint_every == 0 and self.completed < steps:
                self.checkpoint(checkpoint)
            progress(self.completed, steps)

    def step(self) -> None:
        """One step, on the pictures that the seed and the step number select."""
        plan, k = self._plan, self.completed
        chosen = [self._pictures[i] for i in order(len(self._pictures), plan, k)]
        inputs = np.stack([self._network.prepare(picture).input for picture in chosen])
        channels = inputs.shape[-1]
        colours = np.stack(chosen)[..., :channels].astype(np.float32) / np.float32(255)
        rate = plan.rate * (1 + math.cos(math.pi * k / plan.steps)) / 2
        scalars = (tf.constant(v, tf.float32) for v in (rate, k + 1))
        loss = float(self._step(tf.constant(inputs), tf.constant(colours), *scalars))
        if not math.isfinite(loss):
            raise InvalidValueError(f"The loss is {loss} at step {k + 1}: take a smaller rate.")
        self.losses.append(loss)

    def checkpoint(self, path: Path) -> None:
        """Write all that is needed to resume."""
        arrays = {f"state_{i}": v.numpy() for i, v in enumerate(self._state)}
        losses = np.asarray(self.losses, np.float64)
        decoder_file.save(path, {"identity": self._identity}, {**arrays, "losses": losses})

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint, if there is one.

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
    for index in range(step * plan.batch, (step + 1) * plan.batch):
        epoch, offset = divmod(index, count)
        pictures.append(int(_shuffled(count, plan.seed, epoch)[offset]))
    return pictures


def _shuffled(count: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(count)


def step_program(
    network: Network,
    layer: str,
    model: keras.Model,
    code_statistics: tuple[np.ndarray, np.ndarray],
    state: Sequence[tf.Variable],
) -> CompiledFunction:
    """(inputs, target colours, rate, time) → mean squared error; changes `state` by Adam's rule.

    `state` is the decoder's weights, then Adam's running sums of their derivatives, then those of
    the squares.
    """
    count = len(state) // 3
    mean, scale = (tf.constant(a) for a in code_statistics)

    def body(inputs: tf.Tensor, colours: tf.Tensor, rate: tf.Tensor, time: tf.Tensor) -> Any:
        code = tf.cast(forward_in(network.model, inputs).call(layer).output, tf.float32)
        reconstruction = model((code - mean) / scale, training=True)
        loss = tf.reduce_mean(tf.square(reconstruction - colours))
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
    """A digest of everything that the result depends on."""
    settings = [
        network.name,
        layer,
        plan._asdict(),
        [list(v.shape) for v in state],
        len(pictures),
    ]
    digest = hashlib.blake2b(json.dumps(settings).encode())
    digest.update(fingerprint(network, layer).tobytes())
    for picture in pictures:
        digest.update(np.ascontiguousarray(picture).tobytes())
    return digest.hexdigest()
