"""The neuron's card with a made-up engine: what is asked, when, and when it is dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble
from explorer_answers import made_up
from pickers import message_from_page

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.neuron_card import Gallery, OneNeuron
from cnnvis_widgets.engine.requests import Explain
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.explorer_card import STEPS


def cards(engine: EngineDouble) -> list[Any]:
    return [r for r in engine.requests if isinstance(r, OneNeuron | Gallery)]


def hidden(explorer: Explorer, engine: EngineDouble, layer: str = "block1_conv") -> None:
    """A layer is chosen, and its most active neuron known."""
    explorer.layers.value = layer
    engine.answer("neurons")


def test_nothing_is_asked_before_a_hidden_neuron_is_chosen(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.predictions.value = 1
    engine.answer_all()
    assert cards(engine) == []
    assert explorer.card.layout.display == "none"
    explorer.layers.value = "block1_conv"
    assert cards(engine) == []
    engine.answer("neurons")
    names = tuple(record["name"] for record in explorer.pictures.pictures)
    assert cards(engine) == [
        OneNeuron("efficientnet_lite0", "cat", "block1_conv", 3),
        Gallery("efficientnet_lite0", "block1_conv", 3, names),
    ]
    assert explorer.card.layout.display == ""
    assert explorer.card.title == "unit 3 of block1_conv"
    assert set(explorer.card.progress) == {"activation", "gallery"}


def test_what_is_known_is_shown_and_what_fails_is_said_beside_it(
    explorer: Explorer, engine: EngineDouble
) -> None:
    hidden(explorer, engine)
    engine.answer("card activation")
    card = explorer.card
    assert (card.activation["peak"], card.activation["place"]) == (5.0, [1, 2])
    assert card.activation["size"] == [3, 4]
    assert card.activation["box"] == [1 / 6, 3 / 8, 1.0, 1.0]
    assert card.activation["map"].startswith("data:image/jpeg")
    assert [(p["label"], p["value"]) for p in card.pushes] == [("dog", 1.5)]
    assert [(p["label"], p["value"]) for p in card.holds_back] == [("cup", -0.5)]
    engine.answer("card gallery", error=InvalidValueError("No gallery today."))
    assert card.errors["gallery"] == "No gallery today."
    assert card.progress == {}
    assert explorer.view.error == ""


def test_another_neuron_drops_what_was_asked_and_another_picture_keeps_the_gallery(
    explorer: Explorer, engine: EngineDouble
) -> None:
    hidden(explorer, engine)
    engine.answer_all()
    assert [one["name"] for one in explorer.card.gallery] == ["coffee", "cat"]
    engine.requests.clear()
    explorer.methods.value = "saliency"  # another map of the same neuron on the same picture
    engine.answer_all()
    explorer.neurons.aggregate = "max"
    assert cards(engine) == []
    explorer.pictures.value = "coffee"
    engine.answer_all()
    assert cards(engine) == [OneNeuron("efficientnet_lite0", "coffee", "block1_conv", 3)]
    assert explorer.card.gallery
    engine.cancelled.clear()
    explorer.neurons.value = 5
    assert {"card activation", "card gallery", "card maximum"} <= set(engine.cancelled)
    assert explorer.card.gallery == []
    assert [type(r) for r in cards(engine)[1:]] == [OneNeuron, Gallery]
    explorer.layers.value = explorer.layers.layers[0]["name"]
    assert (explorer.card.title, explorer.card.layout.display) == ("", "none")
    engine.answer_all()
    assert explorer.card.activation == {}


def test_a_maximising_picture_is_made_when_it_is_wanted(
    explorer: Explorer, engine: EngineDouble
) -> None:
    card = explorer.card
    message_from_page(card, {"kind": "maximise"})
    hidden(explorer, engine)
    engine.answer_all()
    assert not [r for r in engine.requests if type(r) is Explain and "steps" in r.parameters]
    drawn = np.full((4, 5, 3), 200, np.uint8)
    engine.make = lambda request: made_up(request)._replace(heatmap=None, image=drawn, value=7.25)
    message_from_page(card, {"kind": "maximise"})
    asked = engine.waiting["card maximum"]
    assert asked.request == Explain(
        "efficientnet_lite0",
        "cat",
        "activation_maximization",
        Neuron("block1_conv", 3),
        0,
        {"steps": STEPS},
    )
    asked.progress(16, 64)
    assert card.progress == {"maximum": 0.25}
    asked.preview(engine.make(asked.request))
    assert card.words == "on its way"
    engine.answer("card maximum")
    assert card.maximum.startswith("data:image/jpeg")
    assert card.words == f"activation 7.25, summed; {STEPS} steps, seed 0"
    assert card.progress == {}
    message_from_page(card, {"kind": "maximise"})
    engine.cancelled.clear()
    message_from_page(card, {"kind": "stop", "what": "maximum"})
    assert engine.cancelled == ["card maximum"]
    assert card.progress == {}


def test_a_picture_of_the_gallery_can_be_chosen_and_no_other(
    explorer: Explorer, engine: EngineDouble
) -> None:
    hidden(explorer, engine)
    engine.answer_all()
    message_from_page(explorer.card, {"kind": "picture", "name": "cameraman"})
    message_from_page(explorer.card, {"kind": "stop", "what": "everything"})
    assert explorer.pictures.value == "cat"
    message_from_page(explorer.card, {"kind": "picture", "name": "coffee"})
    assert explorer.pictures.value == "coffee"
    engine.answer_all()
    assert explorer.neurons.value == 3  # the same neuron, on that picture
    explorer.pictures.pictures = explorer.pictures.pictures[:1]
    message_from_page(explorer.card, {"kind": "picture", "name": "coffee"})
    assert "coffee" in explorer.card.errors["gallery"]


def test_cancelling_all_leaves_nothing_under_way(explorer: Explorer, engine: EngineDouble) -> None:
    hidden(explorer, engine)
    assert explorer.card.progress
    explorer.cancel()
    assert explorer.card.progress == {}
    engine.requests.clear()
    explorer.neurons.aggregate = "max"
    assert len(cards(engine)) == 2  # asked again


def test_the_card_takes_nothing_from_the_page(explorer: Explorer) -> None:
    before = explorer.card.get_state()
    explorer.card.set_state(
        {"title": "x", "gallery": [], "activation": {"map": "x"}, "progress": {"a": 1}}
    )
    assert explorer.card.get_state() == before


@pytest.mark.parametrize("count", [1, 3, 7])
def test_the_wall_is_one_picture_with_a_cell_for_each_map(count: int) -> None:
    from io import BytesIO

    from PIL import Image

    from cnnvis_widgets.engine.requests import LayerView, NeuronMap
    from cnnvis_widgets.rendering import Scale, colorize
    from cnnvis_widgets.widgets.explorer.explorer_records import neuron_sheet

    maps = np.random.default_rng(count).random((count, 2, 5)).astype(np.float32)
    view = LayerView(9, (2, 5), tuple(NeuronMap(8 - n, 1.0, maps[n]) for n in range(count)))
    sheet = np.asarray(Image.open(BytesIO(neuron_sheet(view))))
    across = {1: 1, 3: 2, 7: 3}[count]
    assert sheet.shape == (2 * -(-count // across), 5 * across, 3)
    scale = Scale(0.0, float(maps.max()), "sequential")
    for number in range(count):
        row, column = 2 * (number // across), 5 * (number % across)
        cell = sheet[row : row + 2, column : column + 5]
        assert (cell == colorize(maps[number], scale)).all()
