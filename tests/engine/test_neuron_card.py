"""A neuron's card: its peak, the pictures that excite it, the classes that it pushes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.variants.randomization import seeded
from cnnvis_widgets.engine.neuron_card import Gallery, OneNeuron
from cnnvis_widgets.engine.requests import Library, Neurons
from cnnvis_widgets.errors import Cancelled, InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo.images import load_named

ROWS, COLUMNS, CLASSES = 18, 14, 7
PICTURE = np.random.default_rng(6).integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)


def make() -> keras.Model:
    """Between the layer that is looked at and the end: a shortcut, a batch norm, a pooling."""
    layers = keras.layers
    pixels = keras.Input((ROWS, COLUMNS, 3))
    x = layers.Rescaling(1 / 64, offset=-1)(pixels)
    one = layers.Conv2D(5, 3, strides=2, activation="relu", name="c1")(x)
    two = layers.Conv2D(5, 3, padding="same", activation="relu6", name="c2")(one)
    x = layers.Add(name="sum")([one, two])
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Conv2D(6, 2, activation="swish", name="c3")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(pixels, layers.Dense(CLASSES, activation="softmax", name="head")(x))


@pytest.fixture(scope="module")
def library() -> Library:
    made = Library()
    made.add("net", Network(seeded(make, 2), name="net", labels=[f"k{n}" for n in range(CLASSES)]))
    return made


def ask(request: Any, library: Library, step: Any = lambda done, total: None) -> Any:
    return request.perform(library, step)


def by_tape(library: Library, unit: int) -> np.ndarray:
    """The definition, class by class, with Keras' own layers after c1: float32 (classes,)."""
    model = library.network("net").model
    start = keras.Model(model.input, model.get_layer("c1").output)(PICTURE[None].astype("float32"))
    pushes = []
    for number in range(CLASSES):
        with tf.GradientTape() as tape:
            tape.watch(start)
            x = start + model.get_layer("c2")(start)
            for name in ("norm", "pool", "c3", "mean"):
                x = model.get_layer(name)(x)
            kernel, bias = model.get_layer("head").weights
            value = (x @ kernel + bias)[0, number]
        slopes = tape.gradient(value, start).numpy()
        pushes.append((slopes * start.numpy())[..., unit].sum())
    return np.array(pushes)


@pytest.mark.parametrize("unit", [0, 3])
def test_classes_are_told_by_gradient_times_activation(library: Library, unit: int) -> None:
    card = ask(OneNeuron("net", PICTURE, "c1", unit), library)
    expected = by_tape(library, unit)
    assert np.abs(expected).max() > 1e-3
    order = np.argsort(-expected)
    pushes = [int(u) for u in order[:3] if expected[u] > 0]
    holds = [int(u) for u in order[::-1][:3] if expected[u] < 0]
    assert [p.unit for p in card.pushes] == pushes
    assert [p.unit for p in card.holds_back] == holds
    for push in (*card.pushes, *card.holds_back):
        assert push.value == pytest.approx(expected[push.unit], rel=1e-4)
        assert push.label == f"k{push.unit}"
    assert card.why == ""


def test_an_output_pushes_itself_and_what_no_class_needs_pushes_none(library: Library) -> None:
    network = library.network("net")
    logit = {p.unit: p.logit for p in network.predict(PICTURE, CLASSES)}[4]
    card = ask(OneNeuron("net", PICTURE, "head", 4), library)
    assert [p.unit for p in (*card.pushes, *card.holds_back)] == [4]
    assert (*card.pushes, *card.holds_back)[0].value == pytest.approx(logit, rel=1e-4)
    assert (card.map, card.peak.place, card.peak.box) == (None, (), (0, 0, ROWS, COLUMNS))
    dead = seeded(make, 2)
    kernels, biases = dead.get_layer("c1").get_weights()
    kernels[..., 1], biases[1] = 0, -1
    dead.get_layer("c1").set_weights([kernels, biases])
    library.add("dead", Network(dead, name="dead"))
    card = ask(OneNeuron("dead", PICTURE, "c1", 1), library)
    assert (card.pushes, card.holds_back) == ((), ())
    assert card.why == "No class depends on this neuron here."


def test_two_heads_have_no_classes_to_tell(library: Library) -> None:
    pixels = keras.Input((9, 8, 3))
    maps = keras.layers.Conv2D(4, 3, name="only")(pixels)
    model = keras.Model(pixels, [maps, keras.layers.GlobalAveragePooling2D()(maps)])
    library.add("two", Network(model, name="two"))
    card = ask(OneNeuron("two", PICTURE[:9, :8], "only", 2), library)
    assert card.why == "two has several outputs; expected one with classes."
    assert card.peak.value == card.map.max()


def test_the_peak_and_what_it_sees(library: Library) -> None:
    card = ask(OneNeuron("net", PICTURE, "c1", 3), library)
    model = library.network("net").model
    maps = keras.Model(model.input, model.get_layer("c1").output)(PICTURE[None].astype("float32"))
    own = maps.numpy()[0, ..., 3]
    np.testing.assert_allclose(card.map, own, rtol=1e-4, atol=1e-5)
    row, column = divmod(int(own.argmax()), own.shape[1])
    assert card.peak.place == (row, column)
    assert card.peak.value == pytest.approx(own.max(), rel=1e-4)
    assert card.mean == pytest.approx(own.mean(), rel=1e-4)
    assert card.peak.box == (2 * row, 2 * column, 2 * row + 3, 2 * column + 3)  # 3 × 3, stride 2
    assert (card.peak.pixels == PICTURE).all()


def test_the_gallery_is_sorted_by_the_strongest_place(library: Library) -> None:
    names = ("scene:3", "scene:1", "scene:7", "scene:2", "scene:5")
    steps: list[tuple[int, int]] = []
    request = Gallery("net", "c2", 4, names, top=3)
    excited = ask(request, library, lambda done, total: steps.append((done, total)))
    network = library.network("net")
    largest = {n: float(network.activations(load_named(n), "c2")[..., 4].max()) for n in names}
    assert [one.picture for one in excited] == sorted(names, key=lambda n: -largest[n])[:3]
    assert [one.peak.value for one in excited] == [largest[one.picture] for one in excited]
    for one in excited:
        assert (
            network.activations(load_named(one.picture), "c2")[one.peak.place][4] == one.peak.value
        )
        top, left, bottom, right = one.peak.box
        assert 0 <= top < bottom <= ROWS
        assert 0 <= left < right <= COLUMNS
    assert steps == [(n, 5) for n in range(5)]


def test_it_stops_between_two_pictures(library: Library) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        ask(Gallery("net", "c2", 4, ("scene:3", "scene:1", "scene:7")), library, stop)


def test_what_there_is_not_is_refused(library: Library) -> None:
    with pytest.raises(UnknownNameError, match="unit 5 in layer 'c1'"):
        ask(OneNeuron("net", PICTURE, "c1", 5), library)
    with pytest.raises(UnknownNameError, match="c9"):
        ask(OneNeuron("net", PICTURE, "c9", 0), library)
    with pytest.raises(InvalidValueError, match="at least one picture"):
        ask(Gallery("net", "c1", 0, ()), library)
    with pytest.raises(UnknownNameError, match="no such picture"):
        ask(Gallery("net", "c1", 0, ("no such picture",)), library)


def test_a_wall_shows_all_units_their_maps_averaged(library: Library) -> None:
    small = ask(Neurons("net", PICTURE, "c1", 99, side=4), library)
    whole = ask(Neurons("net", PICTURE, "c1", 99), library)
    assert small.units == len(small.neurons) == 5
    assert [n.unit for n in small.neurons] == [n.unit for n in whole.neurons]
    assert [n.value for n in small.neurons] == [n.value for n in whole.neurons]
    assert small.positions == whole.positions == (8, 6)
    for one, other in zip(small.neurons, whole.neurons, strict=True):
        rows = [other.map[2 * i : 2 * i + 2] for i in range(4)]  # 8 rows into 4
        ends = (0, 1, 3, 4, 6)  # 6 columns into 4
        by_hand = [[part[:, a:b].mean() for a, b in pairwise(ends)] for part in rows]
        np.testing.assert_allclose(one.map, by_hand, rtol=1e-5, atol=1e-6)
