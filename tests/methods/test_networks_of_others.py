"""Networks as people bring them: each has a twin, or a formula, that says what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import seeded
from cnnvis_widgets.engine.explain import compute
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.explanation import Explanation

L, ops = keras.layers, keras.ops
SHAPE = (14, 11, 3)
IMAGE = np.random.default_rng(4).integers(0, 256, SHAPE, dtype=np.uint8)


def explained(network: Network, method: str, neuron: Any = 1, **options: Any) -> Explanation:
    return compute(network, IMAGE, method, neuron, 0, lambda done, total: None, options)


def built(middle: Callable[[Any], Any] = lambda x: x, **given: Any) -> keras.Model:
    """Rescaling, a convolution c1, `middle`, a convolution c2, average, dense; equal weights."""

    def make() -> keras.Model:
        inputs = keras.Input(SHAPE, **given)
        x = L.Conv2D(6, 3, activation="relu", name="c1")(L.Rescaling(1 / 127.5, -1)(inputs))
        x = L.Conv2D(5, (2, 3), activation="relu", name="c2")(middle(x))
        x = L.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, L.Dense(4, "softmax", bias_initializer="ones", name="d")(x))

    return seeded(make, 7)


def near(one: Explanation, other: Explanation, tolerance: float = 1e-4) -> None:
    assert one.value == pytest.approx(other.value, rel=tolerance, abs=1e-5)
    assert one.attribution is not None and other.attribution is not None
    far = np.abs(other.attribution).max()
    np.testing.assert_allclose(one.attribution, other.attribution, atol=tolerance * far)


@pytest.mark.parametrize("method", ["saliency", "deep_taylor", "grad_cam", "occlusion"])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_any_precision_gives_the_map_of_the_twin(policy: str, method: str) -> None:
    twin = built()
    keras.config.set_dtype_policy(policy)
    try:
        model = built()
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights(twin.get_weights())
    near(explained(Network(model), method), explained(Network(twin), method))


def test_bgr_within_the_network_is_no_layer() -> None:
    prepare = keras.applications.resnet50.preprocess_input

    def body(x: Any) -> Any:
        keras.utils.set_random_seed(5)
        x = L.Conv2D(6, 3, activation="relu", bias_initializer="ones")(x)
        x = L.MaxPooling2D(2)(x)
        return L.Dense(3, bias_initializer="ones")(
            L.Flatten()(L.Conv2D(4, 2, activation="relu")(x))
        )

    one, other = keras.Input(SHAPE), keras.Input(SHAPE)
    inside, outside = keras.Model(one, body(prepare(one))), keras.Model(other, body(other))
    inside.set_weights(outside.get_weights())
    within, without = Network(inside), Network(outside, lambda p: prepare(p))
    for method in ("deep_taylor", "visual_backprop"):
        a, b = (explained(n, method).heatmap() for n in (within, without))
        np.testing.assert_allclose(a, b, atol=1e-4 * b.max())
    assert within.relevance_coverage(None).complete


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_quantised_layers_keep_their_relevance_and_tell_of_the_rounding(mode: str) -> None:
    model, twin = built(), built()
    model.quantize(mode)
    network = Network(model)
    explanation = explained(network, "deep_taylor", 0)
    assert explanation.value > 0 and explanation.coverage.complete
    assert explanation.attribution is not None
    assert explanation.attribution.sum() == pytest.approx(explanation.value, rel=1e-4)
    slope, wanted = (explained(n, "grad_cam", 0) for n in (network, Network(twin)))
    assert slope.layer == "c2" and "rounds" in slope.coverage.untreated["d"]
    if mode == "int8":
        near(slope, wanted, 0.05)


def test_a_reversed_and_a_stopped_gradient_are_passed_as_the_network_computes() -> None:
    def lied(x: Any) -> Any:
        y = tf.custom_gradient(lambda t: (tf.identity(t), lambda dy: -3 * dy))(x)
        return y * tf.stop_gradient(tf.sigmoid(y))

    odd, plain = built(L.Lambda(lied)), built(L.Lambda(lambda x: x * tf.sigmoid(x)))
    near(explained(Network(odd), "saliency"), explained(Network(plain), "saliency"))
    assert explained(Network(odd), "saliency").coverage.complete


STOPS: dict[str, Callable[[Any], Any]] = {
    "rounded": lambda x: tf.round(x * 9) / 9,
    "whole numbers": lambda x: tf.cast(tf.cast(x * 9, tf.int32), tf.float32),
    "in Python": lambda x: tf.ensure_shape(tf.numpy_function(np.abs, [x], "float32"), x.shape),
}


@pytest.mark.parametrize("name", STOPS)
def test_where_the_derivative_stops_is_told(name: str) -> None:
    network = Network(built(L.Lambda(STOPS[name], output_shape=lambda s: s, name="odd")))
    explanation = explained(network, "saliency")
    assert "odd" in explanation.coverage.untreated and not explanation.attribution.any()
    assert any("Try occlusion" in note for note in explanation.notes)
    assert explained(network, "occlusion").attribution.any()


class OneByOne(keras.Model):
    """Has a batch of one built into its call, as ported code has."""

    def __init__(self, inner: keras.Model) -> None:
        super().__init__()
        self.inner = inner

    def call(self, x: Any) -> Any:
        return tf.reshape(self.inner(tf.reshape(x, (1, *SHAPE))), (1, 4))


def mean_of_all(x: Any) -> Any:
    return x - ops.mean(x)


def mean_of_each(x: Any) -> Any:
    return x - ops.mean(x, axis=(1, 2, 3), keepdims=True)


BATCHES: dict[str, Callable[[], tuple[keras.Model, keras.Model]]] = {
    "declared": lambda: (built(batch_size=1), built()),
    "in the call": lambda: (OneByOne(built()), built()),
    "mixed": lambda: (built(L.Lambda(mean_of_all)), built(L.Lambda(mean_of_each))),
}


@pytest.mark.parametrize("name", BATCHES)
def test_pictures_go_one_by_one_where_the_network_needs_it(name: str) -> None:
    model, twin = BATCHES[name]()
    model(np.zeros((1, *SHAPE), np.float32))
    one, other = Network(model), Network(twin)
    few = {"integrated_gradients": {"steps": 4}, "smoothgrad": {"samples": 3}, "occlusion": {}}
    for method, options in few.items():
        near(explained(one, method, **options), explained(other, method, **options))


def test_a_larger_batch_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="batch of 4"):
        Network(built(batch_size=4))


class Takes(keras.Model):
    """Takes a dictionary, and has a `build` of its own."""

    def __init__(self, inner: keras.Model, key: str | None) -> None:
        super().__init__()
        self.inner, self.key = inner, key

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape) if self.key else None

    def call(self, x: Any) -> Any:
        return self.inner(x[self.key] if self.key else x)


def test_a_dictionary_and_a_build_of_one_s_own() -> None:
    wanted = explained(Network(built()), "grad_cam")
    named = Takes(built(), "image")
    named({"image": np.zeros((1, *SHAPE), np.float32)})
    near(explained(Network(named), "grad_cam"), wanted)
    own = Takes(built(), None)
    own.build()
    own(np.zeros((1, *SHAPE), np.float32))
    near(explained(Network(own, input_shape=SHAPE), "grad_cam"), wanted)


def test_an_ensemble_is_told_to_name_a_layer() -> None:
    one, other = built(), built()
    one.name, other.name = "one", "other"
    other.set_weights([1.1 * w for w in one.get_weights()])
    inputs = keras.Input(SHAPE)
    network = Network(keras.Model(inputs, L.Average()([one(inputs), other(inputs)])))
    with pytest.raises(UnsuitableError, match=r"layer='other/c2'.*'one/c2'"):
        explained(network, "grad_cam")
    assert explained(network, "grad_cam", layer="one/c2").layer == "one/c2"


class ClassToken(L.Layer):
    """Puts a token before the patches."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x: Any) -> Any:
        return tf.concat([tf.repeat(self.token, tf.shape(x)[0], 0), x], 1)


@pytest.mark.parametrize("with_class_token", [False, True])
def test_grad_cam_of_tokens(with_class_token: bool) -> None:
    keras.utils.set_random_seed(2)
    inputs = keras.Input((12, 9, 3))
    x = L.Reshape((12, 8))(L.Conv2D(8, 3, strides=3, name="patches")(inputs))
    x = ClassToken()(x) if with_class_token else x
    for block in range(2):
        y = L.LayerNormalization()(x)
        x = L.Add(name=f"attended{block}")([x, L.MultiHeadAttention(2, 4)(y, y)])
        x = L.Add(name=f"block{block}")([x, L.Dense(8, "gelu")(x)])
    head = x[:, 0] if with_class_token else L.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs, L.Dense(3)(head))
    network = Network(model)
    layer = "block0" if with_class_token else "block1"
    picture = IMAGE[:12, :9] / np.float32(255)
    explanation = compute(network, picture, "grad_cam", 2, 0, lambda done, total: None, {})
    assert explanation.layer == layer and any("4 × 3 patches" in note for note in explanation.notes)
    parts = keras.Model(inputs, model.get_layer(layer).output)
    rest = keras.Model(model.get_layer(layer).output, model.output)
    with tf.GradientTape() as tape:
        tokens = parts(picture[None])
        tape.watch(tokens)
        score = rest(tokens)[0, 2]
    slope, tokens = tape.gradient(score, tokens).numpy()[0], tokens.numpy()[0]
    first = int(with_class_token)
    wanted = np.maximum(tokens[first:] @ slope[first:].mean(0), 0).reshape(4, 3)
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-6)


def test_visual_backprop_names_what_lies_behind_its_chain() -> None:
    keras.utils.set_random_seed(2)
    x = inputs = keras.Input(SHAPE)
    for name, kind in (("early", "relu"), ("late", "hard_silu"), ("last", "silu")):
        x = L.Conv2D(4, 3, padding="same", activation=kind, name=name)(x)
    network = Network(keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x))))
    assert set(explained(network, "visual_backprop").coverage.untreated) == {"late", "last"}


def test_two_heads_with_a_neuron_named() -> None:
    inputs = keras.Input(SHAPE)
    x = L.GlobalAveragePooling2D()(L.Conv2D(4, 3, activation="relu", name="c")(inputs))
    heads = {"kind": L.Dense(3, "softmax", name="kind")(x), "age": L.Dense(1, name="age")(x)}
    model = keras.Model(inputs, heads)
    twin = keras.Sequential([*model.layers[:3], L.Dense(3)])
    twin.layers[-1].set_weights(model.get_layer("kind").get_weights())
    for method in ("saliency", "grad_cam"):
        near(
            explained(Network(model), method, Neuron("kind", 1)),
            explained(Network(twin), method),
        )
