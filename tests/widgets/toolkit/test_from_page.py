"""What a component takes from a page: its own choices, and nothing else that a browser may send."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets

import cnnvis_widgets.widgets as room
from cnnvis_widgets import policy
from cnnvis_widgets.errors import without_paths
from cnnvis_widgets.widgets import ExplanationView, NetworkPicker, PicturePicker
from cnnvis_widgets.widgets.toolkit import page_messages
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.page_messages import Unexpected, weigh

for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
    importlib.import_module(module.name)


def below(cls: type[Component]) -> Iterator[type[Component]]:
    for child in cls.__subclasses__():
        if child.__module__.startswith("cnnvis_widgets."):
            yield child
            yield from below(child)


COMPONENTS = sorted(set(below(Component)), key=lambda cls: cls.__name__)


def sent(component: Component, data: Any, buffers: list[Any] | None = None) -> None:
    """As the kernel hands over what came from the page."""
    component._handle_msg({"content": {"data": data}, "buffers": buffers or []})


def update(component: Component, **state: Any) -> None:
    sent(component, {"method": "update", "state": state, "buffer_paths": []})


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.__name__)
def test_the_traits_that_a_page_sets_are_those_that_its_script_writes(cls: type[Component]) -> None:
    script = str(vars(cls).get("_esm", ""))
    ours = set(cls.class_traits(sync=True))
    assert cls.set_by_page <= ours, "a name that is no trait of the component"
    if not script:
        return
    written = re.findall(r'(?:choose|set|send)\(\s*(?:this\.)?(?:model,\s*)?"(\w+)"', script)
    assert set(written) & ours - {"error"} <= cls.set_by_page
    for name in cls.set_by_page:
        assert re.search(rf'["\s({{]{name}["\s:,}}]', script), (
            f"{name} does not occur in its script"
        )


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.__name__)
def test_what_is_made_of_pictures_networks_and_records_is_never_the_pages(
    cls: type[Component],
) -> None:
    never = {"pictures", "networks", "_uploads", "methods", "layers", "parameters", "labels",
             "code", "notes", "warnings", "image", "picture", "heatmap", "layout", "busy",
             "disabled", "label", "_esm", "_css", "_dom_classes", "_anywidget_id"}  # fmt: skip
    assert not never & cls.set_by_page


def test_a_forged_picture_picker_names_no_file(tmp_path: Any) -> None:
    secret = tmp_path / "private.png"
    secret.write_bytes(b"anything")
    picker = PicturePicker(pictures=[{"name": "cat", "title": "A cat"}], value="cat")
    forged = [{"name": str(secret), "title": "x", "alt": "", "thumbnail": ""}]
    update(picker, pictures=forged, value=str(secret))
    assert [record["name"] for record in picker.pictures] == ["cat"]
    assert picker.value == "cat"
    update(picker, _uploads=forged, value=str(secret))
    assert picker._uploads == []
    assert picker.value == "cat"
    assert picker.error  # said: there is no such picture
    picker.close()


def test_a_forged_network_picker_names_no_file_and_fetches_nothing() -> None:
    records = [
        {"name": "lenet5", "title": "LeNet", "note": "", "available": True, "why": ""},
        {"name": "vgg16", "title": "VGG", "note": "", "available": False, "why": "528 MB"},
    ]
    picker = NetworkPicker(networks=records, value="lenet5")
    update(picker, networks=[{**records[1], "available": True}], value="vgg16")
    assert picker.value == "lenet5"
    update(picker, networks=[{**records[0], "name": "any/model.keras"}], value="any/model.keras")
    assert (picker.value, len(picker.networks)) == ("lenet5", 2)
    picker.close()


def test_what_only_python_sets_stays_while_the_pages_choices_are_taken() -> None:
    view = ExplanationView(title="as it was")
    update(view, title="<b>forged</b>", zoom=3, heatmap="x", code="import os", opacity=0.25)
    assert (view.title, view.zoom, view.opacity) == ("as it was", 3.0, 0.25)
    assert (view.heatmap, view.code) == (b"", "")
    view.close()


ODD: list[Any] = [
    None, 7, "update", [], {}, {"method": "update"}, {"method": "update", "state": 3},
    {"method": "update", "state": {"value": {"a": 1}}}, {"method": "unknown"}, {"method": []},
    {"method": "custom", "content": "text"}, {"method": "custom"},
    {"method": "update", "state": {}, "buffer_paths": [["a"]]},
    {"method": "update", "state": {}, "buffer_paths": 3},
    {"method": "update", "state": {"value": {}}, "buffer_paths": [[]]},
    {"method": "update", "state": {"zoom": "x" * 100_000, "gray_picture": "perhaps"}},
    {"method": "update", "state": {"zoom": [0] * 1_000_000}},
    {"method": "update", "state": {"mode": "y" * 5_000_000}},
]  # fmt: skip


@pytest.mark.parametrize("cls", [ExplanationView, PicturePicker, NetworkPicker])
def test_messages_that_no_page_sends_cost_nothing_and_are_told_once(
    cls: type[Component], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page_messages, "_told", set())
    told: list[str] = []
    monkeypatch.setattr(page_messages._LOG, "warning", lambda text, *a: told.append(text % a))
    monkeypatch.setattr(page_messages._LOG, "handlers", [object()])
    component = cls()
    before = component.get_state()
    for number, data in enumerate(ODD * 3):
        buffers = [memoryview(b"x")] if number % 2 else []
        start = time.perf_counter()
        sent(component, data, buffers)
        assert time.perf_counter() - start < 0.25, str(data)[:80]
    assert {**component.get_state(), "error": ""} == {**before, "error": ""}
    assert 0 < len(told) <= 12
    assert len(told) == len(set(told))
    assert max(map(len, told)) < 200
    assert capfd.readouterr().err == ""
    component.close()


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [deep(40), [0] * 30_000, ["ab" * 60_000, "cd" * 60_000], {"x" * 300_000: 1}, [[0] * 200] * 200],
    ids=["depth", "values", "characters", "keys", "nested"],
)
def test_what_is_too_large_is_refused(value: Any) -> None:
    with pytest.raises(Unexpected, match="too large"):
        weigh(value)


def test_what_a_page_may_send_is_light_enough() -> None:
    rng = np.random.default_rng(3)
    weigh({"points": rng.random((400, 3)).tolist(), "name": "x" * 1000, "image": memoryview(b"a")})


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ("The file '/home/anna/my pictures/cat.png' is empty.", "The file 'cat.png' is empty."),
        ("no file /usr/lib/python3/x.py, line 3", "no file x.py, line 3"),
        ("see ~anna/weights/vgg.h5", "see vgg.h5"),
        (r"it lies at 'C:\Users\anna\x y.png'.", "it lies at 'x y.png'."),
        ("1/2 of 3/4, and/or https://keras.io/api/layers", None),
        ("rows/columns 3 × 4, TensorFlow/Keras", None),
    ],
)
def test_a_page_is_told_no_path(message: str, heard: str | None) -> None:
    assert without_paths(message) == (heard or message)


def test_errors_of_a_served_page_name_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    view = ExplanationView()
    view.error = "The file '/srv/secret/x.png' does not exist."
    assert "/srv/secret" in view.error  # one's own notebook, one's own paths
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    view.error = "The file '/srv/secret/x.png' does not exist!"
    assert view.error == "The file 'x.png' does not exist!"
    view.error = "half \ud800 a character"
    assert view.error == "half ? a character"
    view.error = "long " * 1000
    assert len(view.error) < 1010
    view.close()


def test_an_observers_error_is_not_shown_on_a_served_page(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    told: list[Any] = []
    monkeypatch.setattr(page_messages, "note", lambda *a: told.append(a))

    class Watched(Component, from_page="chosen"):
        chosen = traitlets.Int(0).tag(sync=True)

        @traitlets.observe("chosen")
        def _react(self, _change: object) -> None:
            raise OSError("/srv/secret/x.png")

    widget = Watched()
    update(widget, chosen=4)
    assert told == [("Watched", "an answer was OSError")]
    assert "secret" not in capfd.readouterr().err
    widget.close()
