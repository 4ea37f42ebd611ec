"""Nothing is lost, nothing is negative: Deep Taylor on every kind of layer, block by block.

Each network below has one feature that makes others lose relevance. What is asked of each: the sum
at the picture and at every layer through which all paths lead is max(value, 0), to 1e-4 of it
(float32); no pixel is below zero at all, since the rules multiply and add numbers that are not; and
where a layer cannot be treated as published, coverage names it. Rows, columns and channels differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L

from cnnvis_widgets.backend.lrp.relevance import relevance
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

ROWS, COLUMNS = 11, 8
Block = Callable[[Any], Any]


def bn() -> Any:
    return L.BatchNormalization()


def relu() -> Any:
    return L.ReLU()


def chain(*layers: Any) -> Block:
    def block(x: Any) -> Any:
        for layer in layers:
            x = layer(x)
        return x

    return block


def both(one: Block, other: Block, meeting: Any) -> Block:
    return lambda x: meeting([one(x), other(x)])


def nested(x: Any) -> Any:
    inside = keras.Input(x.shape[1:])
    y = L.Add()([inside, chain(L.Conv2D(5, 3, padding="same"), bn(), relu())(inside)])
    return keras.Model(inside, y, name="inner")(x)


def sequential(x: Any) -> Any:
    parts = [keras.Input(x.shape[1:]), L.Conv2D(4, (3, 2)), bn(), L.ReLU(6.0)]
    return keras.Sequential(parts, name="inner")(x)


def grouped(x: Any) -> Any:
    """Keras' own grouped convolution is hidden in a tf.function; this one is not."""
    kernel = np.random.default_rng(3).normal(0, 0.6, (3, 2, 1, 10)).astype(np.float32)
    return tf.nn.conv2d(x, kernel, 1, "SAME") + 0.3


same = {"padding": "same"}
conv = L.Conv2D
TREATED: dict[str, Block] = {
    "conv, BatchNorm, ReLU": chain(conv(4, 3), bn(), relu()),
    "BatchNorm before the ReLU of a strided conv": chain(conv(4, 3, strides=2), bn(), relu()),
    "depthwise, BatchNorm, ReLU6": chain(
        L.DepthwiseConv2D(3, depth_multiplier=2, **same), bn(), L.ReLU(6.0)
    ),
    "strided depthwise": chain(L.DepthwiseConv2D(3, strides=2, **same), bn(), relu()),
    "dilated": chain(conv(4, 3, dilation_rate=2, **same), bn(), relu()),
    "dilated depthwise": chain(L.DepthwiseConv2D(3, dilation_rate=2), bn(), relu()),
    "grouped": chain(L.Lambda(grouped), relu()),
    "separable": chain(L.SeparableConv2D(6, 3, **same), bn(), relu()),
    "transposed": chain(L.Conv2DTranspose(4, 3, strides=2, **same), bn(), relu()),
    "transposed, stride beyond kernel": chain(L.Conv2DTranspose(4, 2, strides=3), relu()),
    "linear bottleneck": chain(conv(3, 1), bn(), conv(9, 1), bn(), L.ReLU(6.0)),
    "BatchNorm after Concatenate": chain(
        both(conv(4, 3, **same), conv(3, 1), L.Concatenate()), bn(), relu()
    ),
    "BatchNorm after a Concatenate in a Concatenate": chain(
        both(
            both(conv(4, 3, **same), L.SeparableConv2D(2, 3, **same), L.Concatenate()),
            conv(3, 1),
            L.Concatenate(),
        ),
        bn(),
        relu(),
    ),
    "BatchNorm twice": chain(conv(4, 3), bn(), bn(), relu()),
    "BatchNorm without scale": chain(conv(4, 3), L.BatchNormalization(scale=False), relu()),
    "Add": both(chain(conv(5, 3, **same), bn()), chain(), L.Add()),
    "Add of three": lambda x: L.Add()([x, conv(5, 1)(x), conv(5, 3, **same)(x)]),
    "Average": both(conv(4, 3, **same), conv(4, 1), L.Average()),
    "Subtract": both(conv(4, 3, **same), conv(4, 1), L.Subtract()),
    "Maximum": both(conv(4, 3, **same), conv(4, 1), L.Maximum()),
    "Concatenate": both(conv(4, 3, **same), L.MaxPooling2D(3, 1, **same), L.Concatenate()),
    "average pooling": L.AveragePooling2D((3, 2), strides=2, **same),
    "average pooling of signed values": chain(conv(4, 1), L.AveragePooling2D(2)),
    "max pooling behind zeros": chain(L.ZeroPadding2D(2), L.MaxPooling2D(3, 2)),
    "zero padding": chain(L.ZeroPadding2D(((2, 0), (1, 3))), conv(4, 3), relu()),
    "windows of nothing but zeros": chain(L.ZeroPadding2D(6), conv(4, 3), relu()),
    "cropping": L.Cropping2D(((1, 2), (0, 1))),
    "upsampling": chain(L.UpSampling2D(2, interpolation="bilinear"), conv(4, 3), relu()),
    "a grouped convolution of Keras": chain(conv(10, 3, groups=5), relu()),
    "permuted": chain(L.Permute((2, 1, 3)), conv(4, (2, 3)), relu()),
    "dense over the channels": chain(L.Dense(6), bn(), relu()),
    "clipped ReLU": chain(conv(4, 3), L.ReLU(4.0)),
    "leaky ReLU": chain(conv(4, 3), L.LeakyReLU(0.2)),
    "nested": nested,
    "nested Sequential": sequential,
    "dropout": chain(L.Dropout(0.5), L.SpatialDropout2D(0.2), conv(4, 3), relu()),
    "global max": chain(conv(4, 3), L.GlobalMaxPooling2D(keepdims=True), L.UpSampling2D(3)),
}
UNTREATED: dict[str, tuple[Block, str]] = {
    "BatchNorm of a sum": (
        chain(both(chain(), conv(5, 3, **same), L.Add()), L.BatchNormalization(name="odd"), relu()),
        "follows no weighted layer",
    ),
    "BatchNorm after a Concatenate of pooled maps": (
        chain(
            both(conv(4, 3, **same), L.MaxPooling2D(3, 1, **same), L.Concatenate()),
            relu(),
            L.BatchNormalization(name="odd"),
        ),
        "follows no weighted layer",
    ),
    "BatchNorm after a Concatenate of which one part is weighted": (
        chain(
            both(conv(4, 3, **same), L.MaxPooling2D(3, 1, **same), L.Concatenate()),
            L.BatchNormalization(name="odd"),
            relu(),
        ),
        "follows no weighted layer",
    ),
    "a layer used before and after its BatchNorm": (
        lambda x: (lambda y: L.Add()([y, L.BatchNormalization(name="odd")(y)]))(conv(5, 3)(x)),
        "follows no weighted layer",
    ),
    "a gate": (
        lambda x: L.Multiply(name="odd")([x, L.Dense(5, activation="sigmoid")(x)]),
        "multiplies two signals",
    ),
    "a square": (lambda x: L.Lambda(lambda v: v * v, name="odd")(x), "multiplies two signals"),
    "a softmax": (L.Softmax(name="odd"), "softmax inside the network"),
}


def network(block: Block, channels: int = 3, seed: int = 5) -> Network:
    """Convolution, the block, and a convolution with one dense layer: units of both signs."""
    inputs = keras.Input((ROWS, COLUMNS, channels))
    x = L.Conv2D(5, (2, 3), activation="relu", padding="same", name="before")(inputs)
    x = L.Conv2D(6, 2, activation="relu", name="after")(block(x))
    x = L.Dense(4, name="units")(L.GlobalAveragePooling2D(name="mean")(x))
    model = keras.Model(inputs, x)
    draw = np.random.default_rng(seed)
    for variable in model.weights:
        shape = variable.shape
        if "variance" in variable.path:
            variable.assign(draw.uniform(0.3, 2, shape))
        elif "seed" not in variable.path:  # BatchNorm's scales too have both signs
            variable.assign(draw.normal(0, 0.6 if len(shape) > 1 else 1, shape))
    units = model.get_layer("units")  # the first two are active on every picture
    units.set_weights([np.where(np.arange(4) < 2, abs(w), w) for w in units.get_weights()])
    return Network(model, lambda p: p / 127.5 - 1)


def inputs(channels: int = 3, count: int = 3) -> np.ndarray:
    draw = np.random.default_rng(2)
    return draw.uniform(-1, 1, (count, ROWS, COLUMNS, channels)).astype(np.float32)


@pytest.mark.parametrize("name", TREATED)
def test_all_of_it_arrives_and_none_is_negative(name: str) -> None:
    net = network(TREATED[name])
    active = 0
    for x in inputs():
        for unit in range(4):
            result = relevance(net, x[None], Neuron(None, unit))
            wanted = max(result.value, 0)
            assert result.relevance.min() >= 0
            assert result.relevance.sum() == pytest.approx(wanted, rel=1e-4, abs=1e-6)
            for layer in ("before", "after", "mean", "units"):
                assert result.sums[layer] == pytest.approx(wanted, rel=1e-4, abs=1e-6), layer
            active += wanted > 0
    assert active >= 2, "hardly any unit was active: the test would say nothing"
    assert net.relevance_coverage(None).complete, str(net.relevance_coverage(None))


@pytest.mark.parametrize("name", UNTREATED)
def test_what_cannot_be_treated_is_named(name: str) -> None:
    block, why = UNTREATED[name]
    coverage = network(block).relevance_coverage(None)
    assert "odd" in coverage.untreated and not {"before", "after"} & set(coverage.untreated)
    assert why in coverage.untreated["odd"]


@pytest.mark.parametrize("name", list(UNTREATED)[:5])
def test_what_is_passed_on_is_not_lost_either(name: str) -> None:
    net = network(UNTREATED[name][0])
    for x in inputs(count=2):
        for unit in range(4):
            result = relevance(net, x[None], Neuron(None, unit))
            assert result.relevance.sum() == pytest.approx(max(result.value, 0), rel=1e-4, abs=1e-6)
            assert result.relevance.min() >= 0


def test_greyscale_and_hidden_neurons_in_every_form() -> None:
    net = network(TREATED["BatchNorm after Concatenate"], channels=1)
    x = inputs(channels=1)[0]
    forms = {"sum": {}, "mean": {"aggregate": "mean"}, "max": {"aggregate": "max"}}
    forms |= {"place": {"position": (4, 3)}}
    for layer in ("before", "after"):
        maps = net.activations(x, layer)
        for unit in range(3):
            for how, form in forms.items():
                map_ = maps[..., unit].astype(np.float64)
                value = map_[4, 3] if how == "place" else getattr(map_, how)()
                result = explain(net, x, "deep_taylor", Neuron(layer, unit, **form))
                assert result.value == pytest.approx(value, rel=1e-4, abs=1e-6)
                assert result.attribution.sum() == pytest.approx(value, rel=1e-4, abs=1e-6)
                assert result.attribution.min() >= 0


def test_folding_behind_a_concatenation_is_folding_by_hand() -> None:
    """The same network with γ / √(σ² + ε) multiplied into the kernels before the Concatenate."""
    net = network(TREATED["BatchNorm after Concatenate"])
    model = net.model
    norm = next(layer for layer in model.layers if isinstance(layer, L.BatchNormalization))
    gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    assert (scale < 0).any() and (scale > 0).any()
    inputs_ = keras.Input((ROWS, COLUMNS, 3))
    x = L.Conv2D(5, (2, 3), activation="relu", padding="same", name="before")(inputs_)
    x = L.Concatenate()([L.Conv2D(4, 3, **same)(x), L.Conv2D(3, 1)(x)])
    x = L.Conv2D(6, 2, activation="relu", name="after")(relu()(x))
    folded = keras.Model(inputs_, L.Dense(4)(L.GlobalAveragePooling2D()(x)))
    kernels = [layer for layer in model.layers if layer.weights and layer is not norm]
    targets = [layer for layer in folded.layers if layer.weights]
    start = 0
    for source, target in zip(kernels, targets, strict=True):
        kernel, bias = source.get_weights()
        if source.name not in ("before", "after", "units"):
            part = slice(start, start + len(bias))
            start += len(bias)
            bias = (bias - mean[part]) * scale[part] + beta[part]
            kernel = kernel * scale[part]
        target.set_weights([kernel, bias])
    other = Network(folded, net.preprocess)
    for x in inputs():
        for rule, value in (("z_plus", 0.0), ("epsilon", 0.3), ("alpha_beta", 2.0)):
            for unit in range(4):
                one, two = (
                    relevance(n, x[None], Neuron(None, unit), rule, value) for n in (net, other)
                )
                scale_ = np.abs(two.relevance).max()
                np.testing.assert_allclose(
                    one.relevance, two.relevance, rtol=1e-3, atol=1e-5 * scale_
                )


def test_alpha_beta_loses_and_makes_nothing() -> None:
    """Also where a result has no negative contributions, or no positive ones."""
    net = network(TREATED["linear bottleneck"])
    for x in inputs():
        for unit in range(4):
            for alpha in (1.0, 1.5, 2.0, 4.0):
                result = relevance(net, x[None], Neuron(None, unit), "alpha_beta", alpha)
                size = np.abs(result.relevance).sum() + 1e-6
                assert abs(result.relevance.sum() - max(result.value, 0)) < 1e-4 * size


def test_one_compiled_function_serves_every_epsilon_and_alpha() -> None:
    net = network(TREATED["Add"])
    x = inputs()[:1]
    unit = int(net.outputs(x)[0].argmax())
    maps = [relevance(net, x, Neuron(None, unit), "epsilon", v).relevance for v in (0.1, 0.2, 5)]
    assert not np.allclose(maps[0], maps[1], rtol=1e-3)
    assert not np.allclose(maps[1], maps[2], rtol=1e-3)
    assert sum(key[0] == "relevance" for key in net._programs) == 1


def test_an_input_beyond_its_bounds_widens_them() -> None:
    net = network(TREATED["Add"])
    for x in 3 * inputs():
        for unit in range(4):
            result = relevance(net, x[None], Neuron(None, unit))
            assert result.relevance.min() >= 0
            assert result.relevance.sum() == pytest.approx(max(result.value, 0), rel=1e-4, abs=1e-6)


def test_normalisation_inside_the_network_carries_the_bounds_through() -> None:
    """A Rescaling layer first: zᴮ with the scaled bounds, hence what the plain network says."""
    inner = network(TREATED["Add"])
    pixels = keras.Input((ROWS, COLUMNS, 3))
    scaled = L.Rescaling(-1 / 127.5, offset=1)(pixels)
    outer = Network(keras.Model(pixels, inner.model(scaled)))
    x = np.random.default_rng(4).integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.float32)
    within = (1 - x / 127.5).astype(np.float32)
    active = 0
    for unit in range(4):
        one = relevance(outer, x[None], Neuron(None, unit))
        two = relevance(inner, within[None], Neuron(None, unit))
        np.testing.assert_allclose(one.relevance, two.relevance, rtol=1e-3, atol=1e-6)
        active += one.value > 0
    assert active


def test_half_precision_is_reckoned_in_full() -> None:
    net = network(TREATED["conv, BatchNorm, ReLU"])
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = network(chain(L.Conv2D(4, 3), L.BatchNormalization(), L.ReLU()))
    finally:
        keras.config.set_dtype_policy(policy)
    half.model.set_weights(net.model.get_weights())
    x = inputs()[0]
    for unit in range(4):
        one, two = (relevance(n, x[None], Neuron(None, unit)) for n in (half, net))
        assert np.isfinite(one.relevance).all() and one.relevance.min() >= 0
        np.testing.assert_allclose(
            one.relevance, two.relevance, rtol=0.05, atol=0.01 * two.relevance.max() + 1e-6
        )
