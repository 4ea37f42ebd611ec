"""The explorer's picture touched, with a made-up engine: what is asked, and where answers go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.fewest import FewestSuperpixels
from cnnvis_widgets.engine.requests import Explain
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels
from cnnvis_widgets.errors import CnnvisError, InvalidValueError
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.explorer_view import ExplorerView


def touch(explorer: Explorer, boxes: Any = (), off: Any = (), number: int = 1) -> None:
    value = {"boxes": [list(box) for box in boxes], "off": list(off), "number": number}
    explorer.view.set_state({"touched": value})


def test_the_predictions_answer_to_a_patch(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.view.set_state({"tool": "patch"})
    touch(explorer, [(1, 2, 3, 5)], number=7)
    asked = Occlude("efficientnet_lite0", "cat", ((1, 2, 3, 5),), (), (0, 2))
    assert engine.requests == [asked]
    engine.answer("touch")
    assert explorer.view.answers == {"number": 7, "share": 0.25, "value": None}
    assert [(r["label"], r["before"], r["now"]) for r in explorer.view.rows] == [
        ("cup", None, 0.6),
        ("dog", 0.7, 0.2),
    ]
    assert explorer.predictions.predictions[0]["score"] == 0.7  # those of the whole picture stay


def test_only_the_newest_touch_is_answered(explorer: Explorer, engine: EngineDouble) -> None:
    for number in (1, 2, 3):
        touch(explorer, [(number, 0, 4, 4)], number=number)
    assert len(engine.waiting) == 1
    engine.answer_all()
    assert explorer.view.answers["number"] == 3


def test_below_the_output_the_neurons_activation_is_asked_too(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.layers.value = "block1_conv"
    engine.answer_all()
    engine.requests.clear()
    touch(explorer, off=[1])
    assert engine.requests[0].neuron == Neuron("block1_conv", 3)
    assert engine.requests[0].off == (1,)


def test_superpixels_are_asked_once_for_each_picture(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.view.set_state({"tool": "superpixels"})
    assert engine.requests == [Superpixels("efficientnet_lite0", "cat")]
    engine.answer_all()
    pieces = np.frombuffer(explorer.view.pieces, "<i2").reshape(6, 8)
    assert pieces[5, 7] == 3
    engine.requests.clear()
    explorer.predictions.value = 1  # another class of the same picture
    engine.answer_all()
    assert not [r for r in engine.requests if isinstance(r, Superpixels)]
    explorer.pictures.value = "coffee"
    engine.answer_all()
    assert [r.image for r in engine.requests if isinstance(r, Superpixels)] == ["coffee"]


def test_a_position_becomes_the_neuron(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.view.set_state({"tool": "position"})
    assert engine.requests == []  # the output has no positions
    explorer.layers.value = "block1_conv"
    engine.answer_all()
    assert Fields("efficientnet_lite0", "block1_conv") in engine.requests
    assert explorer.view.receptive_fields == {
        "places": [3, 4], "size": [5, 7], "strides": [2, 2], "start": [-1, -1]
    }  # fmt: skip
    engine.requests.clear()
    explorer.view._handle_custom_msg({"kind": "place", "place": [2, 1]}, [])
    asked = [r for r in engine.requests if type(r) is Explain]
    assert [r.neuron for r in asked] == [Neuron("block1_conv", 3, "sum", (2, 1))]
    engine.answer_all()
    explorer.view._handle_custom_msg({"kind": "place", "place": [9, 1]}, [])
    assert "position is [row 0 … 2" in explorer.view.touch_error
    assert explorer.neurons.position == [2, 1]


def test_the_curve_is_of_the_map_that_is_shown(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.view.set_state({"tool": "deletion"})
    assert [type(r) for r in engine.requests] == [DeletionCurve]
    engine.answer_all()
    assert explorer.view.deletion["areas"] == [0.3, 0.5]
    engine.requests.clear()
    explorer.methods.value = "saliency"
    assert explorer.view.deletion == {}
    engine.answer_all()
    assert [r.method for r in engine.requests if isinstance(r, DeletionCurve)] == ["saliency"]


def test_what_is_covered_is_asked_again_of_another_picture(
    explorer: Explorer, engine: EngineDouble
) -> None:
    touch(explorer, [(1, 1, 3, 3)])
    engine.answer_all()
    engine.requests.clear()
    explorer.pictures.value = "coffee"
    assert explorer.view.answers == {}
    engine.answer_all()
    assert [r.image for r in engine.requests if isinstance(r, Occlude)] == ["coffee"]


def test_why_there_is_no_answer_is_said(explorer: Explorer, engine: EngineDouble) -> None:
    touch(explorer, [(1, 1, 3, 3)])
    engine.answer("touch", error=InvalidValueError("Too dark."))
    assert explorer.view.touch_error == "Too dark."
    touch(explorer, [(1, 1, 3, 4)], number=2)
    engine.answer("touch")
    assert explorer.view.touch_error == ""


@pytest.mark.parametrize(
    "touched",
    [
        {"boxes": [], "off": []},
        {"boxes": [[1, 2, 3]], "off": [], "number": 1},
        {"boxes": [[1, 2, 3, "x"]], "off": [], "number": 1},
        {"boxes": [[0, 0, 1, 10**9]], "off": [], "number": 1},
        {"boxes": [[0, 0, 1, 1]] * 5, "off": [], "number": 1},
        {"boxes": [], "off": [-1], "number": 1},
        {"boxes": [], "off": [0] * 1001, "number": 1},
        "no",
    ],
)
def test_what_no_page_of_ours_sends_is_refused(touched: Any) -> None:
    view = ExplorerView()
    with pytest.raises(InvalidValueError):
        view.touched = touched
    assert view.touched == {"boxes": [], "off": [], "number": 0}
    with pytest.raises(CnnvisError):
        view.tool = "hammer"


def told(explorer: Explorer, kind: str) -> None:
    explorer.view._handle_custom_msg({"kind": kind}, [])


def test_the_fewest_superpixels_are_searched_and_the_search_can_be_stopped(
    explorer: Explorer, engine: EngineDouble
) -> None:
    told(explorer, "fewest")
    (request,) = engine.requests
    assert isinstance(request, FewestSuperpixels)
    assert (request.network, request.image, request.method) == (
        "efficientnet_lite0",
        "cat",
        "grad_cam",
    )
    assert engine.last is not None
    assert engine.last.progress is not None
    engine.last.progress(7, 72)
    assert explorer.view.fewest == {"progress": [7, 72]}
    told(explorer, "stop fewest")
    assert explorer.view.fewest == {}
    assert "fewest" not in engine.waiting
    told(explorer, "fewest")
    engine.answer("fewest")
    found = explorer.view.fewest
    assert (found["kept"], found["off"], found["evaluations"]) == ([1, 2], [0, 3], 9)
    told(explorer, "fewest")
    engine.answer("fewest", error=InvalidValueError("cat is not first."))
    assert explorer.view.fewest == {"failed": "cat is not first."}
    told(explorer, "fewest")
    explorer.methods.value = "saliency"  # another map: what is under way for the last is dropped
    assert explorer.view.fewest == {}
    assert "fewest" not in engine.waiting
