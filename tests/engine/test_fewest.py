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
from cnnvis_widgets.engine.shared.parcels import TRAVELLING, Level, level_of, pack, unpack
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


@pytest.mark.parametrize("seed", range(8))
def test_each_of_what_is_left_is_needed(library: Library, seed: int) -> None:
    image, model = picture(seed), library.network("net").model
    count = int(pieces_of(image).max()) + 1
    everything = tuple(range(count))
    unit = first(image, everything, model)
    asked: list[int] = []
    request = FewestSuperpixels("net", image, "gradient_input", Neuron(None, unit))
    found = request.perform(library, lambda done, total: asked.append(done))
    assert sorted(found.kept + found.off) == list(everything)
    assert first(image, found.kept, model) == unit
    for one in found.kept:
        assert first(image, tuple(k for k in found.kept if k != one), model) != unit
    every = itertools.chain.from_iterable(
        itertools.combinations(everything, size) for size in range(count + 1)
    )
    smallest = next(len(kept) for kept in every if first(image, kept, model) == unit)
    assert smallest <= len(found.kept) <= found.greedy <= count
    assert found.evaluations <= 2**count
    assert found.label == f"unit {unit}"


def test_the_search_finds_what_all_sets_say_where_the_map_is_right(library: Library) -> None:
    """A network that only sees how red a picture is: the reddest piece suffices."""
    model = keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 3)),
            keras.layers.Lambda(lambda x: (x - 128.0) / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    model.layers[-1].set_weights([np.float32([[1, -1], [0, 0], [0, 0]]), np.float32([-0.02, 0.02])])
    library.add("red", Network(model, name="red"))
    image = np.full((ROWS, COLUMNS, 3), 60, np.uint8)
    image[..., 0] = 128
    image[:6, :7] = (255, 0, 0)  # alone: 0.5 · 42 / 252 = 0.083 in the mean
    image[6:12, 7:] = (200, 90, 0)
    image[12:, :7] = (20, 200, 40)
    request = FewestSuperpixels("red", image, "gradient_input", Neuron(None, 0))
    found = ask(request, library)
    assert found.kept == (int(pieces_of(image)[0, 0]),)
    # The whole picture, none, and the reddest; without which it is not first.
    assert found.evaluations == 3
    assert found.score == pytest.approx((127 / 255) * 42 / 252 - 0.02, rel=1e-4)


def test_its_evaluations_are_counted_exactly(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, calls = library.network("net"), []
    predict = network.predict

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return predict(*arguments)

    monkeypatch.setattr(network, "predict", counted)
    found = ask(FewestSuperpixels("net", picture(3), "saliency"), library)
    assert found.evaluations == len(calls) > 2


def test_a_class_that_is_not_first_is_refused(library: Library) -> None:
    image, model = picture(1), library.network("net").model
    unit = first(image, tuple(range(30)), model)
    other = (unit + 1) % UNITS
    with pytest.raises(InvalidValueError, match=f"unit {other} is not first .* unit {unit} is"):
        ask(FewestSuperpixels("net", image, "saliency", Neuron(None, other)), library)


def test_it_can_be_stopped(library: Library) -> None:
    def step(done: int, total: int) -> None:
        if done == 2 and total != 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        FewestSuperpixels("net", picture(5), "saliency").perform(library, step)


def test_it_is_asked_of_either_engine() -> None:
    request = FewestSuperpixels("mini_vgg", picture(2), "grad_cam")
    assert isinstance(request, TRAVELLING)
    assert level_of(request) == Level.LONG
    parcel = pack(request)
    again = unpack(parcel.data, parcel.pictures.__getitem__)
    assert type(again) is FewestSuperpixels
    assert (again.image == request.image).all()
