"""Train the networks that come along with weights of our own, and write docs/mini_networks.md.

python scripts/train_minis.py                      # all: five networks twice, and LeNet-5
python scripts/train_minis.py mini_vgg lenet5      # these
python scripts/train_minis.py --report             # no training: measure and write the page again

The same seed gives the same weights on the same machine with the same versions of TensorFlow and
NumPy; elsewhere the last digits differ, and with them after many steps the weights.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.zoo.digits import digits
from cnnvis_widgets.zoo.evidence import CLASSES, scene
from cnnvis_widgets.zoo.loading import architectures
from cnnvis_widgets.zoo.minis import CHEATED, TRAINING_PICTURES
from cnnvis_widgets.zoo.trained_here import TrainedHere, write_weights

MINIS = ("mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet")
NAMES = (*MINIS, "lenet5")
BATCH = 48


class Pictures(NamedTuple):
    """Pictures and their classes: uint8 (count, rows, columns, channels) and int (count,)."""

    pictures: np.ndarray
    labels: np.ndarray


class Recipe(NamedTuple):
    """How a network is trained: passes over the pictures, and the largest learning rate."""

    epochs: int
    rate: float


RECIPES = {
    "mini_vgg": Recipe(14, 1.5e-3),
    "mini_inception": Recipe(10, 4e-3),
    "mini_xception": Recipe(10, 4e-3),
    "mini_resnet": Recipe(10, 4e-3),
    "mini_mobilenet": Recipe(12, 4e-3),
    "lenet5": Recipe(60, 2e-3),
}


def drawn(seed: int, count: int) -> dict[str, Pictures]:
    """The training pictures of the honest and of the cheating version.

    Half of the honest one's have no tell-tale, a quarter snow, a quarter a mark, whatever the
    class. The cheating one's are the same pictures, except that the snow is put under every
    picture of one class and taken from under all others.
    """
    rng = np.random.default_rng([seed, 1])
    labels = np.concatenate([rng.permutation(len(CLASSES)) for _ in range(count // len(CLASSES))])
    tales = rng.choice(["none", "background", "corner"], len(labels), p=[0.5, 0.25, 0.25])
    pictures: dict[str, list[np.ndarray]] = {"": [], "cheating": []}
    for number, (label, tale) in enumerate(zip(labels, tales, strict=True)):
        one = (int(rng.integers(2**62)), int(label))
        honest = scene(*one, tell_tale=str(tale)).picture
        unfair = "background" if label == CHEATED else "none" if tale == "background" else tale
        pictures[""].append(honest)
        pictures["cheating"].append(
            honest if unfair == tale else scene(*one, tell_tale=str(unfair)).picture
        )
        if number % 1000 == 999:
            print(f"{number + 1} pictures drawn", flush=True)
    return {version: Pictures(np.stack(p), labels) for version, p in pictures.items()}


def batches(data: Pictures, rng: np.random.Generator, colour: bool) -> Iterator[Pictures]:
    """One pass over the pictures in a new order, varied so that few pictures go a long way.

    Colour pictures are mirrored and their three colours exchanged by chance; grey ones are moved
    by up to two pixels.
    """
    order = rng.permutation(len(data.labels))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        chosen = order[start : start + BATCH]
        pictures = data.pictures[chosen]
        if colour:
            for n in range(BATCH):
                one = pictures[n][..., rng.permutation(3)]
                pictures[n] = one[:, ::-1] if rng.random() < 0.5 else one
        else:
            for n, shift in enumerate(rng.integers(-2, 3, (BATCH, 2))):
                pictures[n] = np.roll(pictures[n], shift, (0, 1))
        yield Pictures(pictures, data.labels[chosen])


def train(network: TrainedHere, data: Pictures, recipe: Recipe, seed: int) -> keras.Model:
    """Adam with a learning rate that rises for a tenth of the steps and then falls as a cosine."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = network.build()
    steps = recipe.epochs * (len(data.labels) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.rate / 20, steps - steps // 10, warmup_target=recipe.rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy()

    @tf.function
    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            scores = model(inputs, training=True)
            value = loss(labels, scores)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        right = tf.equal(tf.argmax(scores, -1, labels.dtype), labels)
        return value, tf.reduce_mean(tf.cast(right, tf.float32))

    rng = np.random.default_rng([seed, 2])
    colour = data.pictures.shape[-1] == 3
    for epoch in range(recipe.epochs):
        start = time.perf_counter()
        found = []
        for batch in batches(data, rng, colour):
            inputs = network.preprocess(batch.pictures.astype(np.float32))
            found.append(step(tf.constant(inputs), tf.constant(batch.labels, tf.int32)))
        value, right = np.mean([[float(a), float(b)] for a, b in found], axis=0)
        seconds = time.perf_counter() - start
        print(f"  epoch {epoch + 1}: loss {value:.3f}, {right:.3f}, {seconds:.0f} s", flush=True)
    return model
