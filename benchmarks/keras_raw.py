"""Raw compiled TensorFlow: what no explanation made with it can be faster than."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from worker import UNIT, Task, Work


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
    """Forward, and forward + backward of one output unit; traced for this batch of one."""
    fixed = tf.constant(pixels)

    @tf.function(autograph=False)
    def forward(x: tf.Tensor) -> tf.Tensor:
        return model(x, training=False)

    @tf.function(autograph=False)
    def forward_backward(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            value = model(x, training=False)[:, UNIT]
        return tape.gradient(value, x)

    return {
        "forward": lambda: forward(fixed).numpy(),
        "forward_backward": lambda: forward_backward(fixed).numpy(),
    }
