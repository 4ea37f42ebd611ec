"""The controls without a browser: what they keep, what they refuse, what they tell the page."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets import widgets
from cnnvis_widgets.errors import (
    FileError,
    InvalidValueError,
    UnknownNameError,
    UnsuitableError,
)
from cnnvis_widgets.widgets import (
    LayerPicker,
    MethodPicker,
    NetworkPicker,
    NeuronPicker,
    ParameterPanel,
    PicturePicker,
    Predictions,
)

CONTROLS = [
    LayerPicker,
    MethodPicker,
    NetworkPicker,
    NeuronPicker,
    ParameterPanel,
    PicturePicker,
    Predictions,
]
TOOLKIT = Path(widgets.__file__).parent / "toolkit"
MODULES = [sys.modules[c.__module__] for c in CONTROLS]
SCRIPTS = [TOOLKIT / "base.js", TOOLKIT / "control.js"]
SCRIPTS += [Path(str(module.__file__)).with_suffix(".js") for module in MODULES]


def from_page(widget, **state):
    """What the browser's `save_changes` does."""
    widget._handle_msg(
        {
            "content": {"data": {"method": "update", "state": state, "buffer_paths": []}},
            "buffers": [],
        }
    )


def message_from_page(widget, content, *buffers):
    widget._handle_msg(
        {
            "content": {"data": {"method": "custom", "content": content}},
            "buffers": [memoryview(b) for b in buffers],
        }
    )


def sent(widget, monkeypatch):
    """Collects what the widget sends to the page from now on."""
    messages = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: messages.append(message))
    return messages


def changes(widget, name="value"):
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), name)
    return seen


# --- all of them ---------------------------------------------------------------------------------


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


# --- lists of records, by the example of networks and layers -------------------------------------


def test_records_are_completed_and_taken_from_objects_with_these_attributes():
    @dataclass
    class Layer:
        name: str
        kind: str
        output_shape: tuple
        units: int
        weights: int = 3

    picker = LayerPicker(layers=[Layer("a/b.c", "Conv2D", (5, 4, 3), np.int64(3)), {"name": "d"}])
    assert picker.layers == [
        {"name": "a/b.c", "kind": "Conv2D", "shape": [5, 4, 3], "units": 3, "group": ""},
        {"name": "d", "kind": "", "shape": [], "units": 0, "group": ""},
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


# --- one value among names -----------------------------------------------------------------------

NETWORKS = [
    {"name": "lite", "title": "Lite"},
    {"name": "vgg", "available": False, "why": "its weights are not here"},
    {"name": "mini"},
]


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


# --- to and from the page ------------------------------------------------------------------------


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


# --- neurons -------------------------------------------------------------------------------------


def test_any_unit_of_the_layer_can_be_chosen_and_no_other():
    picker = NeuronPicker(value=4, units=5)
    assert picker.value == 4
    picker.value = np.int64(0)
    assert type(picker.value) is int
    for wrong in (5, -1):
        with pytest.raises(UnknownNameError, match=f"no unit {wrong}.*0 to 4"):
            picker.value = wrong
    with pytest.raises(InvalidValueError, match=r"1\.5"):
        picker.value = 1.5
    assert picker.value == 0


def test_fewer_units_drop_the_value_and_more_keep_it():
    picker = NeuronPicker(units=9, value=6)
    picker.units = 20
    assert picker.value == 6
    picker.units = 6
    assert picker.value is None


def test_without_a_layer_there_is_no_unit():
    with pytest.raises(UnknownNameError, match=r"no layer"):
        NeuronPicker(value=0)


def test_a_position_lies_within_rows_and_columns_in_this_order():
    picker = NeuronPicker(position=(4, 2), positions=(5, 3))
    assert picker.position == [4, 2]
    for wrong in [(2, 4), (5, 0), (-1, 0)]:
        with pytest.raises(InvalidValueError, match=r"row 0 … 4, column 0 … 2"):
            picker.position = wrong
    for wrong in [(1,), "ab", (1, 2, 3), (0.5, 1)]:
        with pytest.raises(InvalidValueError, match=r"two whole numbers"):
            picker.position = wrong
    picker.positions = [5, 4]
    assert picker.position == [4, 2]
    picker.positions = [4, 5]
    assert picker.position == []
    picker.positions = []
    with pytest.raises(InvalidValueError, match=r"no rows and columns"):
        picker.position = [0, 0]
    picker.position = None
    assert picker.position == []


def test_only_the_three_aggregates_exist():
    picker = NeuronPicker(aggregate="max")
    with pytest.raises(UnknownNameError, match=r"'median'.*sum, mean, max"):
        picker.aggregate = "median"
    assert picker.aggregate == "max"


# --- predictions ---------------------------------------------------------------------------------


def test_a_class_is_chosen_among_the_listed_the_labelled_or_the_counted():
    tops = [{"unit": 7, "label": "cat", "score": 0.5, "logit": 2}]
    listed = Predictions(predictions=tops, value=7)
    assert listed.predictions[0]["logit"] == 2.0
    with pytest.raises(UnknownNameError, match=r"no class 3.*\[7\]"):
        listed.value = 3
    labelled = Predictions(labels=["a", "b", "c"], predictions=tops, value=2)
    with pytest.raises(UnknownNameError, match=r"no class 3.*0 to 2"):
        labelled.value = 3
    assert Predictions(units=4, value=3).value == 3


def test_a_class_outlives_new_predictions_only_where_it_exists_among_all():
    labelled = Predictions(labels=["a", "b", "c"], predictions=[{"unit": 1}], value=1)
    labelled.predictions = [{"unit": 2}]
    assert labelled.value == 1
    labelled.labels = ["a"]
    assert labelled.value is None


# --- parameters ----------------------------------------------------------------------------------

STEPS = {"name": "steps", "kind": "integer", "default": 50, "minimum": 1, "maximum": 300}
NOISE = {"name": "noise", "kind": "float", "default": 0.15, "minimum": 0}
COLOUR = {"name": "colour", "kind": "choice", "default": "grey", "choices": ["black", "grey"]}
LAYER = {"name": "layer", "kind": "text", "default": None}
SIGNED = {"name": "signed", "kind": "boolean", "default": True}


def panel(**given):
    return ParameterPanel(parameters=[STEPS, NOISE, COLOUR, LAYER, SIGNED], **given)


def test_defaults_come_from_the_declarations_and_return_on_reset():
    control = panel()
    defaults = {"steps": 50, "noise": 0.15, "colour": "grey", "layer": None, "signed": True}
    assert control.value == defaults
    control.value = {"steps": 3, "layer": "mixed10"}
    assert control.value == {**defaults, "steps": 3, "layer": "mixed10"}
    control.value = {"noise": 2}
    assert control.value == {**defaults, "steps": 3, "layer": "mixed10", "noise": 2.0}
    assert type(control.value["noise"]) is float
    control.reset()
    assert control.value == defaults


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("steps", 0, "steps is a whole number 1 … 300; got 0"),
        ("steps", 301, "got 301"),
        ("steps", 2.5, "whole number"),
        ("steps", True, "got True"),
        ("steps", None, "got None"),
        ("noise", -0.01, "noise is a number, 0 or more; got -0.01"),
        ("noise", float("inf"), "noise: A finite number"),
        ("colour", "red", "one of black, grey; got 'red'"),
        ("layer", 3, "layer is a text; got 3"),
        ("signed", 1, "true or false; got 1"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_changes(name, value, says):
    control = panel(value={"steps": 7})
    before = control.value
    with pytest.raises(InvalidValueError, match=says):
        control.value = {"signed": False, name: value}
    assert control.value == before


def test_both_ends_of_a_range_belong_to_it():
    control = panel(value={"steps": 300, "noise": 0})
    assert (control.value["steps"], control.value["noise"]) == (300, 0.0)
    control.value = {"steps": 1}
    assert control.value["steps"] == 1


def test_whole_numbers_may_come_as_floats_from_python_and_page():
    control = panel(value={"steps": 7.0})
    assert type(control.value["steps"]) is int
    from_page(control, value={**control.value, "steps": 8, "noise": 1})
    assert control.value["steps"] == 8
    assert type(control.value["noise"]) is float


def test_a_name_that_is_no_parameter_is_refused():
    with pytest.raises(UnknownNameError, match=r"'step'.*'steps'"):
        panel(value={"step": 3})


@pytest.mark.parametrize(
    ("declaration", "error", "says"),
    [
        ({**STEPS, "default": 0}, InvalidValueError, "steps is a whole number 1 … 300; got 0"),
        ({**STEPS, "minimum": 400}, InvalidValueError, "minimum 400 is above maximum 300"),
        ({**STEPS, "kind": "int"}, UnknownNameError, "'int'.*integer"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declaration, error, says):
    with pytest.raises(error, match=says):
        ParameterPanel(parameters=[declaration])


def test_values_stay_with_the_same_declaration_and_no_other():
    control = ParameterPanel(parameters=[STEPS, NOISE], value={"steps": 7, "noise": 0.5})
    control.parameters = [NOISE, {**STEPS, "maximum": 1000}, COLOUR]
    assert control.value == {"noise": 0.5, "steps": 50, "colour": "grey"}
    control.parameters = []
    assert control.value == {}


def test_declarations_and_values_set_together_are_both_kept():
    control = ParameterPanel(parameters=[STEPS], value={"steps": 7})
    seen = changes(control)
    with control.hold_trait_notifications():
        control.parameters = [{**STEPS, "maximum": 1000}, COLOUR]
        control.value = {"steps": 900}
    assert control.value == {"steps": 900, "colour": "grey"}
    assert seen == [{"steps": 900, "colour": "grey"}]


# --- pictures ------------------------------------------------------------------------------------


def file_of(array, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind)
    return file.getvalue()


def decode(data):
    if not data.startswith(b"\x89PNG"):
        raise FileError("A PNG was expected.")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def picture(rows=5, columns=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


def upload(picker, data, filename="mine.png", number=1):
    message_from_page(picker, {"kind": "upload", "id": f"u{number}", "filename": filename}, data)


PICTURES = [{"name": "cat", "title": "Cat"}, {"name": "cup"}]


@pytest.mark.parametrize("form", ["bytes", "base64", "data URL"])
def test_a_thumbnail_comes_as_bytes_base64_or_data_url(form):
    data = file_of(picture())
    text = base64.b64encode(data).decode()
    given = {"bytes": data, "base64": text, "data URL": f"data:image/png;base64,{text}"}[form]
    picker = PicturePicker(pictures=[{"name": "a", "thumbnail": given}])
    assert picker.pictures[0]["thumbnail"] == f"data:image/png;base64,{text}"


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_a_thumbnail_of_another_format_is_named_as_what_it_is(kind):
    picker = PicturePicker(pictures=[{"name": "a", "thumbnail": file_of(picture(), kind)}])
    assert picker.pictures[0]["thumbnail"].startswith(f"data:image/{kind.lower()};base64,")


def test_a_thumbnail_that_is_no_picture_is_refused():
    with pytest.raises(InvalidValueError, match=r"thumbnail of a picture"):
        PicturePicker(pictures=[{"name": "a", "thumbnail": b"<svg onload=alert(1)>"}])


def test_an_upload_is_decoded_chosen_and_shown(monkeypatch):
    image = picture(300, 200)
    picker = PicturePicker(decode, pictures=PICTURES, value="cat")
    seen = changes(picker)
    messages = sent(picker, monkeypatch)
    upload(picker, file_of(image))
    assert seen == ["upload-1"]
    np.testing.assert_array_equal(picker.uploaded, image)
    np.testing.assert_array_equal(picker.uploads["upload-1"], image)
    [record] = picker._uploads
    assert record["alt"] == "your picture, mine.png"
    assert record["title"] == "your picture"
    head, _, text = record["thumbnail"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(text))).size == (128, 192)
    answers = [m["content"] for m in messages if m["method"] == "custom"]
    assert answers == [{"kind": "uploaded", "id": "u1", "accepted": True}]
    assert not picker.busy
    assert not picker.error


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GIF89a", "mine.png cannot be used. A PNG was expected."),
        (b"\x89PNG broken", "could not be read as a picture"),
        (b"", "got 0 bytes"),
        (b"\x89PNG" + bytes(8 * 1024 * 1024), "up to 8 MB"),
    ],
)
def test_a_bad_upload_says_why_and_the_old_choice_stays(data, says, monkeypatch):
    picker = PicturePicker(decode, pictures=PICTURES, value="cat")
    messages = sent(picker, monkeypatch)
    upload(picker, data)
    assert says in picker.error
    assert (picker.value, picker.uploaded, dict(picker.uploads)) == ("cat", None, {})
    answers = [m["content"] for m in messages if m["method"] == "custom"]
    assert answers == [{"kind": "uploaded", "id": "u1", "accepted": False}]
    assert not picker.busy
    upload(picker, file_of(picture()), number=2)
    assert picker.error == ""
    assert picker.value == "upload-1"


def test_four_uploads_are_kept_and_a_fifth_pushes_the_oldest_out():
    picker = PicturePicker(decode, pictures=PICTURES)
    seen = changes(picker)
    for i in range(5):
        upload(picker, file_of(picture(3 + i, 4, seed=i)))
    assert list(picker.uploads) == ["upload-2", "upload-3", "upload-4", "upload-5"]
    assert [r["name"] for r in picker._uploads] == list(picker.uploads)
    assert seen == ["upload-1", "upload-2", "upload-3", "upload-4", "upload-5"]
    assert picker.uploads["upload-2"].shape == (4, 4, 3)
    with pytest.raises(UnknownNameError, match=r"upload-1"):
        picker.value = "upload-1"
    picker.pictures = [{"name": "dog"}]
    assert picker.value == "upload-5"


def test_an_upload_that_pushes_out_the_chosen_one_takes_its_place_at_once():
    picker = PicturePicker(decode)
    for _ in range(4):
        upload(picker, file_of(picture()))
    picker.value = "upload-1"
    seen = changes(picker)
    upload(picker, file_of(picture()))
    assert seen == ["upload-5"]


def test_without_a_decoder_nothing_can_be_uploaded():
    picker = PicturePicker(pictures=PICTURES)
    assert not picker._takes_uploads
    upload(picker, file_of(picture()))
    assert picker.uploaded is None
