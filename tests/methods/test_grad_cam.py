"""Grad-CAM against NumPy, its layer, and Guided Grad-CAM as the product that it is."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.resampling import bilinear

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnknownNameError, UnsuitableError

RNG = np.random.default_rng(13)
PIXELS = RNG.normal(0, 1.5, SHAPE).astype(np.float32)


def by_hand(twin: Any, pixels: np.ndarray, layer: str, neuron: Neuron) -> np.ndarray:
    """relu(Σ_k w_k A_k); w_k from raising the whole of map k by a little, up and down."""
    maps = twin.tape(pixels[None]).values[layer].array
    count, step = maps.shape[1] * maps.shape[2], 1e-6
    weights = []
    for k in range(maps.shape[-1]):
        values = []
        for sign in (1, -1):
            moved = maps.copy()
            moved[..., k] += sign * step
            tape = twin.tape(pixels[None], {layer: moved})
            values.append(
                tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)[0][0]
            )
        # Raising all places at once gives the sum of the derivatives; the paper takes their mean.
        weights.append((values[0] - values[1]) / (2 * step) / count)
    total = sum(w * maps[0, ..., k] for k, w in enumerate(weights))
    return np.maximum(total, 0)


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("relu_layers", "r2", Neuron(None, 2)),
        ("relu_layers", "r1", Neuron("c2", 0, position=(1, 0))),
        ("fused", "c2", Neuron(None, 1)),
        ("relu6", "relu6", Neuron(None, 3)),
        ("nested_twice", "body", Neuron(None, 1)),
        ("nested_twice", "body/c1", Neuron("body/core/c2", 2, "max")),
        ("residual", "r3", Neuron(None, 2)),
        ("residual", "r2", Neuron("c3", 1, "mean")),
        ("branched", "mixed", Neuron(None, 4)),
        ("shared", "twice#2/r3", Neuron(None, 1)),
        ("separable", "r2", Neuron(None, 0)),
    ],
)
def test_the_layer_and_the_map(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    signs = set()
    for pixels in (PIXELS, -PIXELS, 2 * PIXELS[::-1]):
        explanation = explain(
            network, np.ascontiguousarray(pixels), method="grad_cam", neuron=neuron
        )
        assert explanation.layer == layer
        wanted = by_hand(twin, pixels, layer, neuron)
        scale = max(np.abs(wanted).max(), 1e-3)
        assert explanation.attribution is not None
        np.testing.assert_allclose(
            explanation.attribution[..., 0], wanted, rtol=2e-3, atol=1e-4 * scale
        )
        heatmap = explanation.heatmap()
        assert heatmap.shape == SHAPE[:2]
        if name != "residual":  # whose padding makes the map wider than the picture
            larger = bilinear(explanation.attribution[..., 0], *SHAPE[:2])
            np.testing.assert_allclose(heatmap, larger, rtol=1e-4, atol=1e-5 * scale)
        signs |= {bool(wanted.any())}
    assert True in signs, "all three maps are empty: the test sees nothing"


def test_a_map_larger_than_the_picture_is_brought_to_its_size(twins: Any) -> None:
    """Padding makes 8 × 8 places out of 9 × 7 pixels: each column of the heatmap is a mean."""
    _, network = twins("residual")
    for method in ("grad_cam", "guided_grad_cam"):
        explanation = explain(network, PIXELS, method=method, neuron=2, layer="c1")
        assert explanation.heatmap().shape == SHAPE[:2]
    explanation = explain(network, PIXELS, method="grad_cam", neuron=2, layer="c1")
    raw, heatmap = explanation.attribution[..., 0], explanation.heatmap()  # type: ignore[index]
    assert raw.shape == (8, 8)
    assert raw.any()
    assert raw.min() <= heatmap.min()
    assert heatmap.max() <= raw.max()
    assert heatmap.mean() == pytest.approx(raw.mean(), rel=0.1)
    centre = np.unravel_index(raw.argmax(), raw.shape)
    peak = np.unravel_index(heatmap.argmax(), heatmap.shape)
    for place, n, m, wanted in zip(peak, SHAPE, raw.shape, centre, strict=False):
        assert abs((place + 0.5) / n - (wanted + 0.5) / m) < 1.5 / n


def test_a_layer_of_one_s_own(twins: Any) -> None:
    twin, network = twins("residual")
    neuron = Neuron(None, 2)
    for layer in ("c1", "n2", "a2", "z"):
        explanation = explain(network, PIXELS, method="grad_cam", neuron=neuron, layer=layer)
        wanted = by_hand(twin, PIXELS, layer, neuron)
        assert explanation.layer == layer
        assert explanation.parameters == {"layer": layer, "sign": "positive"}
        np.testing.assert_allclose(
            explanation.attribution[..., 0],  # type: ignore[index]
            wanted,
            rtol=2e-3,
            atol=1e-4 * max(wanted.max(), 1e-3),
        )


@pytest.mark.parametrize("method", ["grad_cam", "grad_cam_plus_plus", "layer_cam"])
def test_what_lowers_the_neuron_is_what_raises_its_negative(twins: Any, method: str) -> None:
    """Asked of a network with the other sign at its end; both are the one minus the other."""
    import keras

    twin, network = twins("branched")
    turned = Network(
        keras.Model(twin.model.inputs, keras.ops.negative(twin.model.outputs[0]), name="turned")
    )
    ask = {"method": method, "neuron": 4, "layer": "mixed"}
    raises, lowers, both = (
        explain(network, PIXELS, sign=sign, **ask).attribution
        for sign in ("positive", "negative", "both")
    )
    wanted = explain(turned, PIXELS, **ask).attribution
    assert raises.any() and wanted.any()
    np.testing.assert_allclose(lowers, wanted, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(both, raises - wanted, rtol=1e-4, atol=1e-6)


def test_the_map_before_the_relu_is_kept(twins: Any) -> None:
    twin, network = twins("branched")
    explanation = explain(network, PIXELS, method="grad_cam", neuron=4)
    tape = twin.tape(PIXELS[None])
    slope = tape.gradient(tape.neuron(None, 4)[1], "gradient", None, "mixed")[0][0]
    wanted = tape.values["mixed"].array[0] @ slope.mean((0, 1))
    assert wanted.min() < 0 < wanted.max()
    np.testing.assert_allclose(explanation.details["before_relu"], wanted, rtol=1e-3, atol=1e-5)
    both = explain(network, PIXELS, method="grad_cam", neuron=4, sign="both")
    np.testing.assert_allclose(both.attribution[..., 0], wanted, rtol=1e-3, atol=1e-5)


def test_layers_that_will_not_do(twins: Any) -> None:
    _, network = twins("residual")

    def ask(layer: str, neuron: Any = 1) -> None:
        for method in ("grad_cam", "guided_grad_cam"):
            explain(network, PIXELS, method=method, neuron=neuron, layer=layer)

    with pytest.raises(UnknownNameError, match=r"layer 'a22'.*Did you mean 'a2'"):
        ask("a22")
    with pytest.raises(UnsuitableError, match=r"rows and columns.*'g'.*\(6,\).*'r3'"):
        ask("g")
    with pytest.raises(UnsuitableError, match="does not depend on layer 'r3'"):
        ask("r3", ("a2", 1))
    with pytest.raises(UnsuitableError, match="does not depend on layer 'c3'"):
        ask("c3", ("a1", 1))


def test_a_neuron_of_the_first_convolution_is_weighed_on_its_own_map(twins: Any) -> None:
    twin, network = twins("fused")
    explanation = explain(network, PIXELS, method="grad_cam", neuron=("c1", 2))
    own = twin.tape(PIXELS[None]).values["c1"].array[0, ..., 2]
    assert explanation.layer == "c1"
    np.testing.assert_allclose(explanation.attribution[..., 0], own, rtol=1e-4, atol=1e-6)  # type: ignore[index]


@pytest.mark.parametrize("name", ["fused", "nested_twice", "relu6"])
def test_guided_grad_cam_is_the_product(twins: Any, name: str) -> None:
    """Of its two factors as computed alone, the coarse one enlarged by our own formula."""
    _, network = twins(name)
    neuron = Neuron(None, 3)
    factors = {
        method: explain(network, PIXELS, method=method, neuron=neuron).attribution
        for method in ("guided_backprop", "grad_cam", "guided_grad_cam")
    }
    assert factors["grad_cam"].any()  # type: ignore[union-attr]
    mask = bilinear(factors["grad_cam"][..., 0], *SHAPE[:2])  # type: ignore[index]
    wanted = factors["guided_backprop"] * mask[..., None]  # type: ignore[operator]
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(factors["guided_grad_cam"], wanted, rtol=1e-3, atol=1e-5 * scale)
    chosen = explain(
        network, PIXELS, method="guided_grad_cam", neuron=neuron, layer=network.layers[0].name
    )
    assert np.abs(chosen.attribution - factors["guided_grad_cam"]).max() > 1e-3 * scale


def dense_only() -> Any:
    import keras

    return keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(4, name="d")]
    )


def test_a_network_without_maps_is_told_what_works() -> None:
    network = Network(dense_only())
    for method in ("grad_cam", "guided_grad_cam"):
        with pytest.raises(UnsuitableError, match="saliency"):
            explain(network, PIXELS, method=method, neuron=1)


def vgg(layers: Any, x: Any) -> Any:
    for n, units in enumerate((4, 6), start=1):
        x = layers.Conv2D(units, 3, padding="same", activation="relu", name=f"b{n}_conv1")(x)
        x = layers.Conv2D(units, 3, padding="same", activation="relu", name=f"b{n}_conv2")(x)
        x = layers.MaxPooling2D(name=f"b{n}_pool")(x)
    x = layers.Dense(8, activation="relu", name="fc1")(layers.Flatten(name="flatten")(x))
    return layers.Dense(3, activation="softmax", name="predictions")(x)


def resnet(layers: Any, x: Any) -> Any:
    x = layers.Conv2D(4, 3, padding="same", name="stem")(x)
    for n in (1, 2):
        y = layers.Conv2D(4, 3, padding="same", name=f"b{n}_conv")(x)
        y = layers.BatchNormalization(name=f"b{n}_bn")(y)
        x = layers.ReLU(name=f"b{n}_out")(layers.Add(name=f"b{n}_add")([x, y]))
    x = layers.Dropout(0.2, name="drop2d")(x)
    x = layers.GlobalAveragePooling2D(name="avg")(x)
    return layers.Dense(3, name="head")(layers.Dropout(0.5, name="drop")(x))


def mobile(layers: Any, x: Any) -> Any:
    """The last convolution, a 1 × 1 after the average pooling, sees one place only."""
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv1")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="dw")(x)
    x = layers.ReLU(6.0, name="pw_relu")(layers.Conv2D(6, 1, name="pw")(x))
    x = layers.GlobalAveragePooling2D(keepdims=True, name="gap")(x)
    x = layers.Conv2D(3, 1, name="conv_preds")(x)
    return layers.Softmax(name="act")(layers.Reshape((3,), name="reshape")(x))


def gated(layers: Any, x: Any) -> Any:
    """Squeeze and excitation: the branch that gates has no rows and columns."""
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    s = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    s = layers.Conv2D(4, 1, activation="sigmoid", name="excite")(s)
    x = layers.Multiply(name="scaled")([x, s])
    x = layers.UpSampling2D(2, name="larger")(x)
    return layers.Dense(3, name="head")(layers.GlobalAveragePooling2D(name="gap")(x))


def two_heads(layers: Any, x: Any) -> Any:
    """Average and maximum of one map, side by side: both see that map."""
    x = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    x = layers.ReLU(name="relu")(x)
    both = [layers.GlobalAveragePooling2D(name="a")(x), layers.GlobalMaxPooling2D(name="m")(x)]
    return layers.Dense(3, name="head")(layers.Concatenate(name="both")(both))


def fully_convolutional(layers: Any, x: Any) -> Any:
    """Maps of classes, averaged: the weights end before the average."""
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="features")(x)
    x = layers.Conv2D(3, 1, name="class_maps")(x)
    return layers.Softmax(name="out")(layers.GlobalAveragePooling2D(name="gap")(x))


def rescaled(layers: Any, x: Any) -> Any:
    """The rescaled picture is a map before the first convolution, but none of a convolution."""
    x = layers.Rescaling(1 / 255, name="rescaling")(x)
    x = layers.Conv2D(4, 3, name="conv1")(x)
    x = layers.ReLU(name="relu1")(x)
    return layers.Dense(3, name="head")(layers.Flatten(name="flat")(x))


CHOICES: list[tuple[Callable[[Any, Any], Any], str | None, str]] = [
    (vgg, None, "b2_conv2"),
    (vgg, "fc1", "b2_conv2"),
    (vgg, "b2_pool", "b2_conv1"),
    (vgg, "b2_conv1", "b1_conv2"),
    (vgg, "b1_conv1", "b1_conv1"),
    (resnet, None, "b2_out"),
    (resnet, "b2_add", "b1_out"),
    (resnet, "b2_conv", "b1_out"),
    (resnet, "b1_bn", "stem"),
    (mobile, None, "pw_relu"),
    (mobile, "pw_relu", "dw"),
    (gated, None, "scaled"),
    (gated, "scaled", "conv"),
    (two_heads, None, "relu"),
    (fully_convolutional, None, "features"),
    (rescaled, None, "relu1"),
    (rescaled, "relu1", "relu1"),
    (rescaled, "conv1", "conv1"),
]


def test_choice_of_the_layer() -> None:
    import keras

    networks: dict[Any, Network] = {}
    wrong = []
    for describe, neuron_layer, wanted in CHOICES:
        if describe not in networks:
            inputs = keras.Input((12, 10, 3))
            networks[describe] = Network(keras.Model(inputs, describe(keras.layers, inputs)))
        neuron = None if neuron_layer is None else Neuron(neuron_layer, 0)
        layer = networks[describe].last_convolution(neuron)
        if layer != wanted:
            wrong.append((describe.__name__, neuron_layer, layer, wanted))
    assert not wrong


def test_in_a_subclassed_model_the_map_after_the_relu_counts() -> None:
    """The ReLU is an operation in `call`, no layer."""
    import keras
    import tensorflow as tf

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.conv = keras.layers.Conv2D(4, 3, name="conv")
            self.bn = keras.layers.BatchNormalization(name="bn")
            self.head = keras.layers.Dense(3, name="head")

        def call(self, inputs: Any) -> Any:
            x = tf.nn.relu(self.bn(self.conv(inputs)))
            return self.head(tf.reduce_mean(x, axis=(1, 2)))

    model = Own()
    model(PIXELS[None])
    network = Network(model)
    assert [info.name for info in network.layers] == ["conv", "bn", "relu", "head"]
    assert network.last_convolution(None) == "relu"
    maps = network.activations(PIXELS, "relu")
    np.testing.assert_array_equal(maps, np.maximum(network.activations(PIXELS, "bn"), 0))
    kernel = model.head.get_weights()[0]
    explanation = explain(network, PIXELS, method="grad_cam", neuron=1)
    wanted = np.maximum(maps @ kernel[:, 1] / maps[..., 0].size, 0)
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-4, atol=1e-6)  # type: ignore[index]


LARGE = [
    ("VGG16", (64, 96, 3), "block5_conv3", "block3_conv2", "block3_conv1"),
    ("ResNet50", (64, 96, 3), "conv5_block3_out", "conv3_block2_out", "conv3_block1_out"),
    ("InceptionV3", (96, 128, 3), "mixed10", "mixed4", "mixed3"),
    ("Xception", (96, 128, 3), "block14_sepconv2_act", "add_3", "add_2"),
    ("MobileNetV2", (64, 96, 3), "out_relu", "block_5_add", "block_4_add"),
]


@pytest.mark.parametrize(("name", "shape", "last", "hidden", "before"), LARGE)
def test_choice_in_the_published_architectures(
    name: str, shape: tuple[int, ...], last: str, hidden: str, before: str
) -> None:
    """With random weights, on small inputs, and each of them as a model inside a model too."""
    import keras

    keras.backend.clear_session()  # Keras numbers its layers: "add_3" must mean this model's
    made = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=shape
    )
    inputs = keras.Input(shape)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(made(inputs)))
    network = Network(model)
    assert network.last_convolution(None) == f"{made.name}/{last}"
    assert network.last_convolution(Neuron(f"{made.name}/{hidden}", 3)) == f"{made.name}/{before}"
    coverage = network.coverage(None, "guided")
    assert coverage.complete, coverage
    gates = sum(
        int(words.split("at ")[1].split()[0])
        for words in coverage.treated.values()
        if "at " in words
    )
    published = {"VGG16": 13, "ResNet50": 49, "InceptionV3": 94, "Xception": 35, "MobileNetV2": 35}
    assert gates == published[name]
    del made, model, network
    gc.collect()
