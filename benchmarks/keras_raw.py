"""Raw compiled TensorFlow: what no explanation made with it can be faster than."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from worker import BACKWARD_BATCH, BATCH, FORWARD_BATCH, SAMPLES, STEPS, UNIT, Task, Work


def load(task: Task) -> keras.Model:
    """The task's network with its weights, ending in softmax."""
    if task.network == "vgg16":
        model = keras.applications.VGG16(weights=None)
        model.set_weights(task.weights)
        return model
    return keras.models.load_model(task.folder / "model.keras", compile=False)


def linear(model: keras.Model) -> keras.Model:
    """The same network without its last activation, as the libraries' own guides advise."""
    model.layers[-1].activation = keras.activations.linear
    return model


def baselines(model: keras.Model, pixels: np.ndarray) -> dict[str, Work]:
    """Forward, and forward + backward of one output unit; each many times, batched, too.

    Each is traced for its batch. Every batch comes back as NumPy, as a method's does.
    """
    fixed = tf.constant(pixels)
    several = tf.constant(np.repeat(pixels, FORWARD_BATCH, axis=0))
    some = tf.constant(np.repeat(pixels, BACKWARD_BATCH, axis=0))

    @tf.function(autograph=False)
    def forward(x: tf.Tensor) -> tf.Tensor:
        return model(x, training=False)

    @tf.function(autograph=False)
    def forward_backward(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            value = model(x, training=False)[:, UNIT]
        return tape.gradient(value, x)

    def times(count: int, work: Work) -> Work:
        def repeated() -> np.ndarray:
            for _ in range(count - 1):
                work()
            return work()

        return repeated

    return {
        "forward": lambda: forward(fixed).numpy(),
        "forward_backward": lambda: forward_backward(fixed).numpy(),
        "forward_1000": times(SAMPLES // FORWARD_BATCH, lambda: forward(several).numpy()),
        "forward_backward_50": times(50 // BACKWARD_BATCH, lambda: forward_backward(some).numpy()),
        "forward_backward_batch": times(
            BATCH // BACKWARD_BATCH, lambda: forward_backward(some).numpy()
        ),
        "forward_backward_200": times(STEPS, lambda: forward_backward(fixed).numpy()),
    }
