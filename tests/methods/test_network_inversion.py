"""Network inversion: its error recomputed, at any layer of any network, and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.methods.network_inversion import MOST_FRAMES, frame_steps

SHAPE = (14, 11, 3)
PICTURE = np.random.default_rng(6).integers(0, 256, (*SHAPE[:2], 3), dtype=np.uint8)


def network(channels: int = 3, preprocess: Any = lambda p: p / 127.5 - 1) -> Any:
    import keras

    from cnnvis_widgets.backend.network import Network

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((*SHAPE[:2], channels)),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(name="p1"),
            layers.Conv2D(7, 3, padding="same", activation="relu", name="c2"),
            layers.Flatten(name="flat"),
            layers.Dense(8, activation="relu", name="d1"),
            layers.Dense(4, activation="softmax", name="classes"),
        ],
        name="own",
    )
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, 0.35, w.shape) for w in model.get_weights()]
    weights[-2] *= 0.1  # so that the softmax is not saturated
    model.set_weights(weights)
    return Network(model, preprocess)


@pytest.fixture(scope="module")
def own() -> Any:
    return network()


def error_of(net: Any, image: np.ndarray, layer: str, picture: Any = PICTURE) -> float:
    wanted, code = (net.activations(p, layer).ravel().tolist() for p in (picture, image))
    lost = sum((f - w) ** 2 for f, w in zip(code, wanted, strict=True))
    return lost / sum(w**2 for w in wanted)


@pytest.mark.parametrize("layer", ["c1", "p1", "c2", "flat", "d1", "classes"])
def test_the_error_is_that_of_the_finished_picture(own: Any, layer: str) -> None:
    explanation = explain(own, PICTURE, "network_inversion", layer=layer, steps=60, step_size=0.06)
    assert explanation.image.shape == SHAPE and explanation.image.dtype == np.uint8
    assert explanation.attribution is None and explanation.layer == layer
    wanted = error_of(own, explanation.image, layer)
    assert explanation.details["relative_error"] == pytest.approx(wanted, rel=1e-4)
    assert explanation.curve.values[-1] == explanation.details["relative_error"]
    assert wanted < 0.5 * explanation.curve.values[0]
    assert explanation.curve.steps == tuple(range(61)) and len(explanation.curve.values) == 61
    assert f"after 60 steps: {wanted:.3g}" in explanation.notes[0]
    assert explanation.details["value_on_the_image"] == pytest.approx(
        float(
            own.outputs(own.prepare(explanation.image).input[None])[0][0, explanation.neuron.unit]
        ),
        rel=1e-4,
    )


def test_an_early_layer_gives_the_picture_back(own: Any) -> None:
    """As far as it is in it: of six units a place, those that are zero say little."""
    explanation = explain(own, PICTURE, "network_inversion", layer="c1", steps=200, tv_weight=0.0)
    off = np.abs(explanation.image.astype(int) - PICTURE).mean()
    noise = np.abs(explanation.details["frames"][0].astype(int) - PICTURE).mean()
    assert off < 0.4 * noise


def test_frames_show_the_way(own: Any) -> None:
    explanation = explain(own, PICTURE, "network_inversion", steps=50)
    frames, steps = explanation.details["frames"], explanation.details["frame_steps"]
    assert frames.dtype == np.uint8 and frames.shape == (len(steps), *SHAPE)
    assert steps[0] == 0 and steps[-1] == 50 and list(steps) == sorted(set(steps))
    np.testing.assert_array_equal(frames[-1], explanation.image)
    middle = len(steps) // 2
    again = explain(own, PICTURE, "network_inversion", steps=steps[middle])
    np.testing.assert_array_equal(again.image, frames[middle])


@pytest.mark.parametrize("steps", [1, 2, 23, 24, 200, 5000])
def test_at_most_so_many_frames(steps: int) -> None:
    frames = frame_steps(steps)
    assert {0, steps} <= frames <= set(range(steps + 1))
    assert min(steps + 1, 12) <= len(frames) <= MOST_FRAMES or steps < 12


def test_the_neuron_chooses_the_layer(own: Any) -> None:
    def made(neuron: Any, **options: Any) -> Any:
        return explain(own, PICTURE, "network_inversion", neuron, steps=3, **options)

    hidden = made(("c1", 2))
    assert hidden.layer == "c1" and "any of its 6 neurons" in hidden.notes[-1]
    np.testing.assert_array_equal(made(Neuron("c1", 5, "max")).image, hidden.image)
    automatic = made(None)
    assert automatic.layer == own.last_convolution(None) == "c2"
    for neuron in (0, 3, ("classes", 1)):  # an output unit is no wish for a layer
        np.testing.assert_array_equal(made(neuron).image, automatic.image)
    assert made(("c1", 2), layer="d1").layer == "d1"
    assert made(2).value == pytest.approx(
        float(own.outputs(own.prepare(PICTURE).input[None])[0][0, 2]), rel=1e-4
    )
    with pytest.raises(UnknownNameError, match=r"'c11'.*Did you mean 'c1'"):
        made(None, layer="c11")


def test_greyscale_and_a_preprocessing_that_is_not_affine() -> None:
    grey = network(1)
    explanation = explain(grey, PICTURE, "network_inversion", layer="c1", steps=80)
    assert (explanation.image == explanation.image[..., :1]).all()
    wanted = error_of(grey, explanation.image, "c1")
    assert explanation.details["relative_error"] == pytest.approx(wanted, rel=1e-4)
    assert wanted < 0.2
    assert not any("preprocessing" in note for note in explanation.notes)

    own = network(preprocess=lambda p: (p - p.mean()) / (p.std() + 1))
    explanation = explain(own, PICTURE, "network_inversion", layer="c1", steps=80)
    wanted = error_of(own, explanation.image, "c1")
    assert explanation.details["relative_error"] == pytest.approx(wanted, rel=1e-4)
    assert any("preprocessing" in note for note in explanation.notes)


@pytest.mark.parametrize("name", ["relu6", "nested_twice", "every_form"])
def test_layers_of_other_networks(twins: Any, name: str) -> None:
    _, net = twins(name)
    picture = np.random.default_rng(1).normal(0, 1, net.input_shape).astype(np.float32)
    for info in net.layers[-1 :: -max(1, len(net.layers) // 3)]:  # the last is dense
        explanation = explain(net, picture, "network_inversion", layer=info.name, steps=2)
        wanted = error_of(net, explanation.image, info.name, picture)
        assert explanation.details["relative_error"] == pytest.approx(wanted, rel=1e-3), info.name


def test_a_code_of_zeros_is_refused(own: Any) -> None:
    dead = network()
    weights = dead.model.get_weights()
    weights[0], weights[1] = weights[0] * 0, weights[1] * 0 - 1
    dead.model.set_weights(weights)
    with pytest.raises(UnsuitableError, match="Every activation of 'c1' is zero"):
        explain(dead, PICTURE, "network_inversion", layer="c1")


def test_an_overflow_is_told(own: Any) -> None:
    large = own.prepare(PICTURE).input * np.float32(1e30)
    with pytest.raises(InvalidValueError, match=r"'c1' is .* at step 1"):
        explain(own, large, "network_inversion", layer="c1")


def test_a_photograph_comes_back(default_network: Any, cat: np.ndarray) -> None:
    """EfficientNet-Lite0's second block knows nearly all of the picture."""
    explanation = explain(
        default_network, cat, "network_inversion", layer="block2b_add", steps=60, step_size=0.05
    )
    assert explanation.details["relative_error"] < 0.2
    pair = [p.astype(float).ravel() for p in (explanation.image, explanation.picture)]
    assert np.corrcoef(*pair)[0, 1] > 0.8
