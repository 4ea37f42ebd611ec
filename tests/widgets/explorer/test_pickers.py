"""All pickers alike: names, records, values that are not offered, choices in the page."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from pickers import CONTROLS, NETWORKS, SCRIPTS, changes, from_page, sent

from cnnvis_widgets.errors import (
    InvalidValueError,
    UnknownNameError,
    UnsuitableError,
)
from cnnvis_widgets.widgets import (
    LayerPicker,
    MethodPicker,
    NetworkPicker,
    NeuronPicker,
)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_misspelt_keyword_is_refused_and_the_right_one_named(control):
    with pytest.raises(UnknownNameError, match=r"'labl'.*Did you mean 'label'"):
        control(labl="x")


@pytest.mark.parametrize("control", CONTROLS)
def test_each_stands_empty_with_a_name_and_brings_the_shared_files(control):
    widget = control()
    assert widget.label
    assert not widget.error
    assert not widget.value
    assert widget._esm.count("export default") == 1
    assert widget._esm.count("function choices(") == 1


@pytest.mark.parametrize("control", CONTROLS)
def test_two_do_not_share_what_they_hold(control):
    one, other = control(), control()
    for name in one.trait_names(sync=True):
        value = getattr(one, name)
        if isinstance(value, list | dict) and not name.startswith("_dom"):
            assert value is not getattr(other, name), name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_short_and_know_neither_ids_nor_the_internet(script):
    text = script.read_text("utf-8")
    assert text.count("\n") <= 400
    assert "getElementById" not in text
    assert "://" not in text


def test_the_room_loads_neither_tensorflow_nor_matplotlib():
    heavy = "{'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    code = f"import sys, cnnvis_widgets.widgets; print({heavy})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_records_are_completed_and_taken_from_objects_with_these_attributes():
    @dataclass
    class Layer:
        name: str
        kind: str
        output_shape: tuple
        units: int
        weights: int = 3

    unsaid = {"group": "", "inputs": None, "window": ""}
    picker = LayerPicker(layers=[Layer("a/b.c", "Conv2D", (5, 4, 3), np.int64(3)), {"name": "d"}])
    assert picker.layers == [
        {"name": "a/b.c", "kind": "Conv2D", "shape": [5, 4, 3], "units": 3, **unsaid},
        {"name": "d", "kind": "", "shape": [], "units": 0, **unsaid},
    ]


@pytest.mark.parametrize(
    ("records", "error", "says"),
    [
        ("vgg16", InvalidValueError, "list of records"),
        ([{"title": "VGG"}], InvalidValueError, "needs 'name'"),
        ([{"name": "a", "tittle": "A"}], UnknownNameError, "'tittle'.*'title'"),
        ([{"name": "a"}, {"name": "a"}], InvalidValueError, "'a' came twice"),
        ([{"name": 3}], InvalidValueError, "name of a network is str; got 3"),
        ([{"name": "a", "available": 1}], InvalidValueError, "available.*bool; got 1"),
    ],
)
def test_records_that_make_no_sense_are_refused(records, error, says):
    picker = NetworkPicker(networks=[{"name": "kept"}])
    with pytest.raises(error, match=says):
        picker.networks = records
    assert [n["name"] for n in picker.networks] == ["kept"]


def test_a_number_that_json_cannot_carry_is_refused():
    with pytest.raises(InvalidValueError, match=r"value of a neuron.*finite.*nan"):
        NeuronPicker(neurons=[{"unit": 0, "value": float("nan")}])


def test_a_flag_is_not_a_number():
    with pytest.raises(InvalidValueError, match=r"unit of a neuron is int; got True"):
        NeuronPicker(neurons=[{"unit": True}])


def test_a_value_may_be_given_before_its_records():
    assert NetworkPicker(value="mini", networks=NETWORKS).value == "mini"


def test_a_name_that_is_not_offered_is_refused_also_while_notifications_are_held():
    picker = NetworkPicker(networks=NETWORKS, value="lite")
    with pytest.raises(UnknownNameError, match=r"no network 'mimi'.*'mini'"):
        picker.value = "mimi"
    with pytest.raises(UnknownNameError), picker.hold_trait_notifications():
        picker.value = "mimi"
    assert picker.value == "lite"


def test_what_is_not_available_is_refused_with_the_reason():
    picker = NetworkPicker(networks=NETWORKS)
    with pytest.raises(UnsuitableError, match=r"'vgg'.*its weights are not here"):
        picker.value = "vgg"
    assert picker.value == ""


def test_a_method_that_does_not_suit_is_refused_and_dropped_when_it_stops_to_suit():
    cam = {"name": "cam", "suits": True, "why": "no global pooling"}
    picker = MethodPicker(methods=[cam, {"name": "saliency"}], value="cam")
    seen = changes(picker)
    picker.methods = [{**cam, "suits": False}, {"name": "saliency"}]
    assert picker.value == ""
    assert seen == [""]
    with pytest.raises(UnsuitableError, match=r"no global pooling"):
        picker.value = "cam"


def test_a_new_list_keeps_a_value_that_it_still_offers():
    picker = LayerPicker(layers=[{"name": "a"}, {"name": "b"}], value="b")
    seen = changes(picker)
    picker.layers = [{"name": "c"}, {"name": "b"}]
    assert (picker.value, seen) == ("b", [])
    picker.layers = [{"name": "c"}]
    assert (picker.value, seen) == ("", [""])


def test_list_and_value_change_together_as_one():
    picker = LayerPicker(layers=[{"name": "a"}], value="a")
    seen = changes(picker)
    with picker.hold_trait_notifications():
        picker.layers = [{"name": "z"}]
        picker.value = "z"
    assert seen == ["z"]


def test_a_choice_in_the_page_arrives_once_and_is_not_sent_back(monkeypatch):
    picker = NetworkPicker(networks=NETWORKS)
    messages, seen = sent(picker, monkeypatch), changes(picker)
    from_page(picker, value="mini", error="")
    assert seen == ["mini"]
    assert [m["method"] for m in messages] == ["echo_update"]


def test_a_choice_that_crossed_with_a_change_is_said_and_put_back(monkeypatch):
    picker = LayerPicker(layers=[{"name": "a"}, {"name": "b"}], value="a")
    messages = sent(picker, monkeypatch)
    from_page(picker, value="gone")
    assert picker.value == "a"
    assert "no layer 'gone'" in picker.error
    updates = [m["state"] for m in messages if m["method"] == "update"]
    assert {"value": "a"} in updates
    assert any("gone" in state.get("error", "") for state in updates)
