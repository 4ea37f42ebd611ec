"""The fewest superpixels that keep a class first, against all sets that there are."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import seeded
from cnnvis_widgets.engine.fewest import FewestSuperpixels
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.engine.shared.serialization import (
    REMOTE_REQUESTS,
    Level,
    deserialize,
    level_of,
    serialize,
)
from cnnvis_widgets.engine.touch import pieces_of
from cnnvis_widgets.errors import Cancelled, InvalidValueError

ROWS, COLUMNS, UNITS = 18, 14, 7


def picture(seed: int) -> np.ndarray:
    """Large even regions, so that there are few superpixels."""
    colours = np.random.default_rng(seed).integers(0, 256, (3, 2, 3))
    return np.kron(colours, np.ones((6, 7, 1))).astype(np.uint8)


def make() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Conv2D(5, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(UNITS, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def library() -> Library:
    made = Library()
    made.add("net", Network(seeded(make, 4), name="net"))
    return made


def ask(request: Any, library: Library) -> Any:
    return request.perform(library, lambda done, total: None)


def first(image: np.ndarray, kept: tuple[int, ...], model: keras.Model) -> int:
    """The class of a picture with these pieces, by Keras itself, pixel by pixel."""
    pieces, shown = pieces_of(image), np.full_like(image, 128)
    for row in range(ROWS):
        for column in range(COLUMNS):
            if pieces[row, column] in kept:
                shown[row, column] = image[row, column]
    return int(np.argmax(np.asarray(model(shown[None].astype(np.float32)))))


def smallest(image: np.ndarray, unit: int, model: keras.Model) -> int:
    """How many pieces suffice, of all sets that there are, the small ones first."""
    everything = range(int(pieces_of(image).max()) + 1)
    for size in range(len(everything) + 1):
        for kept in itertools.combinations(everything, size):
            if first(image, kept, model) == unit:
                return size
    raise AssertionError("the whole picture is one of the sets")


SEEDS = (0, 1, 2, 3, 4, 5, 6, 7)


def test_each_of_what_is_left_is_needed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    network = library.network("net")
    predict, calls, sizes = network.predict, [], []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return predict(*arguments)

    monkeypatch.setattr(network, "predict", counted)
    for seed in SEEDS:
        image = picture(seed)
        everything = set(range(int(pieces_of(image).max()) + 1))
        unit = first(image, tuple(everything), network.model)
        calls.clear()
        request = FewestSuperpixels("net", image, "gradient_input", Neuron(None, unit))
        found = ask(request, library)
        assert found.evaluations == len(calls)  # exactly: each set is asked about once
        assert sorted(found.kept + found.off) == sorted(everything)
        assert first(image, found.kept, network.model) == unit
        for one in found.kept:
            fewer = tuple(k for k in found.kept if k != one)
            assert first(image, fewer, network.model) != unit
        least = smallest(image, unit, network.model) if len(found.kept) <= 2 else 1
        assert least <= len(found.kept) <= found.greedy <= len(everything)
        assert found.label == f"unit {unit}"
        sizes.append(len(found.kept))
    assert max(sizes) >= 1, "pictures that a grey one is told from"


def red(library: Library) -> np.ndarray:
    """A network that only sees how red a picture is, and a picture with some red."""
    model = keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 3)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    model.layers[-1].set_weights([np.float32([[1, -1], [0, 0], [0, 0]]), np.float32([-0.02, 0.02])])
    library.add("red", Network(model, lambda pixels: (pixels - 128) / 255, name="red"))
    image = np.full((ROWS, COLUMNS, 3), 60, np.uint8)
    image[..., 0] = 100
    image[:6, :7] = (255, 0, 0)
    image[6:12, 7:] = (200, 90, 0)
    return image


def test_where_the_map_is_right_the_first_piece_suffices(library: Library) -> None:
    image = red(library)
    pieces = pieces_of(image)
    redness = (image[..., 0].astype(float) - 128) / 255
    sums = [redness[pieces == number].sum() for number in range(pieces.max() + 1)]
    best = int(np.argmax(sums))
    found = ask(FewestSuperpixels("red", image, "gradient_input", Neuron(None, 0)), library)
    assert (found.kept, found.greedy) == ((best,), 1)
    # The whole picture, a grey one, and one with this piece; that it is needed the grey one says.
    assert found.evaluations == 3
    assert found.score == pytest.approx(max(sums) / (ROWS * COLUMNS) - 0.02, rel=1e-4)


def test_what_the_grey_picture_is_taken_for_needs_no_piece(library: Library) -> None:
    image = red(library)
    image[..., 0] = 60  # no red: what bias alone says
    found = ask(FewestSuperpixels("red", image, "gradient_input"), library)
    assert (found.kept, found.greedy, found.evaluations) == ((), 0, 2)


def test_a_class_that_is_not_first_is_refused(library: Library) -> None:
    image, model = picture(1), library.network("net").model
    unit = first(image, tuple(range(30)), model)
    other = (unit + 1) % UNITS
    with pytest.raises(InvalidValueError, match=f"unit {other} is not first .* unit {unit} is"):
        ask(FewestSuperpixels("net", image, "saliency", Neuron(None, other)), library)


def test_it_can_be_stopped(library: Library) -> None:
    asked: list[int] = []

    def step(done: int, total: int) -> None:
        if total > 3:  # of the search, not of the map
            asked.append(done)
        if asked == [0, 1]:
            raise Cancelled

    with pytest.raises(Cancelled):
        FewestSuperpixels("red", red(library), "gradient_input").perform(library, step)


def test_it_is_asked_of_either_engine() -> None:
    request = FewestSuperpixels("mini_vgg", picture(2), "grad_cam")
    assert isinstance(request, REMOTE_REQUESTS)
    assert level_of(request) == Level.LONG
    serialized = serialize(request)
    again = deserialize(serialized.data, serialized.pictures.__getitem__)
    assert type(again) is FewestSuperpixels
    assert (again.image == request.image).all()
