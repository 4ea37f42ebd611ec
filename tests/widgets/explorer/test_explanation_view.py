"""The explanation view without a browser: what it sends, what it refuses, what it keeps."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView

RANDOM = np.random.default_rng(5)
PICTURE = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)
MAP = RANDOM.normal(size=(20, 30)).astype(np.float32)
TABLE = RANDOM.integers(0, 256, (256, 3), dtype=np.uint8)
HIGH = float(np.abs(MAP).max())


def shown(view: ExplanationView | None = None, **changes: object) -> ExplanationView:
    view = view or ExplanationView()
    given = {
        "picture": PICTURE,
        "heatmap": MAP,
        "lookup": TABLE,
        "low": -HIGH,
        "high": HIGH,
        "kind": "diverging",
        **changes,
    }
    view.show(**given)
    return view


@pytest.fixture
def messages(monkeypatch):
    """All messages that widgets send from now on: (content, buffers)."""
    sent = []
    monkeypatch.setattr(
        ExplanationView,
        "_send",
        lambda self, message, buffers=None: sent.append((message, buffers)),
    )
    return sent


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_raw_values_and_pixels_arrive_bit_for_bit():
    turned = MAP.T[::-1]  # neither contiguous nor in memory order
    view = shown(heatmap=turned, picture=PICTURE.transpose(1, 0, 2))
    assert view.shape == [30, 20]
    sent = np.frombuffer(view.heatmap, "<f4").reshape(30, 20)
    for row in range(30):
        for column in range(20):
            assert sent[row, column] == MAP[column, 29 - row]
    assert np.array_equal(pixels(view.picture), PICTURE.transpose(1, 0, 2))
    assert np.array_equal(np.frombuffer(view.lookup, np.uint8).reshape(256, 3), TABLE)


def test_one_message_carries_the_whole_result(messages):
    view = ExplanationView()
    messages.clear()
    shown(view, title="T", alt="A", notes=["n"], warnings=["w"], unit="u", code="c", filename="f")
    [(message, buffers)] = messages
    assert message["method"] == "update"
    assert len(buffers) == 3  # picture, heatmap, lookup
    state = message["state"]
    words = {n: state[n] for n in ("title", "alt", "notes", "warnings", "unit", "code", "filename")}
    assert words == {
        "title": "T",
        "alt": "A",
        "notes": ["n"],
        "warnings": ["w"],
        "unit": "u",
        "code": "c",
        "filename": "f",
    }
    assert state["shape"] == [20, 30]
    messages.clear()
    view.fail("broken")
    assert len(messages) == 1


def test_a_new_result_leaves_the_visitors_look_alone():
    view = shown()
    look = {"mode": "split", "opacity": 0.25, "blend": "value", "split": 0.75, "zoom": 4.0}
    view.set_state(look | {"gray_picture": False})
    shown(view, heatmap=np.abs(MAP), low=0, kind="sequential")
    assert {name: getattr(view, name) for name in look} == look
    assert view.gray_picture is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"picture": PICTURE.astype(np.float32)}, "uint8"),
        ({"picture": PICTURE[:, :, :2]}, r"\(20, 30, 2\)"),
        ({"heatmap": MAP[None]}, r"\(1, 20, 30\)"),
        ({"heatmap": MAP[:, :15]}, "other proportions"),
        ({"heatmap": np.where(MAP > 1, np.nan, MAP)}, "NaN"),
        ({"heatmap": MAP.astype(complex)}, "complex"),
        ({"lookup": TABLE[:255]}, r"\(255, 3\)"),
        ({"lookup": TABLE / 255}, "float64"),
        ({"low": 0.0, "kind": "sequential"}, "sequential"),
        ({"low": -HIGH / 2}, "symmetric"),
        ({"low": 0.0, "high": 0.0}, "zeros"),
        ({"high": float("inf")}, "finite"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(changes, words, messages):
    view = ExplanationView()
    messages.clear()
    with pytest.raises(InvalidValueError, match=words):
        shown(view, **changes)
    assert messages == []
    assert (view.picture, view.heatmap, view.high) == (b"", b"", 0.0)


def test_a_picture_smaller_than_its_map_is_enlarged_never_the_map():
    view = shown(picture=PICTURE[::2, ::2])
    assert pixels(view.picture).shape == (20, 30, 3)
    assert np.array_equal(np.frombuffer(view.heatmap, "<f4").reshape(20, 30), MAP)
    coarse = shown(heatmap=MAP[:4, :6])
    assert coarse.shape == [4, 6]
    assert pixels(coarse.picture).shape == (20, 30, 3)


def test_ticks_state_both_ends_and_zero_in_raw_values():
    view = shown(low=-0.5, high=0.5, heatmap=MAP / HIGH / 2)
    values = [value for value, _ in view.ticks]
    assert values[0] == -0.5
    assert values[-1] == 0.5
    assert [0.0, "0"] in [list(tick) for tick in view.ticks]
    assert view.ticks[-1][1] == "0.5"
    assert view.ticks[0][1] == "−0.5"
    view.low = -3  # set one by one, between two scales there is none
    assert view.ticks == []
    view.high = 3
    assert view.ticks[-1] == [3.0, "3"]


def test_clipping_and_zeros_are_said():
    assert shown().clipped == ""
    clipped = shown(low=-HIGH / 2, high=HIGH / 2).clipped
    assert clipped.startswith("clipped at")
    assert f"{HIGH:.3g}" in clipped
    assert shown(clipped="at the 99th percentile").clipped == "at the 99th percentile"
    assert shown(heatmap=MAP * 0, low=0, high=0, kind="sequential").clipped == "all zeros"


def test_a_made_picture_takes_the_heatmaps_place_and_back():
    view = shown()
    made = PICTURE[:10, :7]
    view.show_image(made, title="Dream", picture=PICTURE)
    assert np.array_equal(pixels(view.image), made)
    assert np.array_equal(pixels(view.picture), PICTURE)
    assert (view.heatmap, view.shape, view.title) == (b"", [0, 0], "Dream")
    view.show_image(made)
    assert view.picture == b""
    shown(view)
    assert view.image == b""
    with pytest.raises(InvalidValueError, match="uint8"):
        view.show_image(made.astype(float))


def test_waiting_failing_and_showing_follow_each_other():
    view = shown()
    picture = view.picture
    view.waiting("computing")
    view.progress = 0.25
    assert (view.busy, view.progress_text, view.progress) == (True, "computing", 0.25)
    view.fail("There is no neuron 7.")
    assert (view.busy, view.progress_text, view.progress) == (False, "", -1)
    assert (view.error, view.picture) == ("There is no neuron 7.", picture)
    view.waiting("computing again")
    assert view.error == ""
    view.fail("x")
    shown(view)
    assert (view.error, view.busy) == ("", False)


def test_misspelt_names_are_refused_with_the_right_one():
    with pytest.raises(UnknownNameError, match="opacity"):
        ExplanationView(opacty=0.5)
    with pytest.raises(UnknownNameError, match="side_by_side"):
        ExplanationView(mode="side-by-side")
    with pytest.raises(UnknownNameError, match="uniform"):
        ExplanationView().blend = "unifrom"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("opacity", 1.01),
        ("opacity", float("nan")),
        ("opacity", True),
        ("split", -0.1),
        ("zoom", 0.5),
        ("zoom", "2"),
        ("progress", 1.5),
        ("progress", -0.5),
    ],
)
def test_numbers_out_of_range_are_refused_and_not_kept(name, value):
    view = ExplanationView()
    before = getattr(view, name)
    with pytest.raises(InvalidValueError, match="is a number from"):
        setattr(view, name, value)
    assert getattr(view, name) == before


def test_the_front_end_is_one_module_with_what_it_imports_before_it():
    text = ExplanationView._esm
    names = ("connection", "fitting")
    places = [text.index(f"function {name}(") for name in names]
    assert places == sorted(places)
    assert text.count("export default") == 1
    assert text.index("export default") > places[-1]
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_it_loads_neither_tensorflow_nor_matplotlib():
    code = (
        "import sys; from cnnvis_widgets.widgets.explorer import explanation_view as v\n"
        "v.ExplanationView()\n"
        "print([m for m in ('tensorflow', 'matplotlib', 'skimage') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
