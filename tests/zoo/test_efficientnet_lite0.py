"""The default network: what it says of the ten pictures, and its architecture as published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.efficientnet_lite import parameters

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo.images import images, load_image, picture

# What was measured with the published weights; the file's name in its package, class, probability.
ANSWERS = {
    "chelsea": {"Egyptian cat": 0.38, "tiger cat": 0.33},
    "coffee": {"espresso": 0.94},
    "camera": {"tripod": 0.95},
    "rocket": {"missile": 0.22},
    "motorcycle_left": {"moped": 0.72},
    # A silhouette's probability hangs on how its edge is smoothed: black and white alone give 0.26.
    "horse": {"Great Dane": 0.17},
    "astronaut": {"bobsled": 0.20},
    "grace_hopper": {"military uniform": 0.39},
    "china": {"palace": 0.30},
    "flower": {"daisy": 0.23},
}


BLOCKS = [(1, 3, 1, 32, 16), (2, 3, 6, 16, 24), (2, 5, 6, 24, 40), (3, 3, 6, 40, 80),
          (3, 5, 6, 80, 112), (4, 5, 6, 112, 192), (1, 3, 6, 192, 320)]  # fmt: skip


def test_answers_on_the_ten_pictures(default_network: Any) -> None:
    seen = set()
    for name in images():
        stem = picture(name).path.stem
        known = ANSWERS[stem]
        predictions = {
            p.label: p for p in default_network.predict(load_image(name), top=len(known))
        }
        assert set(predictions) == set(known), name
        for label, score in known.items():
            assert predictions[label].score == pytest.approx(score, abs=0.01), (name, label)
        first = max(predictions.values(), key=lambda p: p.score)
        assert picture(name).answer == first.unit
        assert picture(name).score == pytest.approx(first.score, abs=0.01)
        seen.add(stem)
    assert seen == set(ANSWERS)


def test_the_architecture_is_the_published_one(default_network: Any) -> None:
    layers = {info.name: info for info in default_network.layers}
    assert default_network.model.count_params() == parameters(BLOCKS)
    kinds = [info.kind for info in default_network.layers]
    assert kinds.count("DepthwiseConv2D") == 1 + 2 + 2 + 3 + 3 + 4 + 1
    assert kinds.count("Add") == 0 + 1 + 1 + 2 + 2 + 3 + 0
    assert kinds.count("ReLU") == 1 + 1 + 2 * 15 + 1
    expected = {
        "stem_activation": (112, 112, 32),
        "block1a_project_bn": (112, 112, 16),
        "block2b_add": (56, 56, 24),
        "block3b_add": (28, 28, 40),
        "block4c_add": (14, 14, 80),
        "block5c_add": (14, 14, 112),
        "block6d_add": (7, 7, 192),
        "block7a_project_bn": (7, 7, 320),
        "top_activation": (7, 7, 1280),
        "predictions": (1000,),
    }
    assert {name: layers[name].output_shape for name in expected} == expected
    assert default_network.last_convolution(None) == "top_activation"
    coverage = default_network.coverage(None, "guided")
    assert coverage.complete
    assert "guided rule at 33 ReLUs" in coverage.treated["ReLU"]
    low, high = default_network.bounds
    assert (low.min(), high.max()) == (pytest.approx(-127 / 128), pytest.approx(1.0))


def test_its_relu6_is_saturated_on_a_real_picture(default_network: Any, cat: np.ndarray) -> None:
    """Else the tests of ReLU6 would be about nothing that happens."""
    stem = default_network.activations(cat, "stem_activation")
    assert stem.max() == 6
    assert (stem == 6).mean() > 0.001


def test_tensors_of_another_network_are_refused() -> None:
    import keras

    from cnnvis_widgets.zoo.efficientnet_lite import assign

    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="dense")(keras.layers.Flatten()(x)))
    state = {
        "conv.weight": np.zeros((4, 3, 3, 3), np.float32),
        "bn.num_batches_tracked": np.array(3),
        "dense.weight": np.zeros((2, 144), np.float32),
        "dense.bias": np.ones(2, np.float32),
    }
    assign(model, state)
    assert model.get_weights()[-1].tolist() == [1, 1]
    with pytest.raises(FileError, match=r"Expected 3 tensors.*got 2"):
        assign(model, {k: v for k, v in state.items() if k != "dense.bias"})
    with pytest.raises(FileError, match=r"conv.*\(3, 3, 3, 5\)"):
        assign(model, {**state, "conv.weight": np.zeros((5, 3, 3, 3), np.float32)})
