"""Ours, through the public call on an uint8 picture: crop and preprocessing are part of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from worker import (
    BATCH,
    BATCH_METHODS,
    METHODS,
    PICTURE,
    SLOW_METHODS,
    STEPS,
    UNIT,
    Task,
    Work,
    Works,
    serve,
)


def prepare(task: Task) -> Works:
    with task.phase("import"):
        import keras
        import tensorflow as tf
        from keras_raw import baselines

        import cnnvis_widgets as cnnvis
    with task.phase("network"):
        random = {"weights": "random"} if task.network == "vgg16" else {}
        network = cnnvis.load_network(task.network, **random)
        picture = cnnvis.load_image(PICTURE)
    with task.phase("set-up"):
        assert network.layers  # reads the network; otherwise a part of the first explanation

    known = {facts["name"]: facts for facts in cnnvis.methods()}
    wanted = (*METHODS, *SLOW_METHODS)

    def method(name: str) -> Work:
        counted = {p["name"] for p in known[name]["parameters"]} & {"steps"}
        gradual = name in ("activation_maximization", "network_inversion")
        options = {"steps": STEPS} if counted and gradual else {}

        def explain() -> np.ndarray:
            explanation = cnnvis.explain(network, picture, method=name, neuron=UNIT, **options)
            return (
                explanation.image if explanation.attribution is None else explanation.attribution
            )[None]

        return explain

    pixels = network.prepare(picture).input[None]
    pictures = [np.ascontiguousarray(picture[shift:, 2 * shift :]) for shift in range(BATCH)]

    def many(name: str) -> Work:
        def explain() -> np.ndarray:
            explanations = cnnvis.explain_batch(network, pictures, name, UNIT)
            return np.stack([one.attribution for one in explanations])

        return explain

    return Works(
        baselines(network.model, pixels),
        {name: partial(method, name) for name in wanted if name in known},
        {
            "cnnvis-widgets": cnnvis.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        dict.fromkeys(set(wanted) - set(known), "not in the registry"),
        afterwards=lambda: write(task, network, pixels, pictures),
        batches={name: partial(many, name) for name in BATCH_METHODS},
    )


def write(task: Task, network: Any, pixels: np.ndarray, pictures: list[np.ndarray]) -> None:
    """Leave the same network and inputs for the others."""
    np.save(task.folder / "input.npy", pixels)
    inputs = np.stack([network.prepare(picture).input for picture in pictures])
    np.save(task.folder / "inputs.npy", inputs)
    (task.folder / "layer.txt").write_text(network.last_convolution(None))
    if task.network == "vgg16":
        np.savez(task.folder / "weights.npz", *network.model.get_weights())
    else:
        network.model.save(task.folder / "model.keras")


if __name__ == "__main__":
    serve(prepare)
