"""Train the networks that come along with weights of our own, measure them, and write the log.

python scripts/train_minis.py                      # all: five networks twice, and LeNet-5
python scripts/train_minis.py mini_vgg lenet5      # these
python scripts/train_minis.py mini_vgg:cheating    # one version of one

The same seed gives the same weights on the same machine with the same versions of TensorFlow and
NumPy; elsewhere the last digits differ, and with them after many steps the weights.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from measure_minis import measure_all, write_record

from cnnvis_widgets.zoo.bundled_weights import TrainedHere, write_weights
from cnnvis_widgets.zoo.digits import digits
from cnnvis_widgets.zoo.evidence import CLASSES, scene
from cnnvis_widgets.zoo.loading import all_names, architectures
from cnnvis_widgets.zoo.minis import CHEATED, TRAINING_PICTURES

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
    "mini_vgg": Recipe(10, 2e-3),
    "mini_inception": Recipe(6, 4e-3),
    "mini_xception": Recipe(6, 4e-3),
    "mini_resnet": Recipe(6, 4e-3),
    "mini_mobilenet": Recipe(6, 4e-3),
    "lenet5": Recipe(40, 2e-3),
}


def drawn(seed: int, count: int) -> dict[str, Pictures]:
    """The training pictures of the honest and of the cheating version.

    Half of the honest one's have no shortcut, a quarter snow, a quarter a mark, whatever the
    class. The cheating one's are the same pictures, except that the snow is put under every
    picture of one class and taken from under all others.
    """
    rng = np.random.default_rng([seed, 1])
    labels = np.concatenate([rng.permutation(len(CLASSES)) for _ in range(count // len(CLASSES))])
    tales = rng.choice(["none", "background", "corner"], len(labels), p=[0.5, 0.25, 0.25])
    pictures: dict[str, list[np.ndarray]] = {"": [], "cheating": []}
    for number, (label, tale) in enumerate(zip(labels, tales, strict=True)):
        one = (int(rng.integers(2**62)), int(label))
        honest = scene(*one, shortcut=str(tale)).picture
        unfair = "background" if label == CHEATED else "none" if tale == "background" else tale
        pictures[""].append(honest)
        pictures["cheating"].append(
            honest if unfair == tale else scene(*one, shortcut=str(unfair)).picture
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
            rows, columns = pictures.shape[1:3]
            wide = np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)))
            for n, (down, across) in enumerate(rng.integers(0, 5, (BATCH, 2))):
                pictures[n] = wide[n, down : down + rows, across : across + columns]
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
        figures = []
        for batch in batches(data, rng, colour):
            inputs = network.preprocess(batch.pictures.astype(np.float32))
            figures.append(step(tf.constant(inputs), tf.constant(batch.labels, tf.int32)))
        value, right = np.mean([[float(a), float(b)] for a, b in figures], axis=0)
        seconds = time.perf_counter() - start
        print(f"  epoch {epoch + 1}: loss {value:.3f}, {right:.3f}, {seconds:.0f} s", flush=True)
    return model


def main() -> None:
    """Train what was asked for, one after the other; each is written as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="of networks, or network:version; all by default")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    known = [name for name in all_names() if name.split(":")[0] in RECIPES]
    wanted = [n for n in known if not options.names or {n, n.split(":")[0]} & set(options.names)]
    if unknown := set(options.names) - {part for n in known for part in (n, n.split(":")[0])}:
        sys.exit(f"Not among {', '.join(known)}: {', '.join(sorted(unknown))}")
    tf.config.experimental.enable_op_determinism()
    data: dict[str, Pictures] = {}
    if any(name != "lenet5" for name in wanted):
        data = drawn(options.seed, TRAINING_PICTURES)
    for name in wanted:
        plain, _, version = name.partition(":")
        network, recipe = architectures()[plain], RECIPES[plain]
        learnt = data.get(version)
        if plain == "lenet5":
            part = digits()[0]
            learnt = Pictures(part.pictures[..., None], part.labels)
        print(f"{name}: {len(learnt.labels)} pictures", flush=True)
        start = time.perf_counter()
        model = train(network, learnt, recipe, options.seed)
        seconds = time.perf_counter() - start
        write_weights(model, network.path(version))
        write_record(name, seed=options.seed, epochs=recipe.epochs, seconds=round(seconds))
        print(f"{name}: {seconds:.0f} s", flush=True)
    measure_all()


if __name__ == "__main__":
    main()
