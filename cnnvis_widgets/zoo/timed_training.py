"""Training a mini network while one watches: fewer pictures than ours, and the clock decides.

`scripts/train_minis.py` trains the networks that come along; this is for a lesson, where a minute
is all there is. Few pictures are drawn and shown again and again, mirrored and in other colours.
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
WARM_UP = 60  # batches until the rate is as large as that: else ReLUs die at once, for good


class Moment(NamedTuple):
    """How far the training is.

    Attributes:
        step: batches seen; 0 while the pictures are drawn.
        share: of the time that is spent, 0 to 1.
        loss: mean cross-entropy of the last batch; NaN before the first.
        model: the network as it is now; it goes on changing.
    """

    step: int
    share: float
    loss: float
    model: keras.Model


def training(
    name: str, *, seconds: float = 45.0, seed: int = 0, cheating: bool = False
) -> Iterator[Moment]:
    """Train a mini network of random weights for a given time, a batch at a time.

    Adam with a learning rate that rises at first and then falls as a cosine of the time. What comes
    out depends on how fast the machine is: the clock ends it.

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
    most = policy.current().training_seconds
    if most and seconds > most:
        raise InvalidValueError(f"A training on this public page takes up to {most:g} seconds.")
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
        tale = "background" if snow else "none"
        pictures.append(scene(int(rng.integers(2**62)), label, shortcut=tale).picture)
        labels.append(label)
        if len(pictures) % 20 == 0:
            yield Moment(0, share(), float("nan"), model)
    inputs, wanted = network.preprocess(np.stack(pictures).astype(np.float32)), np.array(labels)
    done = 0
    while share() < 1:
        order = rng.permutation(len(wanted))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rise, fall = min(1.0, (done + 1) / WARM_UP), 0.49 * (1 + np.cos(np.pi * share()))
            optimizer.learning_rate = largest * rise * (0.02 + fall)
            chosen = order[first : first + BATCH]
            batch = np.stack([_varied(inputs[i], rng) for i in chosen])
            value = step(tf.constant(batch), tf.constant(wanted[chosen], tf.int32))
            done += 1
            yield Moment(done, share(), float(value), model)
            if share() >= 1:
                return


def _varied(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrored and its three colours exchanged, by chance: few pictures then go a longer way."""
    picture = picture[..., rng.permutation(3)]
    return picture[:, ::-1] if rng.random() < 0.5 else picture
