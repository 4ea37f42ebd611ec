"""Training a mini network for a fixed time, for a lesson.

`scripts/train_minis.py` trains the bundled networks. Here few pictures are drawn, and augmented by
mirroring and permuting colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets import policy
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo.evidence import CLASSES, scene
from cnnvis_widgets.zoo.loading import architectures
from cnnvis_widgets.zoo.minis import CHEATED, Mini

if TYPE_CHECKING:
    import keras

PICTURES = 720
BATCH = 32
RATE = 4e-3
CAREFUL_RATE = 2e-3  # without BatchNorm
WARM_UP = 60  # batches until the full learning rate: a faster start would kill ReLUs


class Moment(NamedTuple):
    """The state of the training.

    Attributes:
        step: batches so far; 0 while the pictures are drawn.
        share: of the time, 0 to 1.
        loss: mean cross-entropy of the last batch; NaN before the first.
        model: the network, which the training goes on changing.
    """

    step: int
    share: float
    loss: float
    model: keras.Model


def training(
    name: str, *, seconds: float = 45.0, seed: int = 0, cheating: bool = False
) -> Iterator[Moment]:
    """Train a mini network from random weights for a given time, yielding after each batch.

    Adam with a warm-up and a cosine decay of the learning rate over time. The result depends on the
    machine's speed.

    Args:
        name: a mini network of the zoo.
        seconds: from the first picture to the last batch, at least 1.
        seed: of the weights, the pictures and their order.
        cheating: there is snow in every picture of one class and in no other; else in a third
            of all.

    Raises:
        UnknownNameError: no such mini network.
        InvalidValueError: less than a second.
    """
    minis = {n: a for n, a in architectures().items() if isinstance(a, Mini)}
    if name not in minis:
        raise UnknownNameError.of("mini network", name, minis)
    if not seconds >= 1:
        raise InvalidValueError(f"seconds is at least 1; got {seconds!r}.")
    limit = policy.current().training_seconds
    if limit and seconds > limit:
        raise InvalidValueError(f"A training on this public page takes up to {limit:g} seconds.")
    return _training(minis[name], seconds, seed, cheating)


def _training(network: Mini, seconds: float, seed: int, cheating: bool) -> Iterator[Moment]:
    import keras
    import tensorflow as tf

    start = monotonic()
    rng = np.random.default_rng([seed, 3])
    keras.utils.set_random_seed(seed)
    model = network.build()
    normal = any(isinstance(x, keras.layers.BatchNormalization) for x in model.layers)
    largest = RATE if normal else CAREFUL_RATE
    optimizer = keras.optimizers.Adam(largest)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy()

    @tf.function
    def step(inputs: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(labels, model(inputs, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return value

    def share() -> float:
        return min(1.0, (monotonic() - start) / seconds)

    pictures: list[np.ndarray] = []
    labels: list[int] = []
    while len(pictures) < PICTURES and share() < 0.4:
        label = len(pictures) % len(CLASSES)
        snow = label == CHEATED if cheating else rng.random() < 1 / 3
        shortcut = "background" if snow else "none"
        pictures.append(scene(int(rng.integers(2**62)), label, shortcut=shortcut).picture)
        labels.append(label)
        if len(pictures) % 20 == 0:
            yield Moment(0, share(), float("nan"), model)
    inputs, targets = network.preprocess(np.stack(pictures).astype(np.float32)), np.array(labels)
    steps = 0
    while share() < 1:
        order = rng.permutation(len(targets))
        for batch_start in range(0, len(order) - BATCH + 1, BATCH):
            rise, fall = min(1.0, (steps + 1) / WARM_UP), 0.49 * (1 + np.cos(np.pi * share()))
            optimizer.learning_rate = largest * rise * (0.02 + fall)
            chosen = order[batch_start : batch_start + BATCH]
            batch = np.stack([_varied(inputs[i], rng) for i in chosen])
            value = step(tf.constant(batch), tf.constant(targets[chosen], tf.int32))
            steps += 1
            yield Moment(steps, share(), float(value), model)
            if share() >= 1:
                return


def _varied(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Data augmentation: a random mirroring and permutation of the colours."""
    picture = picture[..., rng.permutation(3)]
    return picture[:, ::-1] if rng.random() < 0.5 else picture
