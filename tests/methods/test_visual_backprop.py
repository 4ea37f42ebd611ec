"""VisualBackProp against a loop over windows, taps and pixels, on the maps of the NumPy tape."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from oracles.twins import Twin

from cnnvis_widgets.backend.channel_means import channel_means
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.visual_backprop import links, multiply, spread

SHAPE = (21, 17, 3)
PICTURE = np.random.default_rng(6).normal(0, 1.5, SHAPE).astype(np.float32)


def test_it_says_how_fast_it_was_and_compiling_does_not_count(twins: Any) -> None:
    _, network = twins("relu_layers")
    picture = np.random.default_rng(2).normal(0, 1, network.input_shape).astype(np.float32)
    started = time.perf_counter()
    first = explain(Network(network.model), picture, "visual_backprop").details
    whole = time.perf_counter() - started
    assert 0 < first["seconds"] < whole / 2  # most of a first call is compiling
    assert first["frames_per_second"] == pytest.approx(1 / first["seconds"])


def enlarge(small: np.ndarray, size: Any, kernel: Any, stride: Any, before: Any) -> np.ndarray:
    """Each value is added to every pixel that its window covers."""
    large = np.zeros(size)
    for (i, j), value in np.ndenumerate(small):
        for a in range(kernel[0]):
            for b in range(kernel[1]):
                row, column = i * stride[0] - before[0] + a, j * stride[1] - before[1] + b
                if 0 <= row < size[0] and 0 <= column < size[1]:
                    large[row, column] += value
    return large


def plain(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, 3, strides=2, activation="relu", name="c1")  # (11, 9), one row before
    x = o.conv(x, 5, (2, 3), padding="valid", activation="relu", name="c2")  # (10, 7)
    x = o.pool(x, "max", 3, 2, "same", name="p")  # (5, 4), no row but one column before
    x = o.conv(o.border(x, ((1, 0), (2, 1)), name="b"), 6, 3, padding="valid", name="c3")  # (4, 5)
    x = o.relu(o.normalise(x, name="n"), name="r3")
    x = o.relu(o.conv(x, 3, 1, strides=2, name="c4"), top=4, name="r4")  # (2, 3)
    return o.dense(o.dense(o.flatten(x, name="f"), 6, activation="relu", name="d1"), 4, name="d2")


def test_plain_network_against_loops() -> None:
    twin = Twin(plain, SHAPE, scale=2)
    values = twin.tape(PICTURE[None]).values
    means = {name: values[name].array[0].mean(-1) for name in ("c1", "c2", "r3", "r4")}
    assert means["r4"].shape == (2, 3) and means["r4"].max() > 0

    expected = enlarge(means["r4"], (4, 5), (2, 2), (2, 2), (0, 0))  # 1 × 1, as wide as its stride
    expected *= means["r3"]
    expected = enlarge(expected, (6, 7), (3, 3), (1, 1), (0, 0))[1:, 2:-1]  # the border is cut off
    expected = enlarge(expected, (10, 7), (3, 3), (2, 2), (0, 1))
    expected *= means["c2"]
    expected = enlarge(expected, (11, 9), (2, 3), (1, 1), (0, 0))
    expected *= means["c1"]
    expected = enlarge(expected, (21, 17), (3, 3), (2, 2), (1, 1))

    chain = links(Network(twin.model), PICTURE)
    assert [link.layer for link in chain] == ["r4", "r3", "c2", "c1", ""]
    assert chain[0].enlarged is None and chain[-1].mean is None
    for link in chain[:-1]:
        np.testing.assert_allclose(link.mean, means[link.layer], rtol=1e-3, atol=1e-6)
        above = 1 if link.enlarged is None else link.enlarged
        np.testing.assert_array_equal(link.product, link.mean * above)
    first = enlarge(means["r4"], (4, 5), (2, 2), (2, 2), (0, 0))
    np.testing.assert_allclose(chain[1].enlarged, first, rtol=1e-3, atol=1e-6)
    last = chain[-1].product
    np.testing.assert_allclose(last, expected, rtol=1e-3, atol=1e-5 * expected.max())

    explanation = explain(Network(twin.model), PICTURE, "visual_backprop")
    assert (
        explanation.attribution.shape == (21, 17, 1) and explanation.attribution.dtype == np.float32
    )
    np.testing.assert_allclose(
        explanation.heatmap(), expected, rtol=1e-3, atol=1e-5 * expected.max()
    )
    assert expected.max() > 0
    assert {
        "layers": ("r4", "r3", "c2", "c1"),
        "branched": False,
    }.items() <= explanation.details.items()
    assert explanation.layer == "r4"
    assert (
        "all 4 ReLUs" in explanation.notes[1]
        and "2 × 3, 4 × 5, 10 × 7, 11 × 9" in explanation.notes[1]
    )


def blocks(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, 3, strides=2, activation="relu", name="c1")  # (11, 9)
    y = o.relu(o.conv(x, 4, name="c2"), name="r2")
    x = o.relu(o.add(x, y, name="a"), "op", name="r3")  # the last of its size
    a = o.conv(x, 3, 3, strides=2, activation="relu", name="c4")  # (6, 5)
    b = o.conv(o.pool(x, "max", 2, 2, "same", name="p"), 2, 1, activation="relu", name="c5")
    x = o.concatenate(a, b, name="mixed")
    return o.dense(o.global_average(x, name="g"), 4, name="d")


def test_branched_network_has_one_map_for_each_resolution() -> None:
    twin = Twin(blocks, SHAPE)
    values = twin.tape(PICTURE[None]).values
    mixed = values["mixed"].array[0].mean(-1)
    summed = np.maximum(values["a"].array[0], 0).mean(-1)

    # 6 → 11 rows and 5 → 9 columns: stride 2, kernel 4, which sticks out by 3, one of it before.
    expected = enlarge(mixed, (11, 9), (4, 4), (2, 2), (1, 1)) * summed
    expected = enlarge(expected, (21, 17), (4, 4), (2, 2), (1, 1))
    explanation = explain(Network(twin.model), PICTURE, "visual_backprop")
    np.testing.assert_allclose(
        explanation.heatmap(), expected, rtol=1e-3, atol=1e-5 * expected.max()
    )
    assert (
        explanation.details["branched"]
        and explanation.details["layers"][0] == explanation.layer == "mixed"
    )
    assert "one map for each resolution: 6 × 5, 11 × 9" in explanation.notes[1]


@pytest.mark.parametrize("name", ["relu6", "nested_twice", "sequences", "shared", "every_form"])
def test_other_forms_of_networks_have_a_chain(twins: Any, name: str) -> None:
    _, network = twins(name)
    picture = np.random.default_rng(1).normal(0, 1.5, network.input_shape).astype(np.float32)
    explanation = explain(network, picture, "visual_backprop")
    assert explanation.attribution.shape == (*network.input_shape[:2], 1)
    assert explanation.attribution.min() >= 0 and explanation.attribution.max() > 0


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": (3, 5), "strides": (2, 3), "padding": "same"},
        {"kernel_size": (4, 2), "strides": (2, 1), "padding": "valid"},
        {"kernel_size": 3, "dilation_rate": (2, 1), "padding": "same"},
        {"kernel_size": 2, "dilation_rate": (1, 3), "padding": "valid"},
        {"kernel_size": 7, "strides": 2, "padding": "same"},
        {"kernel_size": (3, 2), "strides": (2, 1), "padding": "same", "groups": 3},
        {"kernel_size": 3, "padding": "valid", "groups": 3},
    ],
)
def test_spread_is_the_transpose_of_the_convolution(options: dict[str, Any]) -> None:
    import keras
    import tensorflow as tf

    inputs = keras.Input((13, 10, 3))
    x = keras.layers.ReLU()(keras.layers.Conv2D(3, **options)(inputs))
    outputs = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    network = Network(keras.Model(inputs, outputs))
    chain = channel_means(network, np.zeros((13, 10, 3), np.float32), None).chain
    [[window]] = chain.steps

    window_alone = {name: value for name, value in options.items() if name != "groups"}
    ones = keras.layers.Conv2D(1, kernel_initializer="ones", use_bias=False, **window_alone)
    with tf.GradientTape() as tape:
        pixels = tf.zeros((1, 13, 10, 1))
        tape.watch(pixels)
        result = ones(pixels)
        values = np.random.default_rng(3).uniform(0, 1, result.shape[1:3])
        total = tf.reduce_sum(result[0, ..., 0] * values)
    expected = tape.gradient(total, pixels).numpy()[0, ..., 0]
    np.testing.assert_allclose(spread(values, window), expected, rtol=1e-5)


def test_any_neuron_gives_the_same_map_and_is_told_so(twins: Any) -> None:
    twin, network = twins("relu6")
    picture = PICTURE[:9, :7]
    one = explain(network, picture, "visual_backprop", 1)
    other = explain(network, picture, "visual_backprop", Neuron("n3", 2, "max"))
    np.testing.assert_allclose(one.attribution, other.attribution, rtol=1e-5)
    tape = twin.tape(picture[None])
    assert one.value == pytest.approx(tape.output.array[0, 1], rel=1e-4)
    assert other.value == pytest.approx(tape.neuron("n3", 2, "max")[0][0], rel=1e-4)
    assert "any neuron gives this map" in one.notes[0] and "grad_cam" in one.notes[0]


def test_networks_without_relus_are_refused() -> None:
    import keras

    inputs = keras.Input((9, 7, 3))
    x = keras.layers.Conv2D(4, 3, activation="swish")(inputs)
    x = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(x))  # no rows and columns
    network = Network(keras.Model(inputs, keras.layers.Dense(2)(x)))
    with pytest.raises(UnsuitableError, match=r"needs ReLUs.*grad_cam"):
        explain(network, np.zeros((9, 7, 3), np.float32), "visual_backprop")


def test_nothing_active_is_all_zeros() -> None:
    twin = Twin(plain, SHAPE)
    network = Network(twin.model)
    twin.model.get_layer("c1").set_weights([np.zeros((3, 3, 3, 4)), np.full(4, -1.0)])
    explanation = explain(network, PICTURE, "visual_backprop")
    assert not explanation.attribution.any() and explanation.notes[0].startswith("All zeros")


@pytest.mark.parametrize(("size", "word"), [(1e25, "large"), (1e-25, "small")])
def test_products_beyond_float32_are_given_in_a_unit_and_say_so(size: float, word: str) -> None:
    import keras

    inputs = keras.Input((8, 6, 1))
    one = {"kernel_size": 1, "use_bias": False, "activation": "relu"}
    x = keras.layers.Conv2D(1, kernel_initializer=keras.initializers.Constant(size), **one)(inputs)
    x = keras.layers.Conv2D(1, kernel_initializer="ones", **one)(x)
    network = Network(keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x))))
    picture = np.random.default_rng(9).uniform(1, 5, (8, 6, 1)).astype(np.float32)
    explanation = explain(network, picture, "visual_backprop")
    assert f"too {word} for float32" in explanation.notes[2]
    exponent = int(explanation.notes[2].rsplit("^", 1)[1].rstrip("."))
    expected = (picture[..., 0].astype(np.float64) * size) ** 2 / 2.0**exponent
    np.testing.assert_allclose(explanation.heatmap(), expected, rtol=1e-5)


def test_scaling_within_the_product_changes_no_digit() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.uniform(0, s, (3, 4)) for s in (1e-9, 1e12, 3.0)]
    product, exponent = multiply(maps, [(), (), ()])
    np.testing.assert_array_equal(np.ldexp(product, exponent), maps[0] * maps[1] * maps[2])
