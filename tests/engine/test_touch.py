"""What a touch of the picture is answered: covered parts, receptive fields, deletion curves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import seeded
from cnnvis_widgets.engine.requests import Explain, Library
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels, pieces_of
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

ROWS, COLUMNS = 18, 14
RANDOM = np.random.default_rng(6)
# Large even regions, so that there are superpixels.
PICTURE = np.kron(RANDOM.integers(0, 256, (3, 2, 3)), np.ones((6, 7, 1))).astype(np.uint8)


def make() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, strides=2, activation="relu", name="c1"),
            layers.Conv2D(5, 3, activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(7, activation="softmax", name="head"),
        ]
    )


@pytest.fixture(scope="module")
def library() -> Library:
    made = Library()
    made.add("net", Network(seeded(make, 2), name="net"))
    return made


def ask(request: Any, library: Library) -> Any:
    return request.perform(library, lambda done, total: None)


def probabilities(picture: np.ndarray, library: Library) -> np.ndarray:
    model = library.network("net").model
    return np.asarray(model(picture[None].astype(np.float32), training=False))[0]


def test_covered_boxes_are_grey_and_the_rest_is_as_it_was(library: Library) -> None:
    boxes = ((2, 3, 6, 9), (-4, 10, 3, 40))
    by_hand = PICTURE.copy()
    for row in range(ROWS):
        for column in range(COLUMNS):
            if (2 <= row < 6 and 3 <= column < 9) or (row < 3 and column >= 10):
                by_hand[row, column] = 128
    answers = ask(Occlude("net", PICTURE, boxes, units=(0, 4)), library)
    scores = probabilities(by_hand, library)
    best = int(scores.argmax())
    assert {p.unit for p in answers.predictions} == {0, 4, best}
    assert answers.predictions[0].unit == best
    for prediction in answers.predictions:
        assert prediction.score == pytest.approx(float(scores[prediction.unit]), abs=1e-5)
    assert answers.share == pytest.approx((4 * 6 + 3 * 4) / (ROWS * COLUMNS))
    assert answers.value is None
    assert PICTURE[2, 3].tolist() != [128] * 3  # the caller's picture stays


def test_superpixels_go_and_the_neurons_activation_follows(library: Library) -> None:
    pieces = ask(Superpixels("net", PICTURE), library)
    assert (pieces.dtype, pieces.shape) == (np.int16, (ROWS, COLUMNS))
    assert sorted(set(pieces.ravel().tolist())) == list(range(pieces.max() + 1))
    assert pieces.max() >= 1
    neuron = Neuron("c1", 2, "mean")
    answers = ask(Occlude("net", PICTURE, off=(1, 0), neuron=neuron), library)
    by_hand = PICTURE.copy()
    by_hand[(pieces == 0) | (pieces == 1)] = 128
    network = library.network("net")
    expected = network.activations(by_hand, "c1")[..., 2].mean()
    assert answers.value == pytest.approx(float(expected), rel=1e-4)
    assert answers.share == pytest.approx(float(np.mean(pieces < 2)))
    with pytest.raises(InvalidValueError, match="Superpixels are numbered 0 to"):
        ask(Occlude("net", PICTURE, off=(int(pieces.max()) + 1,)), library)
    assert (pieces_of(PICTURE) == pieces).all()


def test_a_position_sees_what_changes_it(library: Library) -> None:
    """The receptive field, found by changing one pixel after the other."""
    seen = ask(Fields("net", "c2"), library)
    network, at = library.network("net"), (2, 1)
    assert seen.places == network.activations(PICTURE, "c2").shape[:2]
    assert seen.picture == (ROWS, COLUMNS)
    weights = network.model.get_weights()
    try:  # positive weights, so that no ReLU hides a pixel
        network.model.set_weights([np.abs(w) + 0.01 for w in weights])
        before = network.activations(PICTURE, "c2")[at]
        moved = np.zeros((ROWS, COLUMNS), bool)
        for row in range(ROWS):
            for column in range(COLUMNS):
                other = PICTURE.copy()
                other[row, column] ^= 255
                moved[row, column] = (network.activations(other, "c2")[at] != before).any()
    finally:
        network.model.set_weights(weights)
    top, left, bottom, right = seen.field.box(*at, seen.picture)
    assert moved[top:bottom, left:right].all()
    assert moved.sum() == (bottom - top) * (right - left)


def test_what_has_no_rows_has_no_positions(library: Library) -> None:
    assert ask(Fields("net", "pool"), library).places == ()
    with pytest.raises(UnknownNameError, match="c3"):
        ask(Fields("net", "c3"), library)


def test_the_curve_is_the_answer_while_the_largest_values_go(library: Library) -> None:
    request = ("net", PICTURE, "gradient_input", Neuron(None, 3))
    deletion = ask(DeletionCurve(*request), library)
    heatmap = Explain(*request).explanation(library, lambda done, total: None).heatmap()
    assert deletion.of == "probability"
    assert len(deletion.shares) == len(deletion.values) == len(deletion.chance) == 29
    flat, checked = heatmap.ravel(), 0
    order = np.argsort(-flat, kind="stable")
    for step in range(29):
        count = round(step * flat.size / 28)
        if 0 < count < flat.size and flat[order[count - 1]] == flat[order[count]]:
            continue  # which of several equal ones goes is drawn
        picture = PICTURE.reshape(-1, 3).copy()
        picture[order[:count]] = 128
        score = probabilities(picture.reshape(PICTURE.shape), library)[3]
        assert deletion.values[step] == pytest.approx(float(score), abs=1e-5)
        checked += 1
    assert checked > 10
    assert deletion.chance[0] == deletion.values[0]
    assert deletion.chance[-1] == pytest.approx(deletion.values[-1])
    assert deletion.areas[0] == pytest.approx(np.trapezoid(deletion.values, dx=1 / 28))
    assert deletion.areas[1] == pytest.approx(np.trapezoid(deletion.chance, dx=1 / 28))


def test_below_the_output_the_curve_is_of_the_activation(library: Library) -> None:
    network = library.network("net")
    means = network.activations(PICTURE, "c1").mean((0, 1))
    unit = int(means.argmax())
    deletion = ask(DeletionCurve("net", PICTURE, "saliency", Neuron("c1", unit)), library)
    assert (deletion.of, deletion.values[0]) == ("activation", 1)
    grey = network.activations(np.full_like(PICTURE, 128), "c1")[..., unit].mean()
    assert deletion.values[-1] == pytest.approx(float(grey / means[unit]), rel=1e-4)


def test_a_map_without_an_order_is_refused(library: Library) -> None:
    network = library.network("net")
    weights = network.model.get_weights()
    try:
        network.model.set_weights([0 * w for w in weights])
        with pytest.raises(InvalidValueError, match="order of its pixels"):
            ask(DeletionCurve("net", PICTURE, "saliency", Neuron(None, 6)), library)
    finally:
        network.model.set_weights(weights)
