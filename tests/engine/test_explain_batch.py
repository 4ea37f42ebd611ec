"""`explain_batch`: each picture's explanation is that of `explain`, whatever goes with it."""

from __future__ import annotations

import gc
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine import explain_batch as module
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.engine.explain_batch import explain_batch
from cnnvis_widgets.errors import Cancelled, InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.methods import all_methods, method
from cnnvis_widgets.methods.batches import BACKWARD, LARGEST, batches, shared_batches

SHAPE = (22, 17, 3)
RNG = np.random.default_rng(29)
PICTURES = [
    RNG.integers(0, 256, (*size, 3), dtype=np.uint8) for size in ((22, 17), (40, 33), (9, 50))
]
ONE_CALL = [n for n, m in all_methods().items() if m.together and n != "attention_rollout"]
QUICK = {"steps": 4, "samples": 4}


def quick(name: str) -> dict[str, Any]:
    return {p.name: QUICK[p.name] for p in method(name).parameters if p.name in QUICK}


def agree(
    network: Network, name: str, pictures: Sequence[Any], neurons: Any, **options: Any
) -> None:
    """The batch's explanations are the single ones."""
    options = {**quick(name), **options}
    explanations = explain_batch(network, pictures, name, neurons, **options)
    each = neurons if isinstance(neurons, list) else [neurons] * len(pictures)
    assert len(explanations) == len(pictures)
    options.pop("at_once", None)
    for picture, neuron, one in zip(pictures, each, explanations, strict=True):
        alone = explain(network, picture, name, neuron, **options)
        assert one.neuron == alone.neuron
        assert one.value == pytest.approx(alone.value, rel=1e-5)
        largest = np.abs(alone.attribution).max()
        np.testing.assert_allclose(
            one.attribution, alone.attribution, rtol=0, atol=1e-5 * largest, err_msg=name
        )
        np.testing.assert_array_equal(one.picture, alone.picture)
        assert (one.coverage, one.layer, one.label) == (alone.coverage, alone.layer, alone.label)


def weighted(model: Any) -> Any:
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0.03, 0.35, w.shape) for w in model.get_weights()])
    return model


def residual(batch: int | None = None) -> Any:
    """Branches, borders of zeros, strides, BatchNorm and average pooling, then two dense layers."""
    import keras

    layers = keras.layers
    x = inputs = keras.Input(SHAPE, batch_size=batch)
    x = layers.Rescaling(1 / 128, -1, name="scale")(x)
    x = layers.ZeroPadding2D(((1, 2), (0, 3)), name="border")(x)
    x = first = layers.Conv2D(5, 3, strides=2, activation="relu", name="first")(x)
    x = layers.Conv2D(5, 3, padding="same", name="second")(x)
    x = layers.BatchNormalization(name="normal")(x)
    x = layers.ReLU(name="open")(layers.Add(name="sum")([x, first]))
    x = layers.MaxPooling2D(name="pooled")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    outputs = layers.Dense(6, activation="softmax", name="scores")(x)
    model = weighted(keras.Model(inputs, outputs, name="residual"))
    model.get_layer("normal").moving_variance.assign([1.5, 0.7, 1.1, 0.4, 2.0])
    return model


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(residual(), labels=[f"class {n}" for n in range(6)])


@pytest.mark.parametrize("name", ONE_CALL)
def test_each_row_of_a_batch_has_its_own_picture_and_neuron(network: Network, name: str) -> None:
    agree(network, name, [*PICTURES, PICTURES[0]], [4, None, 0, 1])


@pytest.mark.parametrize("rule", [("epsilon", 0.25), ("alpha_beta", 2.0)])
def test_relevance_of_other_rules_stays_with_its_picture(
    network: Network, rule: tuple[str, float]
) -> None:
    agree(network, "deep_taylor", PICTURES, [5, 1, None], rule=rule[0], value=rule[1])


@pytest.mark.parametrize("name", ["saliency", "grad_cam", "deep_taylor", "integrated_gradients"])
def test_neurons_of_several_kinds_are_sorted_out_and_come_back_in_order(
    network: Network, name: str
) -> None:
    pictures = [PICTURES[n % 3] for n in range(8)]
    agree(
        network,
        name,
        pictures,
        [
            Neuron("open", 1, position=(2, 3)),
            3,
            Neuron("open", 4, "max"),
            Target({0: 1, 2: 0.5}),
            Neuron("open", 2, position=(0, 7)),
            Neuron("open", 0, "max"),
            None,
            Target({5: 2.0}),
        ],
    )


def test_targets_of_some_places_and_of_all_share_a_call() -> None:
    import keras

    layers = keras.layers
    conv = layers.Conv2D(4, 3, padding="same", activation="relu")
    model = weighted(keras.Sequential([keras.Input(SHAPE), conv, layers.Conv2D(3, 1)]))
    mask = np.zeros(SHAPE[:2], bool)
    mask[3, 5:9] = True
    targets = [Target(1, region=(0, 2, 9, 4)), Target({0: 1, 2: -1}), Target(2, mask=mask)]
    agree(Network(model), "gradient_input", PICTURES, targets)


@pytest.mark.parametrize("name", ["residual", "relu6", "branched", "separable", "nested_twice"])
def test_on_hand_made_networks(twins: Any, name: str) -> None:
    _, network = twins(name)
    for one in ("saliency", "guided_grad_cam", "deep_taylor", "xgrad_cam"):
        agree(network, one, PICTURES, [2, None, 0])


@pytest.mark.parametrize("name", ["mini_resnet", "mini_inception", "mini_mobilenet"])
def test_on_trained_mini_networks(name: str) -> None:
    from cnnvis_widgets.zoo.loading import load_network

    network = load_network(name)
    for one in ("guided_backprop", "grad_cam", "deep_taylor", "smoothgrad"):
        agree(network, one, ["scene:3", "scene:4", PICTURES[1], "scene:8"], None)


def test_a_network_that_mixes_the_pictures_of_a_batch_is_asked_one_by_one() -> None:
    import keras

    class Mixing(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs - keras.ops.mean(inputs, axis=0, keepdims=True) / 2

    layers = keras.layers
    inputs = keras.Input(SHAPE)
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    outputs = layers.Dense(3)(layers.GlobalAveragePooling2D()(Mixing(name="mixing")(x)))
    network = Network(weighted(keras.Model(inputs, outputs)))
    assert network.one_by_one
    for one in ("saliency", "grad_cam", "integrated_gradients", "cam", "deep_taylor"):
        agree(network, one, PICTURES, [2, None, 0])


def test_a_network_with_a_batch_of_one_built_in_is_asked_one_by_one() -> None:
    network = Network(residual(batch=1))
    for one in ("saliency", "guided_grad_cam", "deep_taylor", "smoothgrad", "visual_backprop"):
        agree(network, one, PICTURES, [2, None, 0])


def test_attention_goes_together() -> None:
    from oracles.vit import vit

    network = Network(vit((12, 16, 3), True))
    agree(network, "attention_rollout", PICTURES, [1, None, 0])
    agree(network, "grad_cam", PICTURES, [1, None, 0])


def test_many_pictures_are_few_calls(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    plain = Network.backward

    def counted(self: Network, batch: np.ndarray, *others: Any) -> Any:
        sizes.append(len(batch))
        return plain(self, batch, *others)

    monkeypatch.setattr(Network, "backward", counted)
    pictures = [PICTURES[n % 3] for n in range(LARGEST + 6)]
    explain_batch(network, pictures, "saliency")
    assert sizes == [LARGEST, 6]
    sizes.clear()
    explain_batch(network, pictures[:7], "saliency", at_once=3)
    assert sizes == [3, 3, 1]
    sizes.clear()
    explain_batch(network, pictures[:5], "integrated_gradients", steps=4)  # a batch is shared
    assert sizes == [20]


def test_one_explanation_does_not_keep_the_others(network: Network) -> None:
    for name in ("saliency", "grad_cam", "deep_taylor", "visual_backprop", "smoothgrad"):
        explanations = explain_batch(network, PICTURES * 5, name, **quick(name))
        kept, size = explanations[7], explanations[7].attribution.nbytes
        del explanations
        gc.collect()
        base = kept.attribution
        while isinstance(base.base, np.ndarray):
            base = base.base
        assert base.nbytes <= size, name


def test_pictures_come_in_every_form(network: Network, tmp_path: Any) -> None:
    path = tmp_path / "one.png"
    Image.fromarray(PICTURES[1]).save(path)
    as_input = network.prepare(PICTURES[1]).input
    given = [PICTURES[1], path, Image.fromarray(PICTURES[1]), as_input]
    agree(network, "saliency", given, 2)
    explanations = explain_batch(network, (picture for picture in given), "saliency", 2)
    for one in explanations[1:]:
        np.testing.assert_allclose(one.attribution, explanations[0].attribution, atol=1e-6)
    assert "read" in explanations[1].code() or "load_image" in explanations[1].code()
    stacked = np.stack([PICTURES[0], PICTURES[0][::-1]])
    one, two = explain_batch(network, stacked, "saliency", 1)
    np.testing.assert_array_equal(one.picture, two.picture[::-1])
    one, two = explain_batch(network, np.stack([as_input, as_input / 2]), "saliency", [1, 2])
    assert one.picture is None
    assert (one.neuron.unit, two.neuron.unit) == (1, 2)
    assert explain_batch(network, [], "saliency") == []


def test_progress_counts_pictures_and_stops_the_work(network: Network) -> None:
    for name, options in (("smoothgrad", {"samples": 9}), ("occlusion", {"patch": 9})):
        seen: list[tuple[int, int]] = []
        explain_batch(
            network,
            PICTURES,
            name,
            progress=lambda done, total, seen=seen: seen.append((done, total)),
            at_once=2,
            **options,
        )
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert {total for _, total in seen} == {3}
        assert seen[-1] == (3, 3)
        assert {done for done, _ in seen} >= {0, 2, 3}

    def stop(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        explain_batch(network, PICTURES, "smoothgrad", progress=stop)


def test_what_does_not_fit_is_refused(network: Network) -> None:
    for one in (PICTURES[0], "cat", b"", Image.fromarray(PICTURES[0]), 5, {"a": PICTURES[0]}):
        with pytest.raises(InvalidValueError, match="Expected pictures"):
            explain_batch(network, one, "saliency")
    with pytest.raises(InvalidValueError, match="got 2 for 3 pictures"):
        explain_batch(network, PICTURES, "saliency", [1, 2])
    with pytest.raises(UnknownNameError, match="no unit 9"):
        explain_batch(network, PICTURES, "saliency", [1, 9, 2])
    for at_once in (0, 2.5, True):
        with pytest.raises(InvalidValueError, match="at_once is a whole number from 1"):
            explain_batch(network, PICTURES, "saliency", at_once=at_once)
    with pytest.raises(UnknownNameError, match="Did you mean 'saliency'"):
        explain_batch(network, PICTURES, "salience")
    with pytest.raises(UnsuitableError, match="against"):
        explain_batch(network, PICTURES, "deep_taylor", [1, 2, Target({0: 1, 1: -1})])
    with pytest.raises(UnsuitableError, match="output units only"):
        explain_batch(network, PICTURES, "cam", ("first", 2))


def test_a_warning_is_given_once_for_all() -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, 3, activation="gelu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    network = Network(weighted(model))
    with pytest.warns(UserWarning, match="gelu|Gelu|GELU") as told:
        explain_batch(network, PICTURES, "guided_backprop", 1)
    assert len([one for one in told if "gelu" in str(one.message).lower()]) == 1


def test_the_docstring_names_the_methods_that_go_together() -> None:
    """A new one is to be written into the text."""
    text = " ".join((module.explain_batch.__doc__ or "").split())
    listed = text[text.index("One compiled call") : text.index("All other methods")]
    words = set(re.findall(r"\w+", listed))
    for name, one in all_methods().items():
        assert (name in words) == one.together, name


@pytest.mark.parametrize(
    ("pictures", "each", "shape"), [(3, 7, (112, 224)), (1, 12, (224, 224)), (9, 1, (500, 500))]
)
def test_batches_that_pictures_share_hold_everything_once(
    pictures: int, each: int, shape: tuple[int, int]
) -> None:
    shared = list(shared_batches(pictures, each, shape, BACKWARD))
    flat = [(number, one) for parts in shared for number, part in parts for one in part]
    assert flat == [(number, one) for number in range(pictures) for one in range(each)]
    sizes = [sum(len(part) for _, part in parts) for parts in shared]
    assert sizes == [len(b) for b in batches(pictures * each, shape, BACKWARD)]
