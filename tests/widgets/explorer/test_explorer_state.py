"""An explorer's state as the query of an address: there and back, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble
from explorer_answers import explained

from cnnvis_widgets.engine.requests import Neuron
from cnnvis_widgets.rendering import colormap_names, lookup
from cnnvis_widgets.widgets import Explorer
from cnnvis_widgets.widgets.explorer.explanation_view import BLENDS, MODES
from cnnvis_widgets.widgets.explorer.explorer_bar import PARTS, SIGHTS
from cnnvis_widgets.widgets.explorer.explorer_state import FIXED, HIDDEN, KEPT, KEYS, LOOKS
from cnnvis_widgets.widgets.explorer.explorer_view import TOOLS
from cnnvis_widgets.widgets.explorer.link_labels import FILE, LABELS


def test_only_what_is_chosen_stands_in_the_link(explorer: Explorer, engine: EngineDouble) -> None:
    assert explorer.link == "network=efficientnet_lite0&picture=cat&method=grad_cam"
    explorer.predictions.value = 1
    assert explorer.header.link == explorer.link
    explorer.parameters.value = {"sign": "both"}
    assert explorer.link.endswith(
        "picture=cat&neuron=1&method=grad_cam&parameters=%7B%22sign%22%3A%22both%22%7D"
    )
    assert explorer.header.link == explorer.link


def test_there_and_back(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.layers.value = "block1_conv"
    engine.answer_all()
    explorer.neurons.value = 1
    explorer.neurons.aggregate = "max"
    explorer.methods.value = "smoothgrad"
    explorer.parameters.value = {"samples": 7}
    link = explorer.link
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    other.open_link(f"https://example.org/voila/render/explorer.ipynb?{link}&theme=dark")
    engine.answer_all()
    asked = explained(engine)
    assert (asked.neuron, asked.method) == (Neuron("block1_conv", 1, "max"), "smoothgrad")
    assert asked.parameters["samples"] == 7
    assert other.link == link


def test_a_position_and_a_drawn_picture(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.open_link(
        "network=mini_vgg&picture=scene:7&layer=block1_conv&neuron=3&position=1,2&method=saliency"
    )
    engine.answer_all()
    asked = explained(engine)
    assert (asked.network, asked.image) == ("mini_vgg", "scene:7")
    assert asked.neuron == Neuron("block1_conv", 3, position=(1, 2))


def test_the_seed_of_a_method_that_draws_is_a_parameter(
    explorer: Explorer, engine: EngineDouble
) -> None:
    assert "seed" not in explorer.parameters.value
    explorer.open_link("method=smoothgrad&parameters=%7B%22seed%22:7%7D")
    engine.answer_all()
    asked = explained(engine)
    assert asked.seed == 7
    assert "seed" not in asked.parameters
    assert "seed%22%3A7" in explorer.link


def test_how_it_is_shown(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.view.mode = "split"
    explorer.view.split = 0.25
    explorer.view.opacity = 0.4
    explorer.view.gray_picture = False
    looks = "mode=split&opacity=0.4&gray_picture=false&split=0.25"
    assert explorer.link.endswith(looks)
    assert explorer.header.link == explorer.link
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.requests.clear()
    other.open_link(looks)
    assert not engine.requests  # nothing is computed for it
    view = other.view
    assert (view.mode, view.split, view.opacity, view.gray_picture) == ("split", 0.25, 0.4, False)


def test_the_colours_and_the_open_tool(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.view.set_state({"colormap": "viridis", "tool": "box"})
    assert explorer.link.endswith("&colormap=viridis&tool=box")
    assert explorer.header.link == explorer.link
    assert explorer.view.kind == "sequential"
    assert explorer.view.lookup == lookup("viridis").tobytes()
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    other.open_link(explorer.link)
    engine.answer_all()
    assert (other.view.colormap, other.view.tool) == ("viridis", "box")
    assert other.view.lookup == lookup("viridis").tobytes()
    other.view.colormap = "BrBG"  # of maps with both signs: this one keeps the default
    assert other.view.lookup == lookup("inferno").tobytes()
    other.view.kind = "diverging"
    assert "BrBG" in other.view.colormaps
    assert "viridis" not in other.view.colormaps


def test_each_colour_map_comes_back(explorer: Explorer, engine: EngineDouble) -> None:
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    for name in colormap_names():
        explorer.view.colormap = name
        other.open_link(explorer.link)
        assert other.view.colormap == name


def test_what_a_teacher_fixes_and_hides(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.open_link("?network=mini_vgg&fixed=network,neuron&hidden=title,classes")
    engine.answer_all()
    assert explorer.networks.value == "mini_vgg"
    assert explorer.networks.disabled
    assert explorer.predictions.disabled
    assert explorer.neurons.disabled
    assert not explorer.methods.disabled
    assert explorer.link.endswith("&fixed=network,neuron&hidden=title,classes")
    explorer.open_link("?fixed=")
    assert explorer.networks.disabled  # an empty word says nothing


def test_the_docs_name_each_key() -> None:
    page = Path(__file__).parents[3] / "docs" / "links.md"
    keys = re.findall(r"^\| `(\w+)` \| (.*?) \| ", page.read_text("utf-8"), re.MULTILINE)
    assert [key for key, _ in keys] == [
        *KEYS,
        *LOOKS,
        KEPT,
        LABELS,
        FILE,
        FIXED,
        HIDDEN,
        "lang",
    ]  # the page's own
    offered = {"mode": MODES, "blend": BLENDS, "tool": TOOLS, "colormap": colormap_names()}
    for key, names in {**offered, FIXED: PARTS, HIDDEN: SIGHTS}.items():
        assert all(f"`{name}`" in dict(keys)[key] for name in names)


def test_an_upload_has_no_name_elsewhere(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.pictures.add(np.zeros((4, 5, 3), np.uint8), "mine.png")
    assert explorer.link == "network=efficientnet_lite0&method=grad_cam"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("network=vgg17", "vgg17"),
        ("network=/etc/passwd", "There is no network"),
        ("picture=/etc/passwd", "There is no picture"),
        ("picture=../../x.png", "There is no picture"),
        ("method=grad_camm", "grad_cam"),
        ("neuron=x", "neuron is a number"),
        ("neuron=1&position=a", "position two"),
        ("neuron=-1", "unit is a whole number from 0"),
        ("neuron=1&aggregate=median", "aggregate"),
        ("parameters=[1]", "JSON object"),
        ("picture=coffee&opacity=2", "opacity"),
        ("picture=coffee&tool=hammer", "hammer"),
        ("picture=coffee&colormap=jet", "jet"),
        ("picture=coffee&kept=network=vgg17;picture=cat;method=saliency", "vgg17"),
        ("picture=coffee&kept=network=mini_vgg;picture=/etc/passwd;method=saliency", "no picture"),
        ("picture=coffee&kept=network=mini_vgg;picture=cat;method=x", "no method"),
        ("picture=coffee&kept=nonsense", "There is no picture"),
        ("picture=coffee&split=half", "split is a number from 0 to 1"),
        ("picture=coffee&mode=sideways", "sideways"),
        ("picture=coffee&gray_picture=1", "true or false"),
        ("picture=coffee&fixed=network,keyboard", "keyboard"),
        ("picture=coffee&hidden=network", "network"),
        ("parameters=%7B%22smaples%22:3%7D", "smaples"),
    ],
)
def test_a_link_that_cannot_be_followed_is_told_beside_the_bar(
    explorer: Explorer, engine: EngineDouble, link: str, says: str
) -> None:
    before: Any = explorer.pictures.value, explorer.networks.value
    explorer.header._receive(None, {"kind": "link", "link": f"?{link}"}, None)
    assert explorer.header.error.startswith("The link cannot be followed. ")
    assert says in explorer.header.error
    assert (explorer.pictures.value, explorer.networks.value) == before


def test_a_link_that_says_nothing_changes_nothing(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.open_link("?theme=dark")
    assert not engine.requests


def test_a_class_of_a_link_counts_as_chosen(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.open_link("neuron=1&method=saliency")
    engine.answer_all()
    assert explained(engine).neuron == Neuron(None, 1)
    assert "neuron=1" in explorer.link


def test_a_picture_that_suits_another_network_stays_when_a_link_names_it(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.open_link("network=mini_vgg&picture=cat&method=saliency")
    engine.answer_all()
    assert explorer.pictures.value == "cat"
    assert explained(engine).image == "cat"
    explorer.networks.value = "lenet5"  # who chooses a network gets a picture that suits it
    engine.answer_all()
    assert explorer.pictures.value.startswith("digit")
