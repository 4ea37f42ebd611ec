"""Activation maximisation where the answer is known on paper, and what it promises everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import Cancelled, InvalidValueError

PICTURE = np.random.default_rng(4).integers(0, 256, SHAPE, dtype=np.uint8)
PLAIN: dict[str, Any] = {
    "parametrisation": "pixels",
    "colours": "plain",
    "zoom": 1,
    "jitter": 0,
    "noise": 0,
    "norm_weight": 0,
    "variation_weight": 0,
}
"""Nothing but the activation."""


def maximize(network: Any, neuron: Any, image: Any = PICTURE, **options: Any) -> Any:
    return explain(network, image, "activation_maximization", neuron, **options)


def centred(pixels: np.ndarray) -> np.ndarray:
    return (pixels - 127) / 64


def linear(preprocess: Any = None, channels: int = 3) -> tuple[Network, np.ndarray]:
    """Neurons that are weighted sums of (5, 4) places; and the weights of neuron 1."""
    import keras

    shape = (5, 4, channels)
    model = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2, name="d")]
    )
    weights = np.random.default_rng(channels).normal(0, 0.1, (20 * channels, 2))
    weights += 0.02 * np.sign(weights)  # none is next to nothing
    model.set_weights([weights, np.array([0.5, -3])])
    return Network(model, preprocess), weights[:, 1].reshape(shape)


@pytest.mark.parametrize(
    ("name", "channels"), [("plain", 3), ("swapped", 3), ("negative", 3), ("plain", 1)]
)
def test_a_weighted_sum_is_largest_where_each_place_has_its_weight_s_sign(
    name: str, channels: int
) -> None:
    preprocess = {"plain": None, "swapped": lambda p: p[..., ::-1] / 255, "negative": lambda p: -p}
    network, weights = linear(preprocess[name], channels)
    liked = {"swapped": weights[..., ::-1], "negative": -weights}.get(name, weights) > 0
    image = np.zeros((5, 4, 3), np.uint8)
    explanation = maximize(network, 1, image, steps=300, **PLAIN)
    wanted = np.broadcast_to(np.where(liked, 255, 0), (5, 4, 3))
    np.testing.assert_allclose(explanation.image, wanted, atol=2)
    best = np.where(liked, 255, 0).astype(np.float32)
    if preprocess[name]:
        best = preprocess[name](best)
    level = 1 / 255 if name == "swapped" else 1  # of grey, in the network's input
    missed = float((best * weights).sum()) - 3 - explanation.value
    assert -1e-3 <= missed <= 2 * level * np.abs(weights).sum()


def test_the_penalties_keep_colours_grey_and_neighbours_alike() -> None:
    network, _ = linear()
    image = np.zeros((5, 4, 3), np.uint8)
    free, normed, smooth = (
        maximize(network, 1, image, steps=150, **{**PLAIN, **more})
        for more in ({}, {"norm_weight": 1, "pull": 3}, {"variation_weight": 1, "pull": 3})
    )

    def spread(explanation: Any) -> float:
        return float(np.abs(explanation.image.astype(float) - 127.5).mean())

    def roughness(explanation: Any) -> float:
        return float(np.abs(np.diff(explanation.image.astype(float), axis=0)).mean())

    assert spread(normed) < 0.8 * spread(free)
    assert roughness(smooth) < 0.3 * roughness(free)
    assert free.value > max(normed.value, smooth.value) > free.details["before"]


@pytest.mark.parametrize(
    ("name", "neuron", "parametrisation"),
    [
        ("relu6", Neuron(None, 2), "fourier"),
        ("relu6", Neuron("n3", 1, "mean"), "pixels"),
        ("branched", Neuron(None, 4), "pixels"),
        ("branched", Neuron("mixed", 6, position=(2, 1)), "fourier"),
        ("nested_twice", Neuron("body/core/c2", 3, "max"), "fourier"),
        ("every_form", Neuron(None, 1), "pixels"),
        ("separable", Neuron("r1", 2), "fourier"),
    ],
)
def test_the_activation_grows(twins: Any, name: str, neuron: Neuron, parametrisation: str) -> None:
    twin, _ = twins(name)
    network = Network(twin.model, centred)
    explanation = maximize(network, neuron, steps=40, parametrisation=parametrisation)
    assert explanation.image.shape == SHAPE and explanation.image.dtype == np.uint8
    assert explanation.attribution is None
    assert explanation.value > explanation.details["before"] + 0.05 * abs(
        explanation.details["before"]
    )
    assert explanation.neuron == neuron
    direct = float(network.values(network.prepare(explanation.image).input[None], neuron)[0])
    assert explanation.value == direct  # of the finished 8-bit picture
    assert f"{explanation.value:.4g}" in explanation.notes[0]
    assert len(explanation.curve.steps) == len(explanation.curve.values) == 40
    assert explanation.curve.steps == tuple(range(1, 41))


def test_greyscale_and_non_square() -> None:
    import keras

    model = keras.Sequential(
        [
            keras.Input((12, 17, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", name="c"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, name="d"),
        ]
    )
    rng = np.random.default_rng(6)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    network = Network(model, centred)
    explanation = maximize(
        network, 2, np.zeros((12, 17), np.uint8), steps=30, octaves=2, octave_steps=9
    )
    assert explanation.image.shape == (12, 17, 3)
    assert (explanation.image == explanation.image[..., :1]).all()
    assert explanation.value > explanation.details["before"]


def test_a_whole_layer_is_excited(twins: Any) -> None:
    _, network = twins("branched")
    neuron = Neuron("mixed", 3)
    explanation = maximize(network, neuron, steps=40, goal="layer")

    def power(picture: np.ndarray) -> float:
        return float(np.square(network.activations(picture, "mixed")).mean())

    alone = maximize(network, neuron, steps=40)
    assert power(explanation.image) > 1.2 * power(explanation.details["frames"][0])
    assert power(explanation.image) > power(alone.image)
    assert any("whole layer mixed" in note for note in explanation.notes)
    assert "mean square" in explanation.curve.label


def test_a_shut_neuron_is_opened_and_it_is_said() -> None:
    """Shut on grey, its derivative is zero everywhere; unit 0 is never shut."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((8, 6, 3)),
            keras.layers.Conv2D(2, 3, activation="relu", name="c"),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    weights, _ = model.get_weights()
    drawn = np.random.default_rng(7).normal(0, 1, weights.shape)
    model.set_weights([drawn, np.array([50.0, -5.0])])
    network = Network(model, lambda p: (p - 127.5) / 127.5)
    image = np.full((8, 6, 3), 255, np.uint8)
    neuron = Neuron("c", 1, position=(3, 2))
    explanation = maximize(network, neuron, image, steps=60, parametrisation="pixels", pull=1000)
    assert explanation.details["before"] == 0
    assert explanation.value > 0
    assert 0 < explanation.details["opened"] < 60
    assert f"{explanation.details['opened']} steps" in str(explanation.coverage)
    assert any("open" in note for note in explanation.notes)
    open_already = maximize(network, 0, image, steps=2, start="picture")
    assert str(open_already.coverage) == str(network.coverage(Neuron(None, 0)))

    model.set_weights([np.zeros_like(weights), np.array([-2.0, 3.0])])
    dead = maximize(Network(model), Neuron("c", 0), image, steps=5, **PLAIN)
    assert dead.details["opened"] == 0
    assert any("stayed as it began" in note for note in dead.notes)


def test_a_shorter_run_is_the_beginning_of_a_longer_one(twins: Any) -> None:
    _, network = twins("separable")
    options = {"octaves": 3, "octave_steps": 5, "seed": 3}
    seen: list[Any] = []
    explanation = maximize(network, 1, steps=17, preview=lambda make: seen.append(make), **options)
    seen = [make() for make in seen]  # late: what it shows is as it was then
    assert [one.parameters["steps"] for one in seen] == list(range(1, 17))
    for one in (seen[2], seen[5], seen[11]):
        again = maximize(network, 1, **{**options, "steps": one.parameters["steps"]})
        np.testing.assert_array_equal(one.image, again.image)
        assert one.value == again.value
        assert one.curve == again.curve
        assert one.curve.values == explanation.curve.values[: len(one.curve.values)]
    assert not np.array_equal(seen[4].image, seen[5].image)


def test_the_film_goes_from_the_start_to_the_end(twins: Any) -> None:
    _, network = twins("fused")
    explanation = maximize(network, 1, steps=50)
    frames, steps = explanation.details["frames"], explanation.details["frame_steps"]
    assert frames.dtype == np.uint8
    assert frames.shape == (24, *SHAPE)
    assert steps[0] == 0 and steps[-1] == 50
    assert list(steps) == sorted(set(steps))
    np.testing.assert_array_equal(frames[-1], explanation.image)
    middle = maximize(network, 1, steps=steps[9])
    np.testing.assert_array_equal(frames[9], middle.image)
    assert np.ptp(frames[0].astype(int)) < 40  # from grey


def test_the_seed_decides(twins: Any) -> None:
    _, network = twins("shared")
    one, same, other, large = (
        maximize(network, 1, steps=15, seed=seed) for seed in (1, 1, 2, 2**40 + 1)
    )
    np.testing.assert_array_equal(one.image, same.image)
    assert one.curve == same.curve
    assert not np.array_equal(one.image, other.image)
    assert not np.array_equal(one.image, large.image)


def test_from_a_picture(twins: Any) -> None:
    _, network = twins("fused")
    for parametrisation in ("fourier", "pixels"):
        explanation = maximize(
            network, 2, steps=12, start="picture", parametrisation=parametrisation
        )
        begun = explanation.details["frames"][0].astype(int)
        np.testing.assert_allclose(begun, PICTURE, atol=1)  # black and white are left out
        assert explanation.value > explanation.details["before"]
    given = network.prepare(PICTURE).input
    again = maximize(network, 2, given, steps=12, start="picture", parametrisation="pixels")
    np.testing.assert_array_equal(again.image, explanation.image)


def test_the_given_picture_only_names_the_class_else(twins: Any) -> None:
    _, network = twins("fused")
    other = 255 - PICTURE
    one, two = maximize(network, 3, steps=5), maximize(network, 3, other, steps=5)
    np.testing.assert_array_equal(one.image, two.image)
    best = network.predict(PICTURE, 1)[0].unit
    assert maximize(network, None, steps=5).neuron == Neuron(None, best)


def test_the_verdict_is_the_network_s_on_the_8_bit_picture(twins: Any) -> None:
    import keras

    twin, _ = twins("branched")
    model = keras.Sequential([twin.model, keras.layers.Softmax()])
    network = Network(model, centred, labels=[f"class {n}" for n in range(5)])
    for unit in range(5):
        explanation = maximize(network, unit, steps=10)
        logits, scores = (
            x[0] for x in network.outputs(network.prepare(explanation.image).input[None])
        )
        rank = 1 + int((logits > logits[unit]).sum())
        assert explanation.details["rank"] == rank
        assert explanation.details["probability"] == pytest.approx(float(scores[unit]), rel=1e-5)
        assert (
            f"class {unit} with a probability of {scores[unit]:.3g}: rank {rank} of 5."
            in (explanation.notes[1])
        )
        if rank > 1:
            assert f"The first is class {logits.argmax()}." in explanation.notes[1]


def test_a_preprocessing_that_is_no_change_of_colours_is_told(twins: Any) -> None:
    twin, _ = twins("fused")

    def standardised(pixels: np.ndarray) -> np.ndarray:
        return (pixels - pixels.mean()) / (pixels.std() + 1)

    explanation = maximize(Network(twin.model, standardised), 1, steps=5)
    assert np.isfinite(explanation.value)
    assert any("preprocessing" in note for note in explanation.notes)
    assert not any("preprocessing" in n for n in maximize(twins("fused")[1], 1, steps=1).notes)


def test_activations_beyond_all_numbers_are_an_error_not_a_picture() -> None:
    network, _ = linear()
    network.model.set_weights([np.full(w.shape, 1e38) for w in network.model.get_weights()])
    with pytest.raises(InvalidValueError, match="finite"):
        maximize(network, 1, np.full((5, 4, 3), 255, np.uint8), start="picture", steps=1)


def test_it_can_be_stopped_after_any_step(twins: Any) -> None:
    _, network = twins("fused")
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 7:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        maximize(network, 1, steps=30, progress=stop)
    assert seen == [(n, 30) for n in range(8)]


def test_efficientnet_is_convinced_and_the_same_twice(default_network: Any, cat: Any) -> None:
    """A lifeboat: few steps, for time; docs/activation_maximization.md shows twenty classes."""
    one, two = (maximize(default_network, 625, cat, steps=30, seed=1) for _ in range(2))
    np.testing.assert_array_equal(one.image, two.image)
    assert one.value > one.details["before"] + 3
    assert one.details["rank"] <= 20
