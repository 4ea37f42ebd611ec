"""Targets, weighted sums of units and places, against GradientTape and as what they are made of."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_contract import LABELS, centred, plain, small

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Mask, Target
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import CnnvisError, InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.methods import all_methods

L = keras.layers
RNG = np.random.default_rng(71)
PICTURE = RNG.integers(0, 256, (40, 33, 3), dtype=np.uint8)
INPUT = RNG.normal(0, 1, (12, 9, 3)).astype(np.float32)
MASK = RNG.random((6, 3)) < 0.4


def close(values: Any, wanted: Any) -> None:
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(values, wanted, rtol=1e-3, atol=1e-5 * scale)


@pytest.fixture(scope="module")
def common() -> Network:
    return Network(plain(), centred, LABELS)


def segmenting() -> tuple[keras.Model, keras.Model]:
    """Softmax over four classes at each of 6 × 3 places; and the same before it."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(INPUT.shape)
    x = L.Conv2D(5, 3, strides=(2, 3), padding="same", activation="tanh", name="c1")(inputs)
    logits = L.Conv2D(4, 2, padding="same", name="classes")(x)
    return keras.Model(inputs, L.Softmax()(logits)), keras.Model(inputs, logits)


def detecting() -> tuple[keras.Model, keras.Model]:
    """A class, eight boxes of a score and four corners, and an age; and the same before scores."""
    keras.utils.set_random_seed(4)
    inputs = keras.Input(INPUT.shape)
    x = L.Conv2D(6, 3, strides=3, activation="tanh", name="c1")(inputs)
    boxes = L.Reshape((12, 5))(L.Conv2D(5, 1, name="boxes_before")(x))
    x = L.GlobalAveragePooling2D()(x)
    kind, age = L.Dense(3, name="kind_before")(x), L.Dense(1)(x)[:, 0]
    outputs = {"kind": L.Softmax()(kind), "boxes": L.Activation("sigmoid")(boxes), "age": age}
    before = {"kind": kind, "boxes": boxes, "age": age}
    return keras.Model(inputs, outputs), keras.Model(inputs, before)


def taped(model: keras.Model, score: Any) -> tuple[float, np.ndarray]:
    """A function of the outputs, and its derivative by the picture."""
    pixels = tf.constant(INPUT[None])
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        value = score(model(pixels))
    return float(value), tape.gradient(value, pixels).numpy()[0]


PLACES = [
    (Target({1: 1, 3: -0.5}), lambda x: tf.reduce_sum(x[0, ..., 1] - 0.5 * x[0, ..., 3])),
    (Target([0, 2], aggregate="mean"), lambda x: tf.reduce_mean(x[0, ..., 0] + x[0, ..., 2])),
    (Target(2, mask=MASK), lambda x: tf.reduce_sum(x[0, ..., 2][MASK])),
    (
        Target({2: 1, 0: -1}, mask=MASK.astype(int), aggregate="mean"),
        lambda x: tf.reduce_mean((x[0, ..., 2] - x[0, ..., 0])[MASK]),
    ),
    (Target(3, region=(1, 0, 5, 2)), lambda x: tf.reduce_sum(x[0, 1:5, 0:2, 3])),
    (Target({1: 2.5}, position=(4, 1)), lambda x: 2.5 * x[0, 4, 1, 1]),
    (Target(index=(4, 1, 2)), lambda x: x[0, 4, 1, 2]),
    (Target(index=(4, 1, 2), output=0), lambda x: x[0, 4, 1, 2]),
]


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_regions_and_sums_of_a_segmentation_map(number: int) -> None:
    target, score = PLACES[number]
    model, before = segmenting()
    value, slope = taped(before, score)
    explanation = explain(Network(model), INPUT, "saliency", target)
    assert explanation.value == pytest.approx(value, rel=1e-4)
    close(explanation.attribution, slope)
    cam = explain(Network(model), INPUT, "grad_cam", target, sign="both")
    maps = keras.Model(model.input, model.get_layer("c1").output)(INPUT[None])
    rest = keras.Sequential([keras.Input(maps.shape[1:]), before.get_layer("classes")])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        value = score(rest(maps))
    weights = tape.gradient(value, maps).numpy()[0].mean((0, 1))
    close(cam.attribution[..., 0], maps.numpy()[0] @ weights)


@pytest.mark.parametrize(
    ("target", "score"),
    [
        (Target(output="boxes", index=(7, 3)), lambda x: x["boxes"][0, 7, 3]),
        (Target({0: 1, 2: -1}, output="kind"), lambda x: x["kind"][0, 0] - x["kind"][0, 2]),
        (Target(0, output="age"), lambda x: x["age"][0]),
        (Neuron("output:kind", 1), lambda x: x["kind"][0, 1]),
    ],
)
def test_one_output_of_several(target: Neuron, score: Any) -> None:
    model, before = detecting()
    value, slope = taped(before, score)
    network = Network(model)
    explanation = explain(network, INPUT, "saliency", target)
    assert explanation.value == pytest.approx(value, rel=1e-4)
    close(explanation.attribution, slope)
    assert explain(network, INPUT, "grad_cam", target).layer == "c1"
    assert explain(network, INPUT, "occlusion", target).value == pytest.approx(value, rel=1e-4)
    assert "output" in explanation.label


def test_outputs_that_are_not_there_or_no_numbers_are_told() -> None:
    model, _ = detecting()
    with pytest.raises(UnknownNameError, match=r"output 'boxen'.*Did you mean 'boxes'"):
        explain(Network(model), INPUT, "saliency", Target(0, output="boxen"))
    with pytest.raises(UnknownNameError, match=r"unit 5.*0 to 4"):
        explain(Network(model), INPUT, "saliency", Target(output="boxes", index=(7, 5)))
    with pytest.raises(InvalidValueError, match=r"Position \(12,\)"):
        explain(Network(model), INPUT, "saliency", Target(output="boxes", index=(12, 0)))
    with pytest.raises(UnsuitableError, match=r"Target\(unit, output=0\)"):
        explain(Network(model), INPUT, "saliency")
    inputs = keras.Input(INPUT.shape)
    x = L.Dense(3)(L.Flatten()(inputs))
    whole = Network(keras.Model(inputs, [x, keras.ops.argmax(x, -1)]))
    with pytest.raises(UnsuitableError, match=r"Output 1.*floating point.*int"):
        explain(whole, INPUT, "saliency", Target(0, output=1))


LINEAR = ("saliency", "gradient_input", "integrated_gradients", "smoothgrad", "occlusion", "cam")
LINEAR += ("rise", "kernel_shap", "lime")


@pytest.mark.parametrize("name", LINEAR)
def test_what_is_linear_in_the_neuron_is_the_same_sum(common: Network, name: str) -> None:
    def ask(neuron: Any) -> np.ndarray:
        return explain(common, PICTURE, name, neuron, seed=3, **small(name)).attribution

    close(ask(Target({1: 1, 2: -0.25})), ask(1) - 0.25 * ask(2))


@pytest.mark.parametrize("name", list(all_methods()))
def test_every_method_takes_a_target_or_says_why_not(common: Network, name: str) -> None:
    target = Target({1: 1, 2: -1})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            explanation = explain(common, PICTURE, name, target, **small(name))
        except CnnvisError as error:
            assert name in ("deep_taylor", "attention_rollout", "upconvnet"), error
            return
    made = explanation.attribution if explanation.image is None else explanation.image
    assert np.isfinite(made).all() and explanation.neuron == target
    assert explanation.label == "two − three"
    logits = common.outputs(common.prepare(PICTURE).input[None])[0][0]
    if explanation.image is None:
        assert explanation.value == pytest.approx(logits[1] - logits[2], rel=1e-4, abs=1e-5)


def test_deep_taylor_shares_out_a_sum_and_refuses_what_is_against(common: Network) -> None:
    explanation = explain(common, PICTURE, "deep_taylor", Target({1: 1, 2: 0.5}))
    assert explanation.value > 0
    assert explanation.attribution.sum(dtype=np.float64) == pytest.approx(
        explanation.value, rel=1e-3
    )
    with pytest.raises(UnsuitableError, match=r"positive weights.*integrated_gradients"):
        explain(common, PICTURE, "deep_taylor", Target({1: 1, 2: -1}))


def test_an_ascent_raises_the_difference(common: Network) -> None:
    target = Target({1: 1, 2: -1})
    explanation = explain(common, PICTURE, "activation_maximization", target, steps=25)
    assert explanation.value > explanation.details["before"]
    given = common.outputs(common.prepare(explanation.image).input[None])[0][0]
    assert explanation.value == pytest.approx(given[1] - given[2], rel=1e-3)


@pytest.mark.parametrize(
    "target",
    [
        Target({1: 1, 3: -0.5}, aggregate="mean"),
        Target(2, mask=MASK),
        Target([0, 1], "c1", region=(0, 1, 6, 3)),
        Target(output=0, index=(4, 1, 2)),
    ],
)
def test_kept_copied_and_written_down(target: Target) -> None:
    model, _ = segmenting()
    explanation = explain(Network(model, code="network"), INPUT, "saliency", target)
    again = pickle.loads(pickle.dumps(explanation))
    assert again.neuron == target and hash(again.neuron) == hash(target)
    assert Target.of_record(target.record()) == target
    if target.mask is None:
        assert eval(f"cnnvis.{target!r}", {"cnnvis": cnnvis}) == target
    names: dict[str, Any] = {"network": Network(model)}
    script = explanation.code().replace('explanation.save("explanation.png")', "")
    exec(script.replace("network = network\n", ""), names)
    np.testing.assert_array_equal(names["explanation"].attribution, explanation.attribution)
    assert names["explanation"].neuron == target


def test_names_of_targets(common: Network) -> None:
    def label(target: Target) -> str:
        return explain(common, PICTURE, "saliency", target).label

    assert label(Target({1: 1, 2: -1})) == "two − three"
    assert label(Target({1: -0.5, 0: 2})) == "−0.5 × two + 2 × one"
    where = Target([1, 2], "c2", region=(0, 0, 5, 4), aggregate="mean")
    assert label(where) == "unit 1 + unit 2 in the region (0, 0, 5, 4) (mean) of c2"
    mask = np.zeros((13, 10), bool)
    mask[2, 3:7] = True
    assert label(Target(4, "c2", mask=mask)) == "unit 4 in 4 places of c2"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Target(), "units or an index"),
        (lambda: Target(1, index=(1, 2)), "units or an index"),
        (lambda: Target({}), "one is not 0"),
        (lambda: Target({1: 0}), "one is not 0"),
        (lambda: Target({1: np.inf}), "finite"),
        (lambda: Target({1: "much"}), "numbers"),
        (lambda: Target("cat"), "whole number"),
        (lambda: Target([3, 3]), "named twice"),
        (lambda: Target(-1), "whole number from 0"),
        (lambda: Target(1, "c1", output=0), "layer or an output"),
        (lambda: Target(1, aggregate="max"), 'cnnvis.Neuron.*"max"'),
        (lambda: Target(1, position=(0, 0), mask=MASK), "one of position"),
        (lambda: Target(1, region=(0, 0, 0, 4)), "empty"),
        (lambda: Target(1, region=(0, 0, 4)), "four whole numbers"),
        (lambda: Target(1, mask=np.zeros((3, 4), bool)), "True somewhere"),
        (lambda: Target(1, mask=np.full((3, 4), 0.5)), "True and False"),
    ],
)
def test_what_is_no_target_is_refused(make: Any, match: str) -> None:
    with pytest.raises(InvalidValueError, match=match):
        make()


def test_places_that_the_layer_does_not_have() -> None:
    network = Network(segmenting()[0])
    for target, match in (
        (Target(1, mask=MASK.T), r"mask is \(3, 6\); the places here are \(6, 3\)"),
        (Target(1, region=(0, 0, 7, 1)), r"not within \(6, 3\)"),
        (Target(1, position=(6, 0)), r"Position \(6, 0\)"),
    ):
        with pytest.raises(InvalidValueError, match=match):
            network.neuron(target)
    with pytest.raises(UnknownNameError, match="unit 4"):
        network.neuron(Target({0: 1, 4: -1}))


def test_a_mask_comes_back_bit_by_bit() -> None:
    for shape in ((1, 1), (3, 5), (8, 8), (9, 7)):
        wanted = RNG.random(shape) < 0.5
        wanted[0, 0] = True
        np.testing.assert_array_equal(Mask.of(wanted).array(), wanted)


def test_numbers_that_do_not_count_may_be_infinite() -> None:
    class Infinite(L.Layer):
        def call(self, x: Any) -> Any:
            return tf.concat([x[:, :1], x[:, 1:] / 0.0], 1)

    inputs = keras.Input(INPUT.shape)
    x = L.Dense(3)(L.Flatten()(inputs))
    model = keras.Model(inputs, Infinite()(x))
    values = Network(model).values(INPUT[None], Target({0: 2}))
    np.testing.assert_allclose(values, 2 * keras.Model(inputs, x)(INPUT[None]).numpy()[:, 0])
