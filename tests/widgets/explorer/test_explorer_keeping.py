"""Maps that an explorer keeps, brings back and saves as a page."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.requests import Explain, ExplainAgain
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering import lookup
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.explorer_keeping import MOST_KEPT
from cnnvis_widgets.widgets.explorer.explorer_state import choices

UPLOAD = np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def press(explorer: Explorer, kind: str) -> None:
    explorer.view._handle_custom_msg({"kind": kind}, [])


def row(explorer: Explorer, kind: str, name: str) -> None:
    explorer.kept._handle_custom_msg({"kind": kind, "name": name}, [])


def names(explorer: Explorer) -> list[str]:
    return [entry["name"] for entry in explorer.kept.entries]


def choose(explorer: Explorer, engine: EngineDouble, method: str, unit: int) -> None:
    explorer.methods.value = method
    explorer.predictions.value = unit
    engine.answer_all()


def asked(engine: EngineDouble) -> Explain:
    return [r for r in engine.requests if type(r) is Explain][-1]


@pytest.fixture
def files(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], str]]:
    """What the view sends to its page as files."""
    sent: list[tuple[dict[str, Any], str]] = []
    monkeypatch.setattr(
        explorer.view, "send", lambda content, buffers: sent.append((content, buffers[0].decode()))
    )
    return sent


def held(text: str) -> list[dict[str, Any]]:
    data = re.search(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert data
    maps: list[dict[str, Any]] = json.loads(data[1])["maps"]
    return maps


def test_a_kept_map_brings_its_settings_back(explorer: Explorer, engine: EngineDouble) -> None:
    choose(explorer, engine, "integrated_gradients", 1)
    explorer.parameters.value = {**explorer.parameters.value, "steps": 7}
    engine.answer_all()
    press(explorer, "keep")
    assert names(explorer) == ["kept-1"]
    assert explorer.kept.value == "kept-1"
    assert explorer.kept.label == f"Kept maps (1 of {MOST_KEPT})"
    link = choices(explorer)
    explorer.pictures.value = "coffee"
    choose(explorer, engine, "saliency", 0)
    assert explorer.kept.value == ""
    press(explorer, "keep")
    row(explorer, "show", "kept-1")
    assert explorer.kept.value == "kept-1"
    engine.answer_all()
    request = asked(engine)
    assert (request.method, request.image, request.parameters["steps"]) == (
        "integrated_gradients", "cat", 7
    )  # fmt: skip
    assert request.neuron.unit == 1  # type: ignore[union-attr]
    assert choices(explorer) == link
    assert (explorer.kept.value, names(explorer)) == ("kept-1", ["kept-1", "kept-2"])


def test_a_kept_map_brings_its_seed_back(explorer: Explorer, engine: EngineDouble) -> None:
    choose(explorer, engine, "smoothgrad", 1)
    explorer.parameters.value = {**explorer.parameters.value, "seed": 7}
    engine.answer_all()
    press(explorer, "keep")
    choose(explorer, engine, "saliency", 0)
    row(explorer, "show", "kept-1")
    engine.answer_all()
    assert (asked(engine).method, asked(engine).seed) == ("smoothgrad", 7)
    assert "seed" not in asked(engine).parameters


def test_another_look_is_not_another_map(explorer: Explorer, engine: EngineDouble) -> None:
    press(explorer, "keep")
    explorer.view.opacity = 0.3
    choose(explorer, engine, "saliency", 0)
    choose(explorer, engine, "grad_cam", 0)
    first = explorer.link
    press(explorer, "keep")
    explorer.view.opacity = 0.9
    explorer.methods.value = "saliency"
    engine.answer_all()
    explorer.methods.value = "grad_cam"
    engine.answer_all()
    assert explorer.link != first
    before = names(explorer)
    press(explorer, "keep")
    assert names(explorer) == before
    assert "opacity" not in explorer.view.state


def test_the_class_that_nobody_chose_is_not_chosen_by_coming_back(
    explorer: Explorer, engine: EngineDouble
) -> None:
    press(explorer, "keep")
    assert "neuron=" not in explorer.link
    explorer.methods.value = "saliency"
    engine.answer_all()
    row(explorer, "show", "kept-1")
    engine.answer_all()
    assert "neuron=" not in explorer.link


def test_a_map_of_a_picture_of_ones_own_comes_back(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.pictures.add(UPLOAD, "mine.jpg")
    engine.answer_all()
    press(explorer, "keep")
    for shift in range(5):  # four uploads are offered: the first one is gone by now
        explorer.pictures.add(np.roll(UPLOAD, shift + 1, axis=0), "other.jpg")
        engine.answer_all()
    row(explorer, "show", "kept-1")
    engine.answer_all()
    assert (np.asarray(asked(engine).image) == UPLOAD).all()


def test_the_same_map_is_kept_once_and_removed(explorer: Explorer, engine: EngineDouble) -> None:
    press(explorer, "keep")
    press(explorer, "keep")
    assert names(explorer) == ["kept-1"]
    choose(explorer, engine, "saliency", 0)
    press(explorer, "keep")
    row(explorer, "remove", "kept-1")
    assert (names(explorer), explorer.kept.value) == (["kept-2"], "kept-2")
    row(explorer, "remove", "kept-9")
    row(explorer, "remove", "kept-2")
    assert (names(explorer), explorer.kept.value) == ([], "")


def test_so_many_are_kept_and_no_more(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.methods.value = "integrated_gradients"
    for steps in range(10, 11 + MOST_KEPT):
        explorer.parameters.value = {**explorer.parameters.value, "steps": steps}
        engine.answer_all()
        press(explorer, "keep")
    assert len(names(explorer)) == MOST_KEPT
    assert f"{MOST_KEPT} maps are kept" in explorer.kept.error
    row(explorer, "remove", "kept-1")
    assert explorer.kept.error == ""


def test_nothing_is_kept_before_there_is_a_map(engine: EngineDouble) -> None:
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    press(explorer, "keep")
    assert "There is no map yet" in explorer.kept.error
    press(explorer, "page")
    assert "There is no map yet" in explorer.kept.error


def test_while_another_map_is_computed_the_one_in_sight_is_kept(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.methods.value = "saliency"  # not answered yet
    press(explorer, "keep")
    engine.answer_all()
    assert [e["title"] for e in explorer.kept.entries] == ["grad_cam of 2 in None"]
    row(explorer, "show", "kept-1")
    engine.answer_all()
    assert asked(engine).method == "grad_cam"


def test_a_page_holds_the_shown_map_and_all_kept_ones(
    explorer: Explorer, engine: EngineDouble, files: list[tuple[dict[str, Any], str]]
) -> None:
    press(explorer, "page")
    [(content, text)] = files
    assert content["kind"] == "file"
    assert content["type"] == "text/html"
    assert content["name"].endswith("grad_cam-of-2-in-None.html")
    [one] = held(text)
    assert [check["name"] for check in one["checks"]] == ["coverage", "edges", "random_top"]
    assert {check["lesson"] for check in one["checks"]} == {""}  # no lesson is beside the file
    facts = dict(one["facts"])
    assert facts["Picture"] == "Chelsea the cat"
    assert facts["Link"] == choices(explorer)
    assert facts["Array"].startswith("6 × 8, float32")
    assert "code" not in json.loads(one["saved"])

    press(explorer, "keep")
    choose(explorer, engine, "saliency", 0)
    press(explorer, "page")
    titles = [one["state"]["title"] for one in held(files[1][1])]
    assert titles == ["saliency of 0 in None", "grad_cam of 2 in None"]
    assert files[1][0]["name"] == "maps.html"
    press(explorer, "keep")
    press(explorer, "page")
    assert len(held(files[2][1])) == 2  # the shown one is among the kept


def test_checks_that_come_later_reach_a_kept_map(
    explorer: Explorer, engine: EngineDouble, files: list[tuple[dict[str, Any], str]]
) -> None:
    explorer.methods.value = "saliency"
    engine.answer("explain")
    press(explorer, "keep")
    press(explorer, "page")
    assert held(files[0][1])[0]["checks"] == []
    engine.answer_all()
    press(explorer, "page")
    assert len(held(files[1][1])[0]["checks"]) == 3


def test_a_figure_is_sent_as_a_file_and_another_format_refused(
    explorer: Explorer, files: list[tuple[dict[str, Any], str]]
) -> None:
    explorer.view._handle_custom_msg({"kind": "figure", "format": "svg"}, [])
    [(content, text)] = files
    assert content["name"].endswith(".svg")
    assert content["type"] == "image/svg+xml"
    assert text.startswith("<?xml")
    explorer.view._handle_custom_msg({"kind": "figure", "format": "exe"}, [])
    assert len(files) == 1
    assert "exe" in explorer.kept.error


def test_other_messages_do_nothing(explorer: Explorer) -> None:
    for content in ({}, {"kind": "show"}, {"kind": ["keep"]}, {"kind": "remove", "name": 3}):
        explorer.kept._handle_custom_msg(content, [])
    assert names(explorer) == []


def test_a_link_brings_the_kept_maps_back(explorer: Explorer, engine: EngineDouble) -> None:
    choose(explorer, engine, "integrated_gradients", 1)
    explorer.parameters.value = {"steps": 9}
    engine.answer_all()
    press(explorer, "keep")
    choose(explorer, engine, "smoothgrad", 2)
    explorer.parameters.value = {"seed": 7}
    engine.answer_all()
    press(explorer, "keep")
    choose(explorer, engine, "saliency", 0)
    link = explorer.link
    assert explorer.header.link == link
    assert link.count("!") == 1
    kept = [entry["title"] for entry in explorer.kept.entries]

    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    other.open_link(link)
    assert other.kept.coming == 2
    assert link[link.index("&kept=") :] in other.link  # a reload now would lose nothing
    engine.answer_all()
    again = [r for r in engine.requests if isinstance(r, ExplainAgain)]
    assert [(r.method, r.seed, r.neuron) for r in again] == [
        ("integrated_gradients", 0, Neuron(None, 1)),
        ("smoothgrad", 7, Neuron(None, 2)),
    ]
    assert again[0].parameters["steps"] == 9
    first = next(n for n, r in enumerate(engine.requests) if isinstance(r, ExplainAgain))
    shown = next(n for n, r in enumerate(engine.requests) if type(r) is Explain)
    assert shown < first  # what the visitor looks at comes first
    assert [entry["title"] for entry in other.kept.entries] == kept
    assert (other.kept.coming, other.link) == (0, link)
    row(other, "show", names(other)[1])
    engine.answer_all()
    assert (asked(engine).method, asked(engine).seed) == ("smoothgrad", 7)
    assert other.kept.value == names(other)[1]

    # Back and forward: what is here already is not computed once more.
    engine.requests.clear()
    other.open_link(link)
    engine.answer_all()
    assert not [r for r in engine.requests if isinstance(r, ExplainAgain)]
    assert len(other.kept.entries) == 2


def test_a_kept_map_that_cannot_be_computed_again_is_told_and_the_others_come(
    explorer: Explorer, engine: EngineDouble
) -> None:
    one = "network=mini_vgg;picture=cat;method="
    explorer.open_link(f"method=saliency&kept={one}grad_cam!{one}saliency")
    while "kept" not in engine.waiting:
        engine.answer()
    engine.answer("kept", error=InvalidValueError("The weights are gone."))
    engine.answer_all()
    assert "is not here again. The weights are gone." in explorer.kept.error
    assert len(explorer.kept.entries) == 1


def test_a_kept_map_of_an_own_picture_is_not_in_the_link(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.pictures.add(UPLOAD, "mine.png")
    engine.answer_all()
    press(explorer, "keep")
    assert len(explorer.kept.entries) == 1
    assert "kept=" not in explorer.link
    assert explorer.header.lacks == ["It does not carry your picture; a saved PNG does."]


def test_a_link_keeps_no_more_than_there_is_room_for(
    explorer: Explorer, engine: EngineDouble
) -> None:
    one = "network=mini_vgg;picture=cat;method=saliency;neuron="
    explorer.open_link("kept=" + "!".join(f"{one}{n % 3};position={n},0" for n in range(40)))
    engine.answer_all()
    assert len(explorer.kept.entries) <= MOST_KEPT
    assert explorer.kept.coming == 0


def test_other_colours_are_those_of_the_kept_map_too(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.view.set_state({"colormap": "viridis"})
    press(explorer, "keep")
    (kept,) = explorer.keeping._kept
    assert kept.state["lookup"] == lookup("viridis").tobytes()
