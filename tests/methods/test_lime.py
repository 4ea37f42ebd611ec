"""LIME against the lime package itself, and a linear network whose weights are known on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.lime import Lime
from cnnvis_widgets.methods.sampling import draw
from cnnvis_widgets.methods.superpixels import superpixels
from cnnvis_widgets.methods.surrogate import fit

SHAPE = (40, 30, 3)
RNG = np.random.default_rng(12)
PICTURE = RNG.integers(0, 255, (8, 6, 3)).astype(np.uint8).repeat(5, axis=0).repeat(5, axis=1)


def preprocess(pixels: np.ndarray) -> np.ndarray:
    return (pixels - 127) / 50


@pytest.fixture(scope="module")
def network() -> Network:
    """A softmax over four classes that is no straight line in its input."""
    import keras

    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(5, 5, strides=3, activation="relu", name="c")(inputs)
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(2)(x))
    model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax", name="d")(x))
    rng = np.random.default_rng(5)
    for variable in model.weights:
        variable.assign(rng.normal(0, 1.5 / np.sqrt(np.prod(variable.shape[:-1])), variable.shape))
    return Network(model, preprocess)


@pytest.mark.parametrize(
    ("segmentation", "pieces", "colour", "level", "unit"),
    [
        ("quickshift", 0, "grey", 128, 1),
        ("slic", 0, "black", 0, 3),
        ("felzenszwalb", 7, "grey", 128, 0),
    ],
)
def test_equals_the_lime_package(
    network: Network, segmentation: str, pieces: int, colour: str, level: int, unit: int
) -> None:
    from lime.lime_image import LimeImageExplainer

    segments = superpixels(PICTURE, segmentation, pieces)
    count = segments.max() + 1
    theirs = LimeImageExplainer(random_state=9).explain_instance(
        PICTURE,
        lambda pictures: network.outputs(preprocess(pictures.astype(np.float32)))[1],
        labels=(unit,),
        top_labels=None,
        hide_color=level,
        num_samples=130,
        segmentation_fn=lambda picture: segments,
        random_seed=0,
    )
    expected = dict(theirs.local_exp[unit])
    explanation = explain(
        network,
        PICTURE,
        "lime",
        unit,
        seed=9,
        samples=130,
        segmentation=segmentation,
        pieces=pieces,
        colour=colour,
        draw="random",
    )
    assert count > 3 and max(map(abs, expected.values())) > 1e-3
    for piece in range(count):
        painted = explanation.attribution[segments == piece]
        assert np.ptp(painted) == 0
        np.testing.assert_allclose(painted[0], expected[piece], atol=1e-6)
    assert explanation.details["r2"] == pytest.approx(theirs.score, abs=1e-6)
    assert f"R² = {theirs.score:.2f} ({count} superpixels, 130 samples)" in explanation.notes[0]
    assert (
        explanation.attribution.shape == (40, 30, 1) and explanation.attribution.dtype == np.float32
    )


def test_a_linear_network_gives_what_each_superpixel_adds() -> None:
    import keras

    inputs = keras.Input(SHAPE)
    dense = keras.layers.Dense(3)
    network = Network(keras.Model(inputs, dense(keras.layers.Flatten()(inputs))), preprocess)
    weights = np.random.default_rng(2).normal(0, 0.02, (3600, 3))
    dense.set_weights([weights, np.array([1.0, 2.0, 3.0])])

    explanation = explain(network, PICTURE, "lime", 2, samples=4000, segmentation="slic")
    adds = weights[:, 2].reshape(SHAPE) * (PICTURE.astype(float) - 128) / 50
    segments = explanation.details["segments"]
    expected = np.array([adds[segments == k].sum() for k in range(segments.max() + 1)])
    # The ridge's penalty of 1 is small against some 400 of the data: weights shrink by 0.3 percent.
    np.testing.assert_allclose(
        explanation.details["weights"], expected, rtol=0.02, atol=0.005 * np.abs(expected).max()
    )
    assert explanation.details["r2"] > 0.999
    assert (explanation.heatmap() < 0).any() and (explanation.heatmap() > 0).any()
    assert "without softmax" in explanation.notes[-1]


def test_shown_are_the_top_superpixels_and_the_rest_is_grey(network: Network) -> None:
    explanation = explain(network, PICTURE, "lime", 1, samples=200, superpixels=3)
    segments, top = explanation.details["segments"], explanation.details["top"]
    order = np.argsort(-explanation.details["weights"])
    assert list(top) == list(order[:3]) and len(set(explanation.details["weights"])) > 3
    for piece in range(segments.max() + 1):
        pixels = explanation.details["shown"][segments == piece]
        expected = PICTURE[segments == piece] if piece in top else 128
        np.testing.assert_array_equal(pixels, np.broadcast_to(expected, pixels.shape))
    since = explanation.details["stable_since"]
    assert f"top 3 superpixels have not changed since sample {since} of 200" in explanation.notes[1]
    spread = np.median(explanation.details["spread"])
    assert (
        f"With another seed a weight would move by less than {spread:.2g}" in explanation.notes[2]
    )
    assert f"{len(explanation.details['steady'])} of the top 3 stay" in explanation.notes[2]
    tossed = explain(network, PICTURE, "lime", 1, samples=200, draw="random")
    assert "would move by about" in tossed.notes[2]


def test_the_seed_decides(network: Network) -> None:
    first, second, other = (
        explain(network, PICTURE, "lime", 1, seed=seed, samples=100).attribution
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-4


def test_hidden_superpixels_can_keep_their_mean_colour(network: Network) -> None:
    picture = np.random.default_rng(1).integers(0, 255, SHAPE).astype(np.uint8)
    explanation = explain(
        network, picture, "lime", 1, samples=60, segmentation="slic", colour="mean"
    )
    segments = explanation.details["segments"]
    flat = picture.astype(np.float64)
    for piece in range(segments.max() + 1):
        flat[segments == piece] = picture[segments == piece].mean(0)
    kept = draw(60, segments.max() + 1, seed=0, way="balanced")
    copies = [np.where(keep[segments][..., None] == 1, picture, flat) for keep in kept]
    scores = [network.outputs(preprocess(c)[None].astype(np.float32))[1][0, 1] for c in copies]
    expected = fit(kept, np.array(scores), 5).weights
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(explanation.details["weights"], expected, atol=1e-6)


def test_hidden_neurons_are_refused_and_told_of_occlusion(network: Network) -> None:
    with pytest.raises(UnsuitableError, match=r"output units only.*occlusion"):
        explain(network, PICTURE, "lime", Neuron("c", 1))
    by_layer = explain(network, PICTURE, "lime", Neuron("d", 2), samples=20)
    by_number = explain(network, PICTURE, "lime", 2, samples=20)
    np.testing.assert_array_equal(by_layer.attribution, by_number.attribution)
    best = explain(network, PICTURE, "lime", samples=10)
    assert best.neuron.unit == network.predict(PICTURE, 1)[0].unit


def test_an_input_given_as_floats_is_cut_like_its_picture(network: Network) -> None:
    from_picture = explain(network, PICTURE, "lime", 0, samples=30)
    floats = preprocess(PICTURE.astype(np.float32))
    from_floats = explain(network, floats, "lime", 0, samples=30)
    np.testing.assert_allclose(from_floats.attribution, from_picture.attribution, atol=1e-6)


def test_networks_that_answer_at_many_places() -> None:
    import keras

    inputs = keras.Input((20, 15, 3))
    answers = keras.layers.Conv2D(3, 5, strides=5, activation="softmax")(inputs)
    everywhere = Network(keras.Model(inputs, answers), preprocess)
    picture = PICTURE[::2, ::2]
    explanation = explain(everywhere, picture, "lime", Neuron(None, 2, position=(3, 1)), samples=50)
    one = Network(keras.Model(inputs, answers[:, 3, 1, :]), preprocess)
    expected = explain(one, picture, "lime", 2, samples=50)
    np.testing.assert_allclose(explanation.attribution, expected.attribution, atol=1e-6)
    average = Network(keras.Model(inputs, keras.ops.mean(answers, (1, 2))), preprocess)
    expected = explain(average, picture, "lime", 2, samples=50)
    explanation = explain(everywhere, picture, "lime", 2, samples=50)
    np.testing.assert_allclose(explanation.attribution, expected.attribution, atol=1e-6)


def test_progress_counts_the_samples(network: Network) -> None:
    seen: list[tuple[int, int]] = []
    explain(
        network,
        PICTURE,
        "lime",
        1,
        samples=150,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(0, 150), (64, 150), (128, 150), (150, 150)]


def test_the_answer_so_far_is_that_of_fewer_samples(network: Network) -> None:
    seen: list[Any] = []
    explanation = explain(
        network, PICTURE, "lime", 1, seed=4, samples=200, preview=lambda make: seen.append(make())
    )
    assert [one.parameters["samples"] for one in seen] == [64, 128, 192]
    assert explanation.parameters["samples"] == explanation.details["samples"] == 200
    for one in seen:
        again = explain(network, PICTURE, "lime", 1, seed=4, samples=one.parameters["samples"])
        np.testing.assert_array_equal(one.attribution, again.attribution)
        assert "200 were allowed" in one.notes[1]
        assert (one.notes[0], one.notes[2]) == (again.notes[0], again.notes[2])
        assert np.abs(one.attribution - explanation.attribution).max() > 1e-5
    kept: list[Any] = []  # what is looked at later is the same
    explain(network, PICTURE, "lime", 1, seed=4, samples=200, preview=kept.append)
    np.testing.assert_array_equal(kept[0]().attribution, seen[0].attribution)


def test_it_stops_when_the_top_has_not_changed_for_a_while(network: Network) -> None:
    asked = {"segmentation": "slic", "superpixels": 2, "samples": 2000}
    seen: list[Any] = []
    whole = explain(network, PICTURE, "lime", 1, preview=lambda make: seen.append(make()), **asked)
    looks = [(one.details["samples"], one.details["stable_since"]) for one in seen]
    assert [done for done, _ in looks] == [64, 128, 192, 256, 257, 513, 769, 1025, 1281, 1537]
    assert whole.details["samples"] == 1793 and whole.parameters["samples"] == 2000
    assert "since sample" in whole.notes[1] and "1793; of the 2000" in whole.notes[1]
    expected = next(done for done, since in looks if done - since >= 150)
    explanation = explain(network, PICTURE, "lime", 1, patience=150, **asked)
    assert explanation.details["samples"] == explanation.parameters["samples"] == expected
    assert f"of the {expected} that were drawn; 2000 were allowed" in explanation.notes[1]
    same = seen[[done for done, _ in looks].index(expected)]
    np.testing.assert_array_equal(explanation.attribution, same.attribution)


def test_a_round_that_is_not_whole_is_not_drawn(network: Network) -> None:
    seen: list[tuple[int, int]] = []
    explanation, whole = (
        explain(network, PICTURE, "lime", 1, samples=n, progress=lambda *at: seen.append(at))
        for n in (600, 513)
    )
    np.testing.assert_array_equal(explanation.attribution, whole.attribution)
    assert seen[-1] == (513, 513) and (257, 513) in seen
    fine = explain(network, PICTURE, "lime", 1, samples=300, pieces=40)
    assert len(fine.details["weights"]) > 16 and fine.details["samples"] == 300


def test_by_default_seeds_agree_better_than_with_tossed_coins(network: Network) -> None:
    def weights(way: str) -> np.ndarray:
        explanations = [
            explain(network, PICTURE, "lime", 1, seed=seed, samples=257, draw=way)
            for seed in range(8)
        ]
        assert all(one.details["samples"] == 257 for one in explanations)
        return np.array([one.details["weights"] for one in explanations])

    tossed, balanced = weights("random"), weights("balanced")
    assert np.abs(tossed.mean(0) - balanced.mean(0)).max() < 3 * tossed.std(0).max() / np.sqrt(8)
    assert balanced.std(0).mean() < 0.7 * tossed.std(0).mean()


def test_facts_name_the_method_for_hidden_neurons() -> None:
    assert Lime().facts()["neurons"] == "output" and Lime.signed


def test_a_sigmoid_is_said(network: Any) -> None:
    import keras

    inputs = keras.Input((20, 15, 3))
    outputs = keras.layers.Dense(2, activation="sigmoid")(keras.layers.Flatten()(inputs))
    explanation = explain(
        Network(keras.Model(inputs, outputs)), PICTURE[::2, ::2], "lime", 1, samples=10
    )
    assert "sigmoid" in explanation.notes[-1]


def test_nothing_is_ranked_where_hiding_changes_nothing(network: Network) -> None:
    grey = np.full(SHAPE, 128, np.uint8)
    explanation = explain(network, grey, method="lime", neuron=1, samples=60)
    np.testing.assert_array_equal(explanation.attribution, 0)
    assert explanation.details["top"] == () == explanation.details["steady"]
    assert any("covering it changes nothing" in note for note in explanation.notes)
    assert not any("superpixels have not changed" in note for note in explanation.notes)
    picture = grey.copy()
    picture[:, :10], picture[:, 20:] = (250, 0, 0), (0, 0, 250)
    explanation = explain(network, picture, method="lime", neuron=1, samples=60, pieces=3)
    segments = explanation.details["segments"]
    idle = segments[0, 15]
    assert (picture[segments == idle] == 128).all()
    assert explanation.details["weights"][idle] == 0 and idle not in explanation.details["top"]
    others = [weight for n, weight in enumerate(explanation.details["weights"]) if n != idle]
    assert len(others) == 2 and all(others)
    assert any("Hiding 1 superpixels changes nothing" in note for note in explanation.notes)


def test_a_score_that_does_not_change_is_not_ranked(network: Network) -> None:
    """A probability that rounds to one whatever is hidden: what is left is the last bit."""
    import keras

    inputs = keras.Input(SHAPE)
    x = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, keras.layers.Softmax()(x))
    model.set_weights([np.float32([[1e-3, 0]] * 3), np.float32([40, 0])])
    explanation = explain(Network(model), PICTURE, method="lime", neuron=0, samples=60)
    np.testing.assert_array_equal(explanation.attribution, 0)
    assert any("there is nothing to rank" in note for note in explanation.notes)
