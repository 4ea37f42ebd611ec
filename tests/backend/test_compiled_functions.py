"""Functions are compiled once, serve every unit and picture, and do not pile up."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from typing import Any

import numpy as np
import psutil
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend import compiled_model
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.engine.explain import explain

RNG = np.random.default_rng(4)


class Counting:
    """A network whose model's calls are counted: each is one tracing."""

    def __init__(self) -> None:
        import keras

        traced = self

        class Model(keras.Model):
            def __init__(self) -> None:
                super().__init__(name="counting")
                self.conv = keras.layers.Conv2D(6, 3, activation="relu", name="conv")
                self.more = keras.layers.Conv2D(8, 3, activation="relu", name="more")
                self.dense = keras.layers.Dense(5, name="dense")
                self.calls = 0

            def call(self, inputs: Any) -> Any:
                traced.traces += 1
                return self.dense(keras.ops.mean(self.more(self.conv(inputs)), axis=(1, 2)))

        self.traces = 0
        model = Model()
        model(np.zeros((1, *SHAPE), np.float32))
        self.traces = 0
        self.network = Network(model)


def test_one_compiled_function_serves_every_unit_picture_and_position() -> None:
    counting = Counting()
    network = counting.network
    _ = network.layers
    assert counting.traces == 1
    pictures = RNG.integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)
    for unit in range(5):
        for picture in pictures:
            explain(network, picture, method="saliency", neuron=unit)
    explain(network, pictures[0], method="saliency")  # the most probable class is the same one
    assert counting.traces == 2
    for unit in range(6):
        for row, column in ((0, 0), (3, 2), (6, 4)):
            neuron = Neuron("conv", unit, position=(row, column))
            explain(network, pictures[0], method="saliency", neuron=neuron)
    assert counting.traces == 3
    for _ in range(3):
        network.predict(pictures[1])
        network.most_active(pictures[1], "more")  # out of the survey
        network.activations(pictures[1], "more")
    assert counting.traces == 5
    for batch in (1, 2, 7):  # a batch of any length
        network.backward(np.zeros((batch, *SHAPE), np.float32), Neuron(None, 0))
    assert counting.traces == 5
    for method in ("guided_grad_cam", "grad_cam", "guided_backprop"):
        for unit in range(3):
            explain(network, pictures[unit], method=method, neuron=unit)
    assert counting.traces == 8  # guided Grad-CAM: two backward passes, one tracing


def test_the_least_recently_used_function_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(compiled_model, "MOST_PROGRAMS", 3)
    counting = Counting()
    network = counting.network
    assert network.structure and counting.traces == 1
    counting.traces = 0
    batch = np.zeros((1, *SHAPE), np.float32)
    asks = [Neuron(layer, 0, how) for layer in ("conv", "more") for how in ("sum", "mean", "max")]
    for neuron in asks[:3]:
        network.backward(batch, neuron)
    assert counting.traces == 3
    network.backward(batch, asks[0])  # used again: now asks[1] is the oldest
    network.backward(batch, asks[3])
    assert counting.traces == 4
    network.backward(batch, asks[0])
    network.backward(batch, asks[2])
    assert counting.traces == 4
    network.backward(batch, asks[1])
    assert counting.traces == 5
    for _ in range(3):
        for neuron in asks:
            network.backward(batch, neuron)
    gc.collect()
    graphs = [g for g in gc.get_objects() if isinstance(g, tf.Graph) and _of(g, "counting")]
    # Each kept function has its own graph, and TensorFlow may hold one more beside it.
    assert len(graphs) <= 2 * 3 + 2, len(graphs)


def _of(graph: Any, name: str) -> bool:
    return any(op.name.startswith(name) for op in graph.get_operations()[:4])


def test_five_hundred_explanations_leave_memory_and_graphs_as_they_were(twins: Any) -> None:
    import tensorflow as tf

    _, network = twins("relu6")
    methods = ["saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam"]
    layers = {"a": 6, "r2": 6, "n3": 6}
    rng = np.random.default_rng(0)

    def explain_some(count: int) -> None:
        for _ in range(count):
            picture = rng.integers(0, 256, (*rng.integers(8, 40, 2), 3), dtype=np.uint8)
            layer = rng.choice([None, *layers])
            neuron = Neuron(layer, int(rng.integers(layers.get(layer, 4))))
            explain(network, picture, method=str(rng.choice(methods)), neuron=neuron)

    def graphs() -> int:
        gc.collect()
        return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())

    def resident() -> float:
        gc.collect()
        return psutil.Process().memory_info().rss / 2**20

    explain_some(120)  # every question has been asked by then, and the allocator is warm
    functions, memory = graphs(), resident()
    explain_some(500)
    assert graphs() == functions
    # Of 500 kept results or leaked tensors (9 × 7 × 3 floats and a picture, some 5 KB each) and
    # of one function kept for each (some 300 KB) the latter would show here.
    assert resident() - memory < 15, f"{resident() - memory:.1f} MiB more after 500 explanations"


def test_programs_compute_what_they_did_when_made(twins: Any) -> None:
    """Answers do not depend on what was asked before."""
    twin, network = twins("residual")
    batch = RNG.normal(0, 1.5, (1, *SHAPE)).astype(np.float32)
    fresh = Network(twin.model)
    for rule in ("deconvnet", "gradient", "guided"):
        one = network.backward(batch, Neuron(None, 1), Pass(None, rule)).gradients[0]
        two = fresh.backward(batch, Neuron(None, 1), Pass(None, rule)).gradients[0]
        np.testing.assert_array_equal(one, two)


GROUPED = """
import keras, numpy as np, tensorflow as tf
from keras import layers as L
import cnnvis_widgets as cnnvis

def model(convolution):
    x = inputs = keras.Input((12, 10, 3))
    x = convolution(L.Conv2D(4, 3, activation="relu", name="first")(x))
    return keras.Model(inputs, L.Dense(3, name="last")(L.GlobalAveragePooling2D()(x)))

grouped = model(L.Conv2D(6, 3, groups=2, activation="relu", name="second"))
whole = model(L.Conv2D(6, 3, activation="relu", name="second"))
for name in ("first", "second", "last"):
    kernel, bias = grouped.get_layer(name).get_weights()
    if name == "second":  # each group of outputs sees its own half of the inputs
        full = np.zeros((3, 3, 4, 6), "float32")
        full[:, :, :2, :3], full[:, :, 2:, 3:] = kernel[..., :3], kernel[..., 3:]
        kernel = full
    whole.get_layer(name).set_weights([kernel, bias])
picture = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)
before = tf.config.optimizer.get_experimental_options()
networks = [cnnvis.Network(m, "0..1", name="n") for m in (grouped, whole)]
for m in (grouped, whole):  # relevance is of what is positive
    m.get_layer("last").bias.assign([1, 2, 1])
best = networks[0].predict(picture)[0].unit
for method in ("saliency", "grad_cam", "guided_backprop", "deep_taylor"):
    one, two = (cnnvis.explain(n, picture, method, best).attribution for n in networks)
    print(method, bool(np.abs(one - two).max() <= 1e-5 * np.abs(two).max()), bool(two.any()))
same = [n.predict(picture)[0].logit for n in networks]
print("predict", abs(same[0] - same[1]) < 1e-5)
print("options", before == tf.config.optimizer.get_experimental_options())
"""


@pytest.mark.parametrize("onednn", ["0", "1"])
def test_grouped_convolutions_on_any_processor(onednn: str) -> None:
    """TensorFlow's fused convolution has none without oneDNN, as on a processor without AVX-512."""
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": onednn}
    process = subprocess.run(
        [sys.executable, "-c", GROUPED], capture_output=True, text=True, check=True, env=env
    )
    assert process.stdout.splitlines() == [
        "saliency True True",
        "grad_cam True True",
        "guided_backprop True True",
        "deep_taylor True True",
        "predict True",
        "options True",
    ]
