"""BatchNorm within the convolution before it: the same answers as Keras' own, less arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

SHAPE = (9, 7, 3)
RNG = np.random.default_rng(11)
PICTURES = RNG.uniform(-1, 1, (2, *SHAPE)).astype(np.float32)


def built(make: Callable[[Any, Any], Any]) -> Any:
    """A Keras model of the layers that `make(layers, x)` calls, every weight random."""
    import keras

    x = keras.Input(SHAPE)
    model = keras.Model(x, make(keras.layers, x))
    for weight in model.weights:
        low, high = (0.3, 2) if "variance" in weight.path else (-1, 1)
        weight.assign(RNG.uniform(low, high, weight.shape))
    return model


def traced(model: Any, fold: bool) -> tuple[Any, Any]:
    """(pixels → output, its derivative by the pixels), and the structure."""
    import tensorflow as tf

    from cnnvis_widgets.backend.compiled_functions import compiled, forward_in, pixels_spec

    structures: list[Any] = []

    def body(pixels: tf.Tensor) -> Any:
        structures[:] = [forward_in(model, pixels, fold)]
        output = structures[0].output
        return output, tf.gradients(tf.reduce_sum(output**2), pixels)[0]

    return compiled(body, pixels_spec(SHAPE)), structures[0]


def scalings(structure: Any) -> int:
    """Multiplications of whole maps on the way to the output."""
    operations = structure.forward.pixels.graph.get_operations()
    results = [
        o.outputs[0]
        for o in operations[: structure.forward.calls[-1].operations.stop]
        if o.type in ("Mul", "FusedBatchNormV3")
    ]
    return sum(x.shape.rank == 4 and x.shape[0] is None for x in results)


FOLDED = {
    "plain": lambda k, x: k.BatchNormalization()(k.Conv2D(4, (3, 2), strides=2)(x)),
    "padded": lambda k, x: k.BatchNormalization(epsilon=0.1)(
        k.Conv2D(5, (2, 3), padding="same", use_bias=False)(x)
    ),
    "no scale": lambda k, x: k.BatchNormalization(scale=False)(k.Conv2D(4, 2)(x)),
    "no centre": lambda k, x: k.BatchNormalization(center=False)(k.Conv2D(4, 2)(x)),
    "depthwise": lambda k, x: k.BatchNormalization()(k.DepthwiseConv2D(3, padding="same")(x)),
    "two for each": lambda k, x: k.BatchNormalization()(
        k.DepthwiseConv2D((2, 3), depth_multiplier=2, strides=2, use_bias=False)(x)
    ),
    "separable": lambda k, x: k.BatchNormalization()(k.SeparableConv2D(6, 3)(x)),
    "in groups": lambda k, x: k.BatchNormalization()(k.Conv2D(6, 3, groups=3)(x)),
    "before a ReLU6": lambda k, x: k.ReLU(6)(k.BatchNormalization()(k.Conv2D(4, 3)(x))),
}


@pytest.mark.parametrize("name", FOLDED)
def test_the_same_answer_and_no_map_is_scaled(name: str) -> None:
    model = built(FOLDED[name])
    program, structure = traced(model, fold=True)
    plain, unfolded = traced(model, fold=False)
    output, slope = (x.numpy() for x in program(PICTURES))
    np.testing.assert_allclose(output, model(PICTURES).numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(slope, plain(PICTURES)[1].numpy(), rtol=1e-4, atol=1e-4)
    assert scalings(unfolded) == 1
    assert scalings(structure) == 0


LEFT = {
    "at the picture": lambda k, x: k.Conv2D(3, 3)(k.BatchNormalization()(x)),
    "after a ReLU": lambda k, x: k.BatchNormalization()(k.Conv2D(4, 3, activation="relu")(x)),
    "after a sum": lambda k, x: k.BatchNormalization()(k.Add()([x, k.Conv2D(3, 1)(x)])),
    "side by side": lambda k, x: k.BatchNormalization()(k.Concatenate()([x, k.Conv2D(3, 1)(x)])),
    "along the rows": lambda k, x: k.BatchNormalization(axis=1)(k.Conv2D(4, 3)(x)),
    "after a dense layer": lambda k, x: k.BatchNormalization()(k.Dense(4)(k.Flatten()(x))),
    "with gaps": lambda k, x: k.BatchNormalization()(k.Conv2D(4, 3, dilation_rate=2)(x)),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_folded_is_as_keras_has_it(name: str) -> None:
    model = built(LEFT[name])
    program, structure = traced(model, fold=True)
    np.testing.assert_allclose(
        program(PICTURES)[0].numpy(), model(PICTURES).numpy(), rtol=1e-5, atol=1e-5
    )
    assert scalings(structure) == scalings(traced(model, fold=False)[1])


def test_a_convolution_that_others_read_too_keeps_its_own_result() -> None:
    def forked(k: Any, x: Any) -> Any:
        maps = k.Conv2D(4, 3, name="both")(x)
        return k.Add()([maps, k.BatchNormalization(name="normal")(maps)])

    model = built(forked)
    program, structure = traced(model, fold=True)
    np.testing.assert_allclose(
        program(PICTURES)[0].numpy(), model(PICTURES).numpy(), rtol=1e-5, atol=1e-5
    )
    first, second = (structure.call(name).output for name in ("both", "normal"))
    assert first is not second


def test_a_layer_that_normalises_by_the_batch_is_left_alone() -> None:
    import keras

    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.normal = keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()

        def call(self, inputs: Any) -> Any:
            return self.normal(self.conv(inputs), training=True)

    model = Model()
    maps = model.conv(PICTURES).numpy()
    wanted = (maps - maps.mean((0, 1, 2))) / np.sqrt(maps.var((0, 1, 2)) + 1e-3)
    values = traced(model, fold=True)[0](PICTURES)[0].numpy()
    np.testing.assert_allclose(values, wanted, rtol=1e-4, atol=1e-4)


def test_weights_that_change_are_read_anew() -> None:
    model = built(FOLDED["plain"])
    program, _ = traced(model, fold=True)
    before = program(PICTURES)[0].numpy()
    for weight in model.weights:
        weight.assign(weight.numpy() * 1.5)
    after = program(PICTURES)[0].numpy()
    np.testing.assert_allclose(after, model(PICTURES).numpy(), rtol=1e-5, atol=1e-5)
    assert np.abs(after - before).max() > 0.1


def test_every_layer_of_a_network_says_what_it_said(twins: Any) -> None:
    import tensorflow as tf

    from cnnvis_widgets.backend.compiled_functions import compiled, forward_in, pixels_spec

    _, network = twins("relu6")
    names = [info.name for info in network.layers]
    outputs = []
    for fold in (False, True):

        def body(pixels: Any, fold: bool = fold) -> Any:
            structure = forward_in(network.model, pixels, fold)
            return [structure.call(name).output for name in names]

        program = compiled(body, pixels_spec(SHAPE))
        outputs.append([x.numpy() for x in program(tf.constant(PICTURES))])
    assert {"c1", "n1", "w", "n2", "n3"} <= set(names)
    for name, plain, quick in zip(names, *outputs, strict=True):
        np.testing.assert_allclose(quick, plain, rtol=1e-5, atol=1e-5, err_msg=name)
