"""The caller's model is never changed; and what happens in one thread stays there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.errors import InvalidValueError

RNG = np.random.default_rng(8)
BATCH = RNG.normal(0, 1.5, (2, *SHAPE)).astype(np.float32)


def flat(model: Any) -> Iterator[Any]:
    yield from model._flatten_layers()  # the model itself, and all within


def state(model: Any) -> dict[str, Any]:
    """Everything of a model that a library has been seen to change."""
    layers = list(flat(model))
    return {
        "layers": [id(layer) for layer in layers],
        "classes": [type(layer) for layer in layers],
        "attributes": [sorted(vars(layer)) for layer in layers],
        "call": [layer.call.__func__ for layer in layers],
        "activation": [id(getattr(layer, "activation", None)) for layer in layers],
        "trainable": [layer.trainable for layer in layers],
        "dtype": [layer.dtype_policy.name for layer in layers],
        "names": [layer.name for layer in layers],
        "nodes": [len(layer._inbound_nodes) for layer in layers],
        "variables": [id(v) for v in model.variables],
        "weights": [w.tobytes() for w in model.get_weights()],
        "configuration": model.to_json() if type(model).__name__ == "Functional" else None,
        "losses": len(model.losses),
    }


def library() -> dict[str, Any]:
    """What of Keras and TensorFlow could be left patched."""
    import keras
    import tensorflow as tf

    return {
        "layer call": keras.layers.Layer.__call__,
        "operation call": keras.Operation.__call__,
        "relu": (tf.nn.relu, keras.activations.relu, keras.ops.relu),
        "policy": keras.config.dtype_policy().name,
        "phase": tf.executing_eagerly(),
        "graph map": dict(tf.compat.v1.get_default_graph()._gradient_override_map),
    }


def plain_gradient(model: Any) -> np.ndarray:
    """The model's gradient as the caller computes it, with GradientTape."""
    import tensorflow as tf

    pixels = tf.constant(BATCH)
    with tf.GradientTape() as recording:
        recording.watch(pixels)
        y = model(pixels, training=False)[:, 1]
    return recording.gradient(y, pixels).numpy()


@pytest.mark.parametrize("name", ["nested_twice", "every_form", "sequences"])
def test_nothing_of_the_model_changes(name: str) -> None:
    from oracles import nets

    model = nets.twin(name).model
    model.compile("sgd", "mse")
    layers = list(flat(model))
    layers[1].trainable = False
    answers, gradient = model.predict(BATCH, verbose=0), plain_gradient(model)
    before, around = state(model), library()
    network = Network(model)
    for neuron in (None, Neuron(None, 1), Neuron(network.layers[1].name, 1, "max")):
        network.backward(BATCH, neuron, Pass(), Pass(None, "guided"), Pass(None, "deconvnet"))
    network.predict(BATCH[0])
    network.mean_activations(BATCH[0])
    network.coverage(None, "guided")
    assert library() == around
    assert state(model) == before
    np.testing.assert_array_equal(model.predict(BATCH, verbose=0), answers)
    # Still the plain gradient, not the guided one.
    np.testing.assert_array_equal(plain_gradient(model), gradient)


def test_a_model_can_still_be_trained_and_its_new_weights_count() -> None:
    from oracles import nets

    model = nets.twin("relu_layers").model
    network = Network(model)
    first = network.backward(BATCH, Neuron(None, 1)).gradients[0]
    model.compile("sgd", "mse")
    model.fit(BATCH, np.ones((2, 4)), verbose=0)
    second = network.backward(BATCH, Neuron(None, 1)).gradients[0]
    assert np.abs(first - second).max() > 0
    np.testing.assert_allclose(second, plain_gradient(model), rtol=1e-4, atol=1e-6)


def test_dropout_and_batch_normalisation_stay_in_inference() -> None:
    import keras

    inputs = keras.Input(SHAPE)
    x = keras.layers.BatchNormalization(name="bn")(inputs)
    x = keras.layers.Dropout(0.5, seed=1)(x)
    x = keras.layers.GaussianNoise(0.9)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    network = Network(model)
    before = [w.copy() for w in model.get_weights()]
    values = {float(network.backward(BATCH, Neuron(None, 0)).value[0]) for _ in range(5)}
    assert len(values) == 1
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class Fails(Exception):
    """Nothing that the package could know of."""


@pytest.mark.parametrize("error", [Fails, ValueError, KeyError, RuntimeError])
def test_a_model_that_raises_leaves_everything_as_it_was(error: type[Exception]) -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.conv = keras.layers.Conv2D(2, 3, activation="relu")
            self.dense = keras.layers.Dense(2)
            self.broken = False

        def call(self, inputs: Any) -> Any:
            x = self.conv(inputs)
            if self.broken:
                raise error("no more")
            return self.dense(keras.ops.mean(x, axis=(1, 2)))

    model = Own()
    model(BATCH)
    model.broken = True
    before, around = state(model), library()
    network = Network(model)
    for _ in range(2):
        with pytest.raises(
            InvalidValueError, match=r"(?s)'own' could not be run.*no more"
        ) as caught:
            network.backward(BATCH, Neuron(None, 1))
        assert isinstance(caught.value.__cause__, error)
        assert "\x1b" not in str(caught.value)  # Keras colours its messages for a terminal
    assert library() == around
    assert state(model) == before
    model.broken = False  # and nothing half-made is kept
    gradient = network.backward(BATCH, Neuron(None, 1)).gradients[0]
    np.testing.assert_allclose(gradient, plain_gradient(model), rtol=1e-4, atol=1e-7)


def test_threads_do_not_disturb_each_other() -> None:
    """Two networks traced and run at once, and the caller's own model called all the while."""
    import keras
    from oracles import nets

    names = ["nested_twice", "residual"]
    jobs = [
        (neuron, rule) for neuron in (Neuron(None, 1), None) for rule in ("guided", "deconvnet")
    ]

    def answers(network: Network) -> list[np.ndarray]:
        return [network.backward(BATCH, n, Pass(None, rule)).gradients[0] for n, rule in jobs]

    models = [nets.twin(name).model for name in names]
    alone = [answers(Network(model)) for model in models]
    layers = [[info.name for info in Network(model).layers] for model in models]
    inputs = keras.Input(SHAPE)
    own = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))
    wanted = own(BATCH).numpy()
    networks = [Network(model) for model in models]
    together: dict[int, Any] = {}
    wrong: list[Any] = []
    stop = threading.Event()

    def work(n: int) -> None:
        try:
            together[n] = (answers(networks[n]), [info.name for info in networks[n].layers])
        except BaseException as error:
            wrong.append(error)

    def call() -> None:
        while not stop.is_set():
            if not np.array_equal(own(BATCH).numpy(), wanted):
                wrong.append("the caller's own model gave something else")

    around = library()
    bystander = threading.Thread(target=call)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    # A third thread asks the first network the same at the same time.
    twice: list[np.ndarray] = []
    threads.append(threading.Thread(target=lambda: twice.extend(answers(networks[0]))))
    bystander.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    stop.set()
    bystander.join(20)
    assert not wrong
    assert library() == around
    for n in range(2):
        arrays, paths = together[n]
        assert paths == layers[n]
        for one, other in zip(arrays, alone[n], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)
    for one, other in zip(twice, alone[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)
