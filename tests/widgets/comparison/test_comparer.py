"""The comparer without a browser: what is asked, in which order, and what is shown of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.requests import Explain, Open
from cnnvis_widgets.engine.trust import Check
from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering import png_bytes
from cnnvis_widgets.study.grid_requests import METHODS, Cell, Fill
from cnnvis_widgets.widgets import Comparer
from cnnvis_widgets.widgets.explorer.trust_strip import UNDER_WAY, check_records

PNG = png_bytes(np.zeros((4, 6, 3), np.uint8))
NO_INNER = "LIME explains output units only"


def made_up(request: Any) -> Any:
    """What a worker would answer."""
    if not isinstance(request, Fill):
        return None
    run = request.run
    if run.method == "lime" and run.neuron != "output":
        return Cell(run, "", None, NO_INNER, "", b"")
    layer = None if run.neuron == "output" else "block2"
    return Cell(run, f"unit of {run.neuron}", Neuron(layer, 3), "", f"map of {run}", PNG)


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble(made_up)


def made(engine: EngineDouble, **options: Any) -> Comparer:
    given = {"networks": ["mini_vgg", "mini_resnet"], "images": ["cat", "scene:3"], **options}
    return Comparer(**given, engine=engine)


def finish(engine: EngineDouble, of: Comparer | None = None) -> list[Fill]:
    return engine.answer_all("fill", of)


def test_the_thesis_s_grid_is_asked_for_cell_by_cell(engine: EngineDouble) -> None:
    comparer = made(engine)
    assert len(engine.requests) == 1  # others get their turn in between
    grid = comparer.grid
    assert [m["name"] for m in grid.methods] == list(METHODS)
    assert [(r["picture"], r["neuron"]) for r in grid.rows] == [
        (picture, neuron)
        for picture in ("cat", "scene:3")
        for neuron in ("output", "upper layer", "top layer")
    ]
    assert "on cat" in grid.working
    engine.answer("fill")
    assert (grid.done, grid.rows[0]["label"]) == (1, "unit of output")
    answered = finish(engine)
    assert (grid.done, grid.working) == (42, "")
    assert {a.network for a in answered} == {"mini_vgg"}
    assert [a.run.method for a in answered[-6:]] == ["lime"] * 6  # what takes long comes last
    assert grid._cells[1, 6][0]["why"] == NO_INNER
    assert grid._cells[0, 6] == ({"alt": grid._cells[0, 6][0]["alt"], "why": ""}, PNG)


def test_another_network_drops_what_waits(engine: EngineDouble) -> None:
    comparer = made(engine)
    request, late, *_ = engine.waiting["fill"]
    comparer.grid.network = "mini_resnet"
    assert engine.waiting["fill"].request.network == "mini_resnet"
    assert comparer.grid.done == 0
    late(Cell(request.run, "late", Neuron(None, 1), "", "late", PNG))  # it crossed with the choice
    assert comparer.grid.done == 0
    assert {a.run.network for a in finish(engine)} == {"mini_resnet"}


def test_it_is_stopped_and_goes_on(engine: EngineDouble) -> None:
    comparer = made(engine)
    engine.answer("fill")
    comparer.grid._receive(None, {"kind": "cancel"}, None)
    assert not engine.waiting
    assert (comparer.grid.working, comparer.grid.done) == ("", 1)
    comparer.grid._receive(None, {"kind": "continue"}, None)
    finish(engine)
    assert comparer.grid.done == 42
    comparer.go_on()
    assert not engine.waiting


def test_what_fails_stands_beside_the_control_and_may_be_tried_again(engine: EngineDouble) -> None:
    comparer = made(engine)
    engine.answer("fill", FileError("no weights here"))
    assert comparer.grid.error == "no weights here"
    assert comparer.grid.working == ""
    comparer.go_on()
    assert "fill" in engine.waiting


def test_a_cell_opens_in_the_explorer(engine: EngineDouble) -> None:
    comparer = made(engine)
    finish(engine)
    assert comparer.explorer is None
    comparer.grid.selected = [0, 3]
    explorer = comparer.explorer
    assert explorer is not None and comparer.children[1] is explorer
    assert (explorer.networks.value, explorer.pictures.value) == ("mini_vgg", "cat")
    assert explorer.methods.value == "grad_cam"
    assert explorer._first == Neuron(None, 3)
    engine.requests.clear()
    comparer.grid.selected = [5, 1]  # the drawn picture becomes an upload, once
    assert engine.requests == [Open("mini_vgg")]
    assert (explorer.methods.value, explorer._first) == ("saliency", Neuron("block2", 3))
    name = explorer.pictures.value
    assert np.array_equal(explorer.pictures.uploads[name], comparer.study.pictures["scene:3"].image)
    comparer.grid.selected = [4, 0]
    assert explorer.pictures.value == name
    assert len(explorer.pictures.uploads) == 1
    assert comparer.explorer is explorer


CHECKS = check_records(
    [Check("coverage", "good", 0.0, "All of it."), Check("edges", "bad", 0.95, "Only edges.")]
)


def test_what_the_explorer_finds_is_marked_in_the_cell(
    engine: EngineDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparer = made(engine, methods={"fine": ("smoothgrad", {"samples": 7})})
    finish(engine)
    sent: list[Any] = []
    comparer.grid.selected = [4, 0]
    explorer = comparer.explorer
    assert explorer is not None
    monkeypatch.setattr(comparer.grid, "send", lambda content, _=None: sent.append(content))
    parameters = {**comparer.study.methods["fine"]["parameters"]}
    picture = explorer.pictures.value
    asked = Explain(
        "mini_vgg",
        picture,
        "smoothgrad",
        Neuron("block2", 3),
        parameters.pop("seed", 0),
        parameters,
    )
    explorer._asked = asked
    explorer.trust.checks = [UNDER_WAY]
    explorer.trust.checks = [CHECKS[0], UNDER_WAY]
    assert not sent  # more are to come
    explorer.trust.checks = CHECKS
    (message,) = sent
    assert {name: message[name] for name in ("kind", "network", "row", "column")} == {
        "kind": "checks", "network": "mini_vgg", "row": 4, "column": 0
    }  # fmt: skip
    assert message["checks"] == [
        {"title": "Coverage", "verdict": "good", "sentence": "All of it."},
        {"title": "Edge detector", "verdict": "bad", "sentence": "Only edges."},
    ]
    sent.clear()
    comparer.grid._receive(None, {"kind": "ready"}, None)  # a page that is opened later
    assert [one["kind"] for one in sent].count("checks") == 1

    # The visitor has turned the explorer to another map: that is not this cell's.
    for other in (
        replace(asked, method="saliency"),
        replace(asked, network="mini_resnet"),
        replace(asked, neuron=Neuron("block2", 4)),
        replace(asked, parameters={**parameters, "samples": 8}),
    ):
        sent.clear()
        explorer.trust.checks = []
        explorer._asked = other
        explorer.trust.checks = CHECKS
        assert not sent
    comparer.grid.network = "mini_resnet"
    assert not comparer.grid._checks
    explorer._asked = asked
    explorer.trust.checks = []
    explorer.trust.checks = CHECKS
    assert not comparer.grid._checks


def test_a_cell_without_a_map_says_why_instead(engine: EngineDouble) -> None:
    comparer = made(engine)
    comparer.grid.selected = [0, 0]
    assert comparer.grid.error == "This map is not computed yet."
    finish(engine)
    comparer.grid.selected = [1, 6]
    assert comparer.grid.error == NO_INNER
    assert comparer.explorer is None


def test_what_the_page_sends_wrongly_is_refused_and_told(engine: EngineDouble) -> None:
    comparer = made(engine)
    grid = comparer.grid
    grid.set_state({"network": "vgg17"})
    assert "vgg17" in grid.error and grid.network == "mini_vgg"
    grid.set_state({"selected": [0, 7]})
    assert "a column from 0 to 6" in grid.error and grid.selected is None
    for bad in ([6, 0], [0, -1], "ab", [1], 3, [0.5, 1]):
        with pytest.raises(InvalidValueError, match="selected is a row from 0"):
            grid.selected = bad


def test_a_page_that_comes_later_gets_all_cells(
    engine: EngineDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparer = made(engine)
    finish(engine)
    sent: list[Any] = []
    monkeypatch.setattr(comparer.grid, "send", lambda content, buffers=None: sent.append(content))
    comparer.grid._receive(None, {"kind": "ready"}, None)
    kinds = [content["kind"] for content in sent]
    assert (kinds.count("picture"), kinds.count("cell")) == (2, 42)


def test_a_folder_of_its_own_goes_and_a_given_one_stays(
    engine: EngineDouble, tmp_path: Path
) -> None:
    comparer = made(engine)
    own = comparer.study.store.path
    assert own.is_dir()
    comparer.close()
    assert not own.exists()
    assert not engine.waiting
    made(engine, path=tmp_path / "kept").close()
    assert (tmp_path / "kept" / "study.json").is_file()
    with pytest.raises(InvalidValueError, match="seed"):
        made(engine, path=tmp_path / "kept", seed=1)


def test_bad_arguments_are_refused(engine: EngineDouble) -> None:
    with pytest.raises(UnknownNameError, match="grad_cam"):
        made(engine, methods=["gradcam"])
    with pytest.raises(TypeError, match="neuron"):
        made(engine, neuron="output")


def test_two_share_nothing(engine: EngineDouble) -> None:
    one, two = made(engine), made(engine, images=["coffee"])
    finish(engine, one)
    assert (one.grid.done, two.grid.done) == (42, 0)
    assert one.study.store.path != two.study.store.path


def test_the_real_engine_fills_it_and_finds_it_again(tmp_path: Path) -> None:
    import threading

    from cnnvis_widgets.engine import InProcessEngine

    options: dict[str, Any] = {
        "networks": "mini_vgg",
        "images": "scene:3",
        "methods": {"grad_cam": "grad_cam", "lime": ("lime", {"samples": 60})},
        "path": tmp_path / "study",
    }
    for _ in range(2):
        engine, over = InProcessEngine(), threading.Event()
        comparer = Comparer(**options, engine=engine)
        comparer.grid.observe(lambda change, over=over: change["new"] or over.set(), "working")
        if not comparer.grid.working:
            over.set()
        assert over.wait(120)
        assert comparer.grid.error == ""
        assert comparer.grid.done == 6
        assert NO_INNER in comparer.grid._cells[1, 1][0]["why"]
        labels = [row["label"] for row in comparer.grid.rows]
        assert "of block3_conv2" in labels[1] and "of block4_conv2" in labels[2]
        comparer.close()
    assert len((tmp_path / "study" / "runs.jsonl").read_text().splitlines()) == 6


def test_neither_tensorflow_nor_matplotlib_is_loaded_for_the_page() -> None:
    code = (
        "import sys, cnnvis_widgets as cnnvis\n"
        "from cnnvis_widgets.engine import InProcessEngine\n"
        "class Quiet(InProcessEngine):\n"
        "    def submit(self, *a, **k): pass\n"
        "cnnvis.Comparer(['mini_vgg'], ['cat', 'scene:1'], engine=Quiet())\n"
        "print(sorted(m for m in sys.modules if m in "
        "('tensorflow', 'keras', 'matplotlib', 'skimage', 'sklearn', 'lime')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
