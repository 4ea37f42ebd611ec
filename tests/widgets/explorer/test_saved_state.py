"""What a saved picture says of its map, and what an explorer makes of it when it is opened."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.requests import Explain
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.rendering import choose_colormap, lookup
from cnnvis_widgets.rendering.pictures import png_bytes
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.saved_state import parsed

UPLOAD = np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def opened(explorer: Explorer, text: str, picture: bytes = b"", name: str = "a.png") -> None:
    content = {"kind": "explanation", "id": 1, "filename": name, "text": text}
    explorer.pictures._handle_custom_msg(content, [memoryview(picture)])


def chosen(explorer: Explorer, engine: EngineDouble) -> str:
    """The state of a map of choices that are not those of the start."""
    explorer.pictures.value = "coffee"
    explorer.methods.value = "integrated_gradients"
    explorer.parameters.value = {**explorer.parameters.value, "steps": 7}
    explorer.predictions.value = 1
    engine.answer_all()
    return explorer.view.state


def test_a_state_says_all_that_is_needed(explorer: Explorer, engine: EngineDouble) -> None:
    state = json.loads(chosen(explorer, engine))
    assert state["link"] == explorer.link
    assert "picture=coffee" in state["link"]
    assert "steps" in state["link"]
    assert state["code"] == "code"
    assert state["shape"] == [6, 8]
    assert state["sha256"] == hashlib.sha256(np.full((6, 8), 2, "<f4").tobytes()).hexdigest()
    assert state["largest"] == 2
    assert state["versions"]["numpy"] == np.__version__
    assert state["own_picture"] is False


def test_an_opened_file_brings_everything_back_and_is_compared(
    explorer: Explorer, engine: EngineDouble
) -> None:
    state = chosen(explorer, engine)
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    opened(other, state)
    engine.answer_all()
    asked = [r for r in engine.requests if type(r) is Explain][-1]
    assert (asked.image, asked.method, asked.neuron) == (
        "coffee", "integrated_gradients", Neuron(None, 1)
    )  # fmt: skip
    assert asked.parameters["steps"] == 7
    assert other.view.notes[0].startswith("Reproduced: all 48 values are those of the file")
    assert other.view.state == state
    assert other.pictures.error == ""
    other.predictions.value = 2
    engine.answer_all()
    assert "Reproduced" not in " ".join(other.view.notes)


def test_a_map_that_is_another_one_is_told(explorer: Explorer, engine: EngineDouble) -> None:
    state = json.loads(chosen(explorer, engine))
    state |= {"sha256": "0" * 64, "largest": 2.5}
    state["versions"] |= {"tensorflow": "1.2.3"}
    opened(explorer, json.dumps(state).replace("2.5", "3"))  # a browser writes 3.0 so
    engine.answer_all()
    note = explorer.view.notes[0]
    assert note.startswith("Differs: the map is not that of the file (largest value 2, in the")
    assert "file 3)" in note
    assert "tensorflow 1.2.3, here" in note
    assert "numpy" not in note


def test_a_choice_meanwhile_is_not_compared(explorer: Explorer, engine: EngineDouble) -> None:
    state = chosen(explorer, engine)
    opened(explorer, state)
    explorer.methods.value = "saliency"
    engine.answer_all()
    assert explorer.view.notes == ["a note"]


def test_a_picture_of_ones_own_comes_back_with_its_file(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.pictures.add(UPLOAD, "mine.jpg")
    engine.answer_all()
    state = explorer.view.state
    assert json.loads(state)["own_picture"] is True
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    opened(other, state, png_bytes(UPLOAD), "saved.png")
    engine.answer_all()
    assert other.pictures.value == "upload-1"
    assert (other.pictures.uploads["upload-1"] == UPLOAD).all()
    assert other.view.notes[0].startswith("Reproduced")
    opened(other, state)
    assert "The picture that its map is of is not in it" in other.pictures.error


LOOK = {
    "mode": "contour",
    "opacity": 0.25,
    "blend": "value",
    "threshold": 0.4,
    "gray_picture": False,
    "split": 0.75,
    "colormap": "YlOrRd",
    "zoom": 3,
    "corner": [0.25, 0.5],
}
"""As a browser writes it."""


def test_a_file_brings_back_how_its_map_was_shown(
    explorer: Explorer, engine: EngineDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = json.loads(chosen(explorer, engine))
    sent: list[Any] = []
    monkeypatch.setattr(explorer.view, "send", sent.append)
    explorer.view.tool = "box"
    opened(explorer, json.dumps(state | {"look": LOOK}))
    engine.answer_all()
    assert explorer.pictures.error == ""
    view = explorer.view
    assert {name: getattr(view, name) for name in LOOK if name != "corner"} == {
        name: value for name, value in LOOK.items() if name != "corner"
    }
    assert view.lookup == lookup(choose_colormap(view.kind, "YlOrRd")).tobytes()
    assert sent == [{"kind": "corner", "corner": [0.25, 0.5]}]
    assert view.tool == "box"  # no part of what was saved
    first = {name: view.trait_defaults(name) for name in LOOK if name != "corner"}
    opened(explorer, json.dumps(state | {"look": {**first, "corner": [0, 0]}}))
    assert {name: getattr(view, name) for name in first} == first
    assert view.colormap == ""
    view.opacity = 0.5
    opened(explorer, json.dumps(state))  # an older file, which does not say
    assert view.opacity == 0.5
    engine.answer_all()
    assert view.notes[0].startswith("Reproduced")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"link": 3},
        {"sha256": None},
        {"shape": "6"},
        {"largest": "2"},
        {"versions": []},
        {"look": []},
        {"look": {"mode": "upside_down"}},
        {"look": {"opacity": 2}},
        {"look": {"threshold": [0]}},
        {"look": {"colormap": "jet"}},
        {"look": {"zoom": "4"}},
        {"look": {"zoom": 1e9}},
        {"look": {"corner": [0.5]}},
        {"look": {"corner": [0.5, -1]}},
    ],
)
def test_what_no_explorer_writes_is_refused(
    explorer: Explorer, engine: EngineDouble, change: dict[str, Any]
) -> None:
    state = json.loads(chosen(explorer, engine))
    before = explorer.link
    opened(explorer, json.dumps(state | change))
    assert explorer.pictures.error.startswith("a.png cannot be used. ")
    assert explorer.link == before


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 5000, "x" * 200_000])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(FileError):
        parsed(text)


def test_a_network_that_is_not_here_is_refused(explorer: Explorer, engine: EngineDouble) -> None:
    state = json.loads(chosen(explorer, engine))
    link = state["link"].replace("efficientnet_lite0", "mine")
    opened(explorer, json.dumps(state | {"link": link}))
    assert "mine" in explorer.pictures.error
    rest = state["link"].split("&", 1)[1]
    opened(explorer, json.dumps(state | {"link": rest, "network": "your network (x)"}))
    assert "'your network (x)'" in explorer.pictures.error
