"""Deep Taylor against matrices: every weighted layer is written out as one, and the rule is NumPy.

Oracle: a layer's matrix is what it does to each unit vector; z⁺, zᴮ and the shares are then three
lines of linear algebra, with no convolution and no graph in them. Tolerances are relative.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as L

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.lrp.relevance import relevance, relevance_maps
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

ROWS, COLUMNS = 9, 7


def randomise(model: keras.Model, seed: int = 3) -> keras.Model:
    """Weights that leave nothing at zero: biases, and BatchNorm with scales of both signs."""
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        shapes = [w.shape for w in layer.get_weights()]
        if isinstance(layer, keras.Model):
            randomise(layer, seed + 1)
        elif isinstance(layer, L.BatchNormalization):
            gamma, beta, mean = (draw.normal(size=s) for s in shapes[:3])
            layer.set_weights([gamma, beta, 0.3 * mean, draw.uniform(0.3, 2, shapes[3])])
        else:
            layer.set_weights([draw.normal(size=s, scale=0.5) for s in shapes])
    return model


def matrix(*functions: keras.layers.Layer, shape: tuple[int, ...]) -> np.ndarray:
    """The linear part of layers in a row, (inputs, outputs): what they do to each unit vector."""

    def run(x: np.ndarray) -> np.ndarray:
        for function in functions:
            x = function(x, training=False)
        return np.asarray(x, np.float64).reshape(len(x), -1)

    basis = np.eye(int(np.prod(shape)), dtype=np.float32).reshape(-1, *shape)
    return run(basis) - run(np.zeros((1, *shape), np.float32))


def z_plus(x: np.ndarray, w: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    parts = np.maximum(x[:, None] * w, 0)
    totals = parts.sum(0)
    seen = (w != 0).astype(np.float64)  # random weights: zero is where nothing is connected
    lost = np.where(totals > 0, 0, relevance)  # explained by the bias alone: shared evenly
    shared = np.divide(relevance, totals, out=np.zeros_like(totals), where=totals > 0)
    return parts @ shared + seen @ (lost / seen.sum(0))


def z_bounded(
    x: np.ndarray, w: np.ndarray, relevance: np.ndarray, low: float, high: float
) -> np.ndarray:
    parts = x[:, None] * w - low * np.maximum(w, 0) - high * np.minimum(w, 0)
    return parts @ (relevance / parts.sum(0))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


@pytest.fixture(scope="module")
def chain() -> keras.Model:
    """Strided convolution, depthwise, a linear bottleneck (signed!), ReLU6, dense."""
    i = keras.Input((ROWS, COLUMNS, 3))
    x = L.Conv2D(4, 3, strides=2, padding="same", name="first")(i)
    x = L.BatchNormalization(name="first_bn")(x)
    x = L.ReLU(6.0)(x)
    x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="deep")(x)
    x = L.BatchNormalization(name="deep_bn")(x)
    x = L.ReLU()(x)
    x = L.Conv2D(5, 1, use_bias=False, name="project")(x)
    x = L.BatchNormalization(name="project_bn")(x)
    x = L.Conv2D(6, (2, 3), name="expand", activation="relu")(x)
    x = L.Flatten()(x)
    return randomise(keras.Model(i, L.Dense(3, activation="softmax", name="classes")(x)))


def test_a_chain_of_layers_equals_its_matrices(chain: keras.Model) -> None:
    network = Network(chain)
    image = np.random.default_rng(0).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)
    unit = int(network.outputs(image[None])[0].argmax())
    names = ("first_bn", "deep_bn", "project_bn", "expand")
    acts = {n: network.activations(image, n).astype(np.float64).ravel() for n in names}
    get = chain.get_layer
    layers = [
        (get("first"), get("first_bn")),
        (get("deep"), get("deep_bn")),
        (get("project"), get("project_bn")),
        (get("expand"),),
    ]
    # What each weighted layer is given; ReLUs are applied here and not read from the network.
    given = [
        image.astype(np.float64).ravel(),
        np.minimum(relu(acts["first_bn"]), 6),
        relu(acts["deep_bn"]),
        acts["project_bn"],
    ]
    shapes = [(ROWS, COLUMNS, 3), (5, 4, 4), (5, 4, 8), (5, 4, 5)]
    dense = np.asarray(get("classes").kernel, np.float64)
    value = acts["expand"] @ dense[:, unit] + float(get("classes").bias[unit])
    assert value > 0
    shared = z_plus(acts["expand"], dense[:, [unit]], np.array([value]))
    # `expand` has its ReLU inside: relevance passes it, so only the linear part is written out.
    linear = L.Conv2D(6, (2, 3))
    linear.build((None, *shapes[3]))
    linear.set_weights(get("expand").get_weights())
    layers[3] = (linear,)
    on_the_way = {"": np.zeros(0)}
    for position in (3, 2, 1):
        w = matrix(*layers[position], shape=shapes[position])
        shared = z_plus(given[position], w, shared)
        # A layer's ReLU and BatchNorm hand on what they get.
        on_the_way[names[position - 1]] = shared.reshape(shapes[position]).sum(-1)
    w = matrix(*layers[0], shape=shapes[0])
    expected = z_bounded(given[0], w, shared, 0, 255).reshape(ROWS, COLUMNS, 3)

    result = relevance(network, image[None], Neuron(None, unit))
    np.testing.assert_allclose(result.relevance[0], expected, rtol=1e-3, atol=1e-5 * value)
    assert result.relevance.min() >= 0
    for total in result.sums.values():
        assert total == pytest.approx(value, rel=1e-4)

    on_the_way[""] = expected.sum(-1)
    floors = relevance_maps(network, image, ["project_bn", "deep_bn", "first_bn"], unit)
    assert [floor.layer for floor in floors] == ["project_bn", "deep_bn", "first_bn", ""]
    for floor in floors:
        wanted = on_the_way[floor.layer]
        assert floor.map.shape == wanted.shape and floor.map.dtype == np.float32
        np.testing.assert_allclose(floor.map, wanted, rtol=1e-3, atol=1e-5 * value)
        assert floor.total == pytest.approx(value, rel=1e-4)


def test_a_layer_without_rows_has_one_place_and_one_beside_the_way_has_zeros(
    chain: keras.Model,
) -> None:
    network = Network(chain)
    image = np.random.default_rng(0).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)
    unit = int(network.outputs(image[None])[0].argmax())
    [dense, picture] = relevance_maps(network, image, ["classes"], unit)
    assert dense.map.shape == (1, 1) and picture.map.shape == (ROWS, COLUMNS)
    hidden = int(network.activations(image, "deep_bn").max((0, 1)).argmax())
    [beside, picture] = relevance_maps(network, image, ["expand"], Neuron("deep_bn", hidden, "max"))
    assert not beside.map.any() and beside.map.shape == (4, 2) and beside.total == 0
    assert picture.total > 0
    with pytest.raises(UnknownNameError, match="expnd"):
        relevance_maps(network, image, ["expnd"])


def test_a_nested_model_is_a_floor_too() -> None:
    inside = keras.Input((ROWS, COLUMNS, 3))
    inner = keras.Model(inside, L.Conv2D(4, 3, activation="relu", name="c")(inside), name="inner")
    outer = keras.Input((ROWS, COLUMNS, 3))
    model = keras.Model(outer, L.Dense(2)(L.GlobalAveragePooling2D()(inner(outer))))
    dense = randomise(model).layers[-1]
    dense.set_weights([np.abs(w) for w in dense.get_weights()])  # so that the units are active
    network = Network(model)
    image = np.random.default_rng(1).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)
    unit = int(network.outputs(image[None])[0].argmax())
    whole, part, _ = relevance_maps(network, image, ["inner", "inner/c"], unit)
    assert (whole.layer, part.layer) == ("inner", "inner/c")
    np.testing.assert_array_equal(whole.map, part.map)
    assert whole.map.shape == (7, 5) and whole.total > 0


@pytest.fixture(scope="module")
def branched() -> keras.Model:
    """Everything that breaks others: sums, concatenation, pooling, padding, BatchNorm, nesting."""
    i = keras.Input((ROWS, COLUMNS, 1))
    x = L.ZeroPadding2D(((1, 0), (2, 1)))(i)
    x = L.Conv2D(4, 3, activation="relu")(x)
    inner = keras.Input((8, 8, 4))
    y = L.Conv2D(4, 3, padding="same")(inner)
    y = L.BatchNormalization()(y)
    y = L.ReLU()(y)
    y = L.Add()([inner, y])
    block = keras.Model(inner, y, name="block")
    x = block(x)
    a = L.SeparableConv2D(5, 3, padding="same", activation="relu")(x)
    b = L.AveragePooling2D(3, strides=1, padding="same")(x)
    c = L.MaxPooling2D(3, strides=1, padding="same")(x)
    x = L.Concatenate()([a, b, c])
    x = L.BatchNormalization()(x)
    x = L.ReLU(6.0)(x)
    x = L.Conv2D(6, 3, strides=2, activation="relu")(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dense(7, activation="relu")(x)
    return randomise(keras.Model(i, L.Dense(5)(x)), seed=8)


def test_nothing_is_lost_and_nothing_is_negative_in_a_branched_network(
    branched: keras.Model,
) -> None:
    network = Network(branched, preprocess=lambda p: p / 127.5 - 1)
    draw = np.random.default_rng(5)
    positive = 0
    for _ in range(12):
        x = draw.uniform(-1, 1, (1, ROWS, COLUMNS, 1)).astype(np.float32)
        for unit in range(5):
            result = relevance(network, x, Neuron(None, unit))
            assert result.relevance.sum() == pytest.approx(max(result.value, 0), rel=1e-4, abs=1e-6)
            assert result.relevance.min() >= -1e-6 * max(result.value, 1)
            positive += result.value > 0
    assert positive > 10, "hardly any unit was active: the test would say nothing"


def test_epsilon_without_damping_is_input_times_gradient(branched: keras.Model) -> None:
    """Ancona et al., ICLR 2018, proposition 1: on ReLU networks ε → 0 gives gradient × input."""
    i = keras.Input((6, 5, 2 + 1))
    x = L.Conv2D(4, 3, padding="same", activation="relu")(i)
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(x)))
    x = L.AveragePooling2D(2)(L.Add()([x, y]))
    network = Network(randomise(keras.Model(i, L.Dense(4)(L.Flatten()(x)))))
    x = np.random.default_rng(1).uniform(0.1, 1, (1, 6, 5, 3)).astype(np.float32)
    unit = int(network.outputs(x)[0].argmax())
    neuron = Neuron(None, unit)
    expected = x * network.backward(x, neuron).gradients[0]
    shares = relevance(network, x, neuron, "epsilon", 1e-9).relevance
    np.testing.assert_allclose(shares, expected, rtol=2e-3, atol=1e-5)


def test_alpha_1_is_z_plus_but_for_the_first_layer_and_alpha_2_has_both_signs(
    branched: keras.Model,
) -> None:
    network = Network(branched, preprocess=lambda p: p / 127.5 - 1)
    x = np.random.default_rng(2).uniform(-1, 1, (1, ROWS, COLUMNS, 1)).astype(np.float32)
    neuron = Neuron(None, int(network.outputs(x)[0].argmax()))
    deep, one, two = (
        relevance(network, x, neuron, *rule)
        for rule in (("z_plus", 0.0), ("alpha_beta", 1.0), ("alpha_beta", 2.0))
    )
    assert one.sums == pytest.approx(deep.sums, rel=1e-4)  # alike on every floor above the picture
    assert not np.allclose(one.relevance, deep.relevance, rtol=1e-2)
    assert two.relevance.min() < 0
    assert two.relevance.sum() == pytest.approx(two.value, rel=1e-3)


def test_a_neuron_that_is_not_active_has_nothing_to_share(branched: keras.Model) -> None:
    network = Network(branched, preprocess=lambda p: p / 127.5 - 1)
    x = np.random.default_rng(2).uniform(-1, 1, (ROWS, COLUMNS, 1)).astype(np.float32)
    unit = int(network.outputs(x[None])[0].argmin())
    explanation = cnnvis.explain(network, x, method="deep_taylor", neuron=unit)
    assert explanation.value < 0
    assert not explanation.attribution.any()
    assert any("nothing to share" in note for note in explanation.notes)


def test_a_hidden_map_starts_with_its_positive_part(chain: keras.Model) -> None:
    network = Network(chain)
    image = np.random.default_rng(0).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)
    total = network.activations(image, "deep_bn").sum((0, 1), dtype=np.float64)
    unit = int(total.argmax())
    explanation = cnnvis.explain(network, image, "deep_taylor", Neuron("deep_bn", unit))
    assert explanation.value == pytest.approx(total[unit], rel=1e-4)
    assert explanation.attribution.sum() == pytest.approx(max(total[unit], 0), rel=1e-4)
    assert explanation.details["relevance"]["first_bn"] == pytest.approx(total[unit], rel=1e-4)


def test_on_the_default_network_the_whole_logit_arrives(default_network: Network) -> None:
    """Pictures, classes (the best, another likely one, an unlikely one), and hidden neurons."""
    whole = ("stem_conv", "block1a_project_bn", "block4b_add", "block7a_project_bn", "top_conv")
    for name in ("cat", "coffee", "horse"):
        image = cnnvis.load_image(name)
        likely = [p.unit for p in default_network.predict(image, top=20)]
        for neuron in (None, likely[5], likely[-1]):
            explanation = cnnvis.explain(default_network, image, "deep_taylor", neuron)
            assert explanation.value > 0
            assert explanation.heatmap().sum(dtype=np.float64) == pytest.approx(
                explanation.value, rel=1e-3
            )
            assert explanation.attribution.min() >= 0
            reported, listed = explanation.details["relevance"], default_network.layers
            assert [*reported, "predictions"] == [info.name for info in listed]  # before softmax
            for layer in whole:
                assert explanation.details["relevance"][layer] == pytest.approx(
                    explanation.value, rel=1e-3
                )
            assert explanation.coverage.complete
    for layer, form in (("block3b_add", {}), ("block5c_add", {"position": (3, 9)})):
        unit = default_network.most_active(image, layer, top=1)[0].unit
        explanation = cnnvis.explain(
            default_network, image, "deep_taylor", Neuron(layer, unit, **form)
        )
        maps = default_network.activations(image, layer)[..., unit].astype(np.float64)
        value = maps[form["position"]] if form else maps.sum()
        assert explanation.value == pytest.approx(value, rel=1e-4)
        assert explanation.attribution.sum() == pytest.approx(max(value, 0), rel=1e-3)
        assert explanation.attribution.min() >= 0


def test_alpha_is_at_least_1(chain: keras.Model) -> None:
    image = np.zeros((ROWS, COLUMNS, 3), np.float32)
    with pytest.raises(InvalidValueError, match=r"from 1; got 0\.5"):
        cnnvis.explain(Network(chain), image, "deep_taylor", 0, rule="alpha_beta", value=0.5)


def test_a_gate_of_two_signals_is_said() -> None:
    i = keras.Input((6, 5, 3))
    x = L.Conv2D(4, 3, activation="relu")(i)
    gate = L.Dense(4, activation="sigmoid", name="gate")(L.GlobalAveragePooling2D()(x))
    x = L.Multiply(name="excite")([x, L.Reshape((1, 1, 4))(gate)])
    network = Network(keras.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(x))))
    x = np.random.default_rng(1).uniform(0, 1, (6, 5, 3)).astype(np.float32)
    with pytest.warns(UserWarning, match="excite"):
        explanation = cnnvis.explain(network, x, method="deep_taylor")
    assert set(explanation.coverage.untreated) >= {"excite"}


def test_an_unknown_rule_is_refused(chain: keras.Model) -> None:
    image = np.zeros((ROWS, COLUMNS, 3), np.float32)
    with pytest.raises(InvalidValueError, match="z_plus, epsilon, alpha_beta"):
        cnnvis.explain(Network(chain), image, method="deep_taylor", rule="w_square")
