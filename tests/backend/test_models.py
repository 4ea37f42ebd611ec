"""Which Keras models are taken, how their layers are called, and how the others are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError

RNG = np.random.default_rng(2)


def small(inputs: Any, units: int = 3) -> Any:
    import keras

    layers = keras.layers
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(inputs)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return layers.Dense(units, name="dense")(x)


def agrees(network: Network, pixels: np.ndarray) -> None:
    """The logits are the model's own, and there is a gradient."""
    wanted = np.asarray(network.model(pixels[None], training=False))
    np.testing.assert_allclose(network.outputs(pixels[None])[0], wanted, rtol=1e-5, atol=1e-6)
    backward = network.backward(pixels[None], network.neuron(1))
    assert backward.value[0] == pytest.approx(float(wanted[0, 1]), rel=1e-4, abs=1e-6)
    assert np.abs(backward.gradients[0]).max() > 0


def test_greyscale() -> None:
    import keras

    inputs = keras.Input((9, 7, 1))
    network = Network(keras.Model(inputs, small(inputs)))
    assert network.input_shape == (9, 7, 1)
    agrees(network, RNG.normal(size=(9, 7, 1)).astype(np.float32))
    colour = RNG.integers(0, 256, (20, 14, 3), dtype=np.uint8)
    assert len(network.predict(colour)) == 3


def test_any_size() -> None:
    import keras

    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, small(inputs))
    assert Network(model).input_shape == (224, 224, 3)
    network = Network(model, input_shape=(12, 10, 3))
    assert network.input_shape == (12, 10, 3)
    assert {i.name: i.output_shape for i in network.layers}["conv"] == (12, 10, 4)
    agrees(network, RNG.normal(size=(12, 10, 3)).astype(np.float32))
    half = keras.Input((None, 10, 3))
    assert Network(keras.Model(half, small(half))).input_shape == (224, 10, 3)
    with pytest.raises(InvalidValueError, match=r"\(12, 10, 1\)"):
        Network(model, input_shape=(12, 10, 1))
    with pytest.raises(InvalidValueError, match=r"rows, columns, channels.*\(12, 10\)"):
        Network(model, input_shape=(12, 10))  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"rows, columns, channels.*\(0, 10, 3\)"):
        Network(model, input_shape=(0, 10, 3))


@pytest.mark.parametrize("structure", ["list", "dictionary", "outputs"])
def test_one_input_in_a_list_or_a_dictionary(structure: str, recwarn: Any) -> None:
    """`keras.Model([inputs], [outputs])`, as many tutorials write it."""
    import keras

    inputs = keras.Input((8, 6, 3), name="image")
    outputs = small(inputs)
    given = {"list": [inputs], "dictionary": {"image": inputs}, "outputs": inputs}[structure]
    network = Network(keras.Model(given, [outputs] if structure == "outputs" else outputs))
    assert network.input_shape == (8, 6, 3)
    pixels = RNG.normal(size=(1, 8, 6, 3)).astype(np.float32)
    wanted = keras.Model(inputs, outputs)(pixels).numpy()
    np.testing.assert_allclose(network.outputs(pixels)[0], wanted, rtol=1e-5)
    assert np.abs(network.backward(pixels, Neuron(None, 0)).gradients[0]).max() > 0
    assert not [w for w in recwarn if "structure" in str(w.message)]


def test_names_with_dots_and_nested_paths() -> None:
    import keras

    inner_in = keras.Input((8, 6, 3))
    x = keras.layers.Conv2D(4, 3, name="Conv_1.0")(inner_in)
    inner = keras.Model(inner_in, keras.layers.ReLU(6.0, name="out.relu")(x), name="net_1.00_224")
    inputs = keras.Input((8, 6, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1, name="scale")(inputs)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(inner(x))
    network = Network(keras.Model(inputs, keras.layers.Dense(3, name="dense.1")(x)))
    names = [info.name for info in network.layers]
    assert names == ["scale", "net_1.00_224/Conv_1.0", "net_1.00_224/out.relu", "pool", "dense.1"]
    assert network.layers[1].kind == "Conv2D"
    assert network.layers[2].output_shape == (6, 4, 4)
    pixels = RNG.normal(0, 60, (8, 6, 3)).astype(np.float32)
    inside = inner(pixels[None] / 127.5 - 1).numpy()[0]
    activations = network.activations(pixels, "net_1.00_224/out.relu")
    np.testing.assert_allclose(activations, inside, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(network.activations(pixels, "net_1.00_224"), activations)
    neuron = network.neuron(("net_1.00_224/out.relu", 2))
    value = network.backward(pixels[None], neuron).value[0]
    assert value == pytest.approx(inside[..., 2].sum(), rel=1e-4, abs=1e-5)


def test_two_layers_of_one_name_are_told_apart() -> None:
    import keras

    class Twice(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.one = keras.layers.Conv2D(2, 1, name="conv")
            self.two = keras.layers.Conv2D(5, 1, name="conv")

        def call(self, inputs: Any) -> Any:
            return keras.ops.mean(self.two(self.one(inputs)), axis=(1, 2))

    model = Twice()
    model(np.zeros((1, 4, 3, 3), np.float32))
    network = Network(model)
    assert [(i.name, i.units) for i in network.layers] == [("conv", 2), ("conv#2", 5)]
    agrees(network, RNG.normal(size=(4, 3, 3)).astype(np.float32))


def test_subclassed_models_are_taken_once_they_have_been_called() -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.body = keras.Sequential(
                [keras.layers.Conv2D(4, 3, name="c"), keras.layers.ReLU(name="r")], name="body"
            )
            self.head = keras.layers.Dense(3, name="head")

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.head(keras.ops.mean(self.body(inputs), axis=(1, 2)))

    model = Own()
    with pytest.raises(InvalidValueError, match=r"'own'.*Call it once"):
        Network(model)
    with pytest.raises(InvalidValueError, match=r"'own'.*Call it once"):  # building would change it
        Network(model, input_shape=(8, 6, 3))
    assert not model.built
    assert not model.weights
    model(np.zeros((2, 8, 6, 3), np.float32))
    network = Network(model)
    assert network.input_shape == (8, 6, 3)
    assert [i.name for i in network.layers] == ["body/c", "body/r", "head"]
    agrees(network, RNG.normal(size=(8, 6, 3)).astype(np.float32))


def test_an_unbuilt_sequential_says_what_to_do() -> None:
    import keras

    model = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten()], name="later")
    with pytest.raises(InvalidValueError, match=r"'later'.*Call it once"):
        Network(model)
    with pytest.raises(InvalidValueError, match=r"'later'.*Call it once"):
        Network(model, input_shape=(8, 6, 3))
    assert not model.built
    model.build((None, 8, 6, 3))
    assert Network(model).input_shape == (8, 6, 3)


def test_several_inputs_are_refused() -> None:
    import keras

    one, two = keras.Input((8, 6, 3)), keras.Input((8, 6, 3))
    model = keras.Model([one, two], small(keras.layers.Add()([one, two])))
    with pytest.raises(InvalidValueError, match=r"one image input.*\(None, 8, 6, 3\)"):
        Network(model)

    class Two(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, first: Any, second: Any) -> Any:
            return self.dense(keras.ops.mean(first + second, axis=(1, 2)))

    own = Two()
    own(np.zeros((1, 8, 6, 3), np.float32), np.zeros((1, 8, 6, 3), np.float32))
    with pytest.raises(InvalidValueError, match=r"could not be run.*\(8, 6, 3\).*second"):
        _ = Network(own).layers  # Keras remembers the first input only, so it is found out here

    class Pair(Two):
        def call(self, pair: Any) -> Any:  # type: ignore[override]
            return self.dense(keras.ops.mean(pair[0] + pair[1], axis=(1, 2)))

    own = Pair()
    own([np.zeros((1, 8, 6, 3), np.float32), np.zeros((1, 8, 6, 3), np.float32)])
    with pytest.raises(InvalidValueError, match=r"one image input.*8, 6, 3\), \(1, 8"):
        Network(own)


@pytest.mark.parametrize("shape", [(10,), (8, 6), (8, 6, 4), (3, 8, 6), (4, 8, 6, 3)])
def test_inputs_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    import keras

    inputs = keras.Input(shape)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))
    with pytest.raises(InvalidValueError, match="rows, columns, 1 or 3") as caught:
        Network(model)
    assert str(shape[-1]) in str(caught.value)


def test_whole_numbers_as_input_are_refused() -> None:
    """No derivative passes a cast to whole numbers: all maps would be zero."""
    import keras

    inputs = keras.Input((8, 6, 3), dtype="uint8")
    model = keras.Model(inputs, small(keras.layers.Rescaling(1 / 255)(inputs)))
    with pytest.raises(InvalidValueError, match=r"uint8.*derivative"):
        Network(model)


@pytest.mark.parametrize("thing", ["efficientnet_lite0", None, 3, len])
def test_what_is_no_model_is_refused(thing: object) -> None:
    with pytest.raises(InvalidValueError, match=r"keras\.Model"):
        Network(thing)  # type: ignore[arg-type]


def test_a_layer_is_no_model_and_a_preprocess_is_a_function() -> None:
    import keras

    with pytest.raises(InvalidValueError, match="Dense"):
        Network(keras.layers.Dense(2))
    inputs = keras.Input((8, 6, 3))
    model = keras.Model(inputs, small(inputs), name="mine")
    with pytest.raises(InvalidValueError, match="preprocess"):
        Network(model, preprocess=3)  # type: ignore[arg-type]
    network = Network(model, labels=["a", "b"])
    assert network.name == "mine"
    assert [network.label(u) for u in range(3)] == ["a", "b", "unit 2"]
    assert "mine" in repr(network)


def test_layers_with_other_ranks() -> None:
    """Tokens of a transformer: (batch, tokens, units); a neuron has one position there."""
    import keras

    inputs = keras.Input((8, 6, 3))
    x = keras.layers.Conv2D(4, 2, 2, name="patches")(inputs)
    x = keras.layers.Reshape((12, 4), name="tokens")(x)
    x = keras.layers.LayerNormalization(name="norm")(x)
    x = keras.layers.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    network = Network(keras.Model(inputs, keras.layers.Dense(3, name="dense")(x)))
    pixels = RNG.normal(size=(8, 6, 3)).astype(np.float32)
    tokens = network.activations(pixels, "tokens")
    assert tokens.shape == (12, 4)
    backward = network.backward(pixels[None], network.neuron(Neuron("tokens", 1, position=(7,))))
    assert backward.value[0] == pytest.approx(tokens[7, 1], rel=1e-5)
    means = network.mean_activations(pixels)["tokens"]
    np.testing.assert_allclose(means, tokens.mean(0), rtol=1e-4)
    agrees(network, pixels)
    untreated = network.coverage(Neuron(None, 0), "guided").untreated
    assert any(name.startswith("attention") for name in untreated)
