"""Concepts: factors that are known, losses by another way, and the snow of networks that cheat."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.layer_tail import values_after
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine.concepts import concepts, factorised
from cnnvis_widgets.errors import Cancelled, InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.zoo.evidence import scenes

L = keras.layers
RNG = np.random.default_rng(19)
SHAPE = (18, 12, 3)
PICTURES = RNG.integers(0, 256, (5, *SHAPE), dtype=np.uint8)


def small(batch: int | None = None) -> keras.Model:
    """Two convolutions, a way past the second one's block, a softmax."""
    keras.utils.set_random_seed(8)
    inputs = keras.Input(SHAPE, batch_size=batch)
    x = L.Conv2D(6, 3, strides=(3, 2), activation="relu", name="c1")(L.Rescaling(1 / 255)(inputs))
    y = L.Conv2D(6, 3, padding="same", name="c2")(x)
    x = L.ReLU(name="block")(L.Add(name="sum")([x, y]))
    x = L.Dense(5, activation="tanh", name="d1")(L.Flatten(name="flat")(x))
    return keras.Model(inputs, L.Dense(4, activation="softmax", name="head")(x))


def rest(model: keras.Model, given: np.ndarray) -> np.ndarray:
    """The values before softmax, from the result of "block", by the weights."""
    x = given.reshape(len(given), -1).astype(np.float64)
    for name, activation in (("d1", np.tanh), ("head", lambda x: x)):
        kernel, bias = model.get_layer(name).get_weights()
        x = activation(x @ kernel + bias)
    return x


def test_factors_that_are_known_are_found() -> None:
    """Each concept has units and places of its own, so that there is one factorisation."""
    bank = np.zeros((3, 9))
    bank[0, :3], bank[1, 2:6], bank[2, 6:] = (1, 2, 1), (3, 1, 1, 2), (0.5, 1, 4)
    held = RNG.uniform(0, 2, (4, 5, 3, 3)) * (RNG.random((4, 5, 3, 3)) < 0.5)
    held[0, 0] = np.eye(3)  # places that hold one concept alone
    maps, units, error = factorised((held @ bank).astype(np.float32), 3, seed=0)
    assert error < 1e-5
    length = np.linalg.norm(bank, axis=1)
    alike = units @ (bank / length[:, None]).T
    order = alike.argmax(0)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(alike[order, range(3)], 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(maps[..., order], held * length, atol=0.05)


@pytest.mark.parametrize("batch", [None, 1])
def test_values_with_a_layer_s_result_exchanged(batch: int | None) -> None:
    model = small(batch)
    network = Network(model)
    inputs = np.stack([network.prepare(one).input for one in PICTURES])
    own = np.stack([network.activations(one, "block") for one in inputs])
    np.testing.assert_allclose(
        values_after(network, inputs, "block", own, network.neuron(2)),
        network.values(inputs, network.neuron(2)),
        rtol=1e-5,
    )
    other = RNG.uniform(0, 3, own.shape).astype(np.float32)
    values = values_after(network, inputs, "block", other, network.neuron(1))
    np.testing.assert_allclose(values, rest(model, other)[:, 1], rtol=1e-4, atol=1e-5)
    against = values_after(network, inputs, "block", other, network.neuron(Target({1: 1, 3: -2})))
    wanted = rest(model, other) @ [0, 1, 0, -2]
    np.testing.assert_allclose(against, wanted, rtol=1e-4, atol=1e-5)


def test_importance_is_what_the_neuron_loses() -> None:
    model = small()
    analysis = concepts(Network(model), list(PICTURES), neuron=3, count=3)
    assert analysis.layer == "block" and analysis.maps.shape == (5, 6, 5, 3)
    layer = keras.Model(model.input, model.get_layer("block").output)
    maps = layer(PICTURES.astype(np.float32)).numpy().astype(np.float64)
    whole = rest(model, maps)[:, 3]
    np.testing.assert_allclose(analysis.values, whole, rtol=1e-4, atol=1e-5)
    left = maps - analysis.maps.astype(np.float64) @ analysis.bank
    assert np.square(left).sum() / np.square(maps).sum() == pytest.approx(analysis.error, rel=1e-3)
    for concept in range(3):
        without = maps.copy()
        for place in np.ndindex(maps.shape):
            held = analysis.maps[(*place[:3], concept)] * analysis.bank[concept, place[3]]
            without[place] = max(without[place] - held, 0)
        drop = whole - rest(model, without)[:, 3]
        np.testing.assert_allclose(analysis.drops[:, concept], drop, rtol=1e-3, atol=1e-4)
        assert analysis.importance[concept] == pytest.approx(drop.mean(), rel=1e-3, abs=1e-4)
    assert (np.diff(analysis.importance) <= 0).all()
    assert analysis.heatmap(4, 2).shape == SHAPE[:2]


def test_patches_lie_where_most_of_the_concept_is() -> None:
    analysis = concepts(Network(small()), list(PICTURES), neuron=3, count=2)
    for number, own in enumerate(analysis.patches):
        assert len(own) == 5 and len({patch.picture for patch in own}) == 5
        assert [p.strength for p in own] == sorted((p.strength for p in own), reverse=True)
        for patch in own:
            held = analysis.maps[patch.picture, ..., number]
            assert patch.strength == pytest.approx(held.max())
            row, column = np.argwhere(held == held.max())[0]
            top, left, bottom, right = patch.box
            assert (bottom - top, right - left) == (6, 4)
            assert top <= (row + 0.5) * 3 <= bottom and left <= (column + 0.5) * 2.4 <= right
            np.testing.assert_array_equal(
                patch.pixels, PICTURES[patch.picture][top:bottom, left:right]
            )
    figure = analysis.plot()
    assert figure.alt and len(figure.axes) >= 10


def separated(held: np.ndarray) -> float:
    """How often a picture of the first half holds more than one of the second."""
    mass = held.sum((1, 2), dtype=np.float64)
    half = len(mass) // 2
    return float((mass[:half, None] > mass[None, half:]).mean())


@pytest.mark.parametrize("name", ["mini_vgg", "mini_resnet", "mini_inception"])
def test_the_snow_of_a_network_that_cheats_is_found_and_ranked_first(name: str) -> None:
    """16 crescents on snow and the same without: the honest one has no concept for the snow.

    The first concept is there in every picture with snow and hardly in one without; the place of
    its map differs (mini_vgg's first is above the drift, its second on it).
    """
    snowy = scenes(16, 11, label=7, shortcut="background")
    bare = scenes(16, 11, label=7)
    images = [one.picture for one in (*snowy, *bare)]
    cheating = concepts(cnnvis.load_network(f"{name}:cheating"), images, neuron=7, count=4)
    first = cheating.maps[..., 0]
    assert separated(first) == 1
    assert first[:16].sum() > 0.85 * first.sum()
    assert all(patch.picture < 16 for patch in cheating.patches[0])
    assert cheating.importance[0] > 0.2 * cheating.values[:16].mean()
    area = np.mean([one.shortcut.mean() for one in snowy])
    shares = []
    for concept in (0, 1):
        heat = [cheating.heatmap(n, concept) for n in range(16)]
        on = sum(h[one.shortcut].sum() for h, one in zip(heat, snowy, strict=True))
        shares.append(on / np.sum(heat))
    assert max(shares) > 1.3 * area
    honest = concepts(cnnvis.load_network(name), images, neuron=7, count=4)
    assert 0.3 < separated(honest.maps[..., 0]) < 0.7


def test_what_has_no_concepts_is_refused() -> None:
    network = Network(small())
    for options, error, match in (
        ({"images": PICTURES[:1]}, InvalidValueError, "two at least"),
        ({"layer": "sum"}, UnsuitableError, "negative.*after a ReLU"),
        ({"layer": "flat"}, UnsuitableError, "rows and columns"),
        ({"layer": "blok"}, UnknownNameError, "block"),
        ({"count": 7}, InvalidValueError, "count is a whole number from 1 to 6"),
        ({"count": 0}, InvalidValueError, "count"),
    ):
        given: dict[str, Any] = {"images": PICTURES, "neuron": 1, **options}
        with pytest.raises(error, match=match):
            concepts(network, **given)


def test_steps_are_told_and_the_seed_decides() -> None:
    network, seen = Network(small()), []
    one = concepts(network, PICTURES, count=2, progress=lambda *step: seen.append(step))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    again = concepts(network, dict(enumerate(PICTURES)), count=2)  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.maps, again.maps)
    outputs = network.outputs(np.stack([network.prepare(p).input for p in PICTURES]))[0]
    assert one.neuron.unit == outputs.sum(0).argmax()

    def stop(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        concepts(network, PICTURES, count=2, progress=stop)
