"""CAM against the dense layer's weights and the maps of the NumPy tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.twins import Twin

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods import method

PICTURE = np.random.default_rng(4).normal(0, 1.5, SHAPE).astype(np.float32)


def pooled_before(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, activation="relu", name="c1")
    x = o.pool(x, "max", 2, 2, "valid", name="p")  # the average is over (4, 3), not over (9, 7)
    return o.dense(o.global_average(x, name="g"), 5, name="d")


# network → the layer whose maps are averaged
SUITED = {"fused": "c2", "relu6": None, "separable": "r2", "clipped": "r2", "residual": "r3"}


@pytest.mark.parametrize("name", SUITED)
@pytest.mark.parametrize("unit", [0, 2])
def test_equals_the_weighted_sum_of_the_maps(twins: Any, name: str, unit: int) -> None:
    twin, network = twins(name)
    tape = twin.tape(PICTURE[None])
    kernel, bias = twin.weights["d"]
    averaged = tape.values[SUITED[name]] if SUITED[name] else None
    explanation = explain(network, PICTURE, "cam", unit)
    rows, columns, depth = explanation.attribution.shape
    assert depth == 1 and explanation.attribution.dtype == np.float32
    if averaged is not None:
        expected = np.zeros((rows, columns))
        for k in range(kernel.shape[0]):
            expected += kernel[k, unit] * averaged.array[0, :, :, k]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(explanation.attribution[..., 0], expected, atol=1e-4 * scale)
        assert explanation.layer == SUITED[name]
    logit = tape.output.array[0, unit]
    assert explanation.attribution.mean() + bias[unit] == pytest.approx(logit, abs=1e-3)
    assert explanation.value == pytest.approx(logit, abs=1e-3)


@pytest.mark.parametrize("name", ["fused", "clipped", "residual"])
def test_rectified_it_is_grad_cam_times_the_number_of_places(twins: Any, name: str) -> None:
    _, network = twins(name)
    for unit in range(3):
        cam = explain(network, PICTURE, "cam", unit)
        grad_cam = explain(network, PICTURE, "grad_cam", unit)
        assert cam.layer == grad_cam.layer
        rows, columns, _ = cam.attribution.shape
        scale = np.abs(cam.attribution).max()
        np.testing.assert_allclose(
            np.maximum(cam.attribution, 0), grad_cam.attribution * rows * columns, atol=1e-4 * scale
        )
    assert cam.attribution.min() < 0  # so that the rectifying is seen


def test_the_maps_are_those_that_are_averaged() -> None:
    twin = Twin(pooled_before, SHAPE)
    explanation = explain(Network(twin.model), PICTURE, "cam", 3)
    kernel, _ = twin.weights["d"]
    maps = twin.tape(PICTURE[None]).values["p"].array[0]
    assert explanation.attribution.shape == (4, 3, 1) and explanation.layer == "p"
    np.testing.assert_allclose(
        explanation.attribution[..., 0], maps @ kernel[:, 3], rtol=1e-3, atol=1e-4
    )
    assert explanation.heatmap().shape == SHAPE[:2]


def _ending(*layers: Any) -> Network:
    import keras

    inputs = keras.Input((11, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="maps")(inputs)
    for layer in layers:
        x = layer(x)
    return Network(keras.Model(inputs, x))


def _heads() -> dict[str, tuple[Any, ...]]:
    from keras import layers as k

    average = k.GlobalAveragePooling2D
    return {
        "softmax layer": (average(), k.Dense(3), k.Dropout(0.5), k.Softmax()),
        "1 × 1 convolution": (average(keepdims=True), k.Conv2D(3, 1), k.Reshape((3,)), k.Softmax()),
        "batch norm": (average(), k.BatchNormalization(), k.Dense(3, activation="sigmoid")),
        "average pooling": (k.AveragePooling2D((9, 6)), k.Flatten(), k.Dense(3)),
    }


@pytest.mark.parametrize(
    "name", ["softmax layer", "1 × 1 convolution", "batch norm", "average pooling"]
)
def test_endings_that_amount_to_the_same(name: str) -> None:
    network = _ending(*_heads()[name])
    for variable in network.model.weights:  # BatchNorm's statistics too
        variable.assign(np.random.default_rng(2).uniform(0.3, 1.2, variable.shape))
    assert method("cam").unsuited(network) == ""
    picture = np.random.default_rng(1).normal(0, 1, (11, 8, 3)).astype(np.float32)
    explanation = explain(network, picture, "cam", 1)
    assert explanation.attribution.shape == (9, 6, 1) and explanation.layer == "maps"
    # Linear in the maps: at maps of zeros only the bias is left, and the rest is CAM's mean.
    blank = np.full((11, 8, 3), -1e3, np.float32)
    bias = network.outputs(blank[None])[0].reshape(-1)[1]
    assert explanation.attribution.mean() == pytest.approx(explanation.value - bias, rel=1e-4)
    maps = network.activations(picture, "maps")
    weights, *_ = np.linalg.lstsq(
        maps.reshape(54, 4), explanation.attribution.reshape(54), rcond=None
    )
    np.testing.assert_allclose(
        maps @ weights, explanation.attribution[..., 0], rtol=1e-3, atol=1e-4
    )


def test_other_endings_are_refused_and_told_of_grad_cam(twins: Any) -> None:
    from keras import layers as k

    average = k.GlobalAveragePooling2D
    for network in (
        twins("relu_layers")[1],  # flattens
        _ending(average(), k.Dense(5, activation="relu"), k.Dense(3)),
        _ending(average(), k.Dense(5), k.Dense(3)),
        _ending(k.GlobalMaxPooling2D(), k.Dense(3)),
        _ending(k.Conv2D(3, 1), average()),  # no dense layer
        _ending(k.AveragePooling2D((3, 2)), k.Flatten(), k.Dense(3)),
    ):
        with pytest.raises(UnsuitableError, match="grad_cam"):
            explain(network, np.zeros(network.input_shape, np.float32), "cam")


def test_output_units_only(twins: Any) -> None:
    _, network = twins("fused")
    with pytest.raises(UnsuitableError, match=r"output units only.*grad_cam"):
        explain(network, PICTURE, "cam", Neuron("c2", 1))
    by_layer = explain(network, PICTURE, "cam", Neuron("d", 1))
    np.testing.assert_array_equal(
        by_layer.attribution, explain(network, PICTURE, "cam", 1).attribution
    )
    best = explain(network, PICTURE, "cam")
    assert best.neuron.unit == network.outputs(PICTURE[None])[0].argmax()
