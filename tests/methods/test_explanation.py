"""An explanation's ways to be looked at and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from PIL import Image

from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError

RNG = np.random.default_rng(23)
PICTURE = RNG.integers(0, 256, (50, 41, 3), dtype=np.uint8)
MODES = ("overlay", "side_by_side", "split", "contour", "heatmap")


@pytest.fixture(scope="module")
def explanation(twins: Any) -> Any:
    return explain(twins("fused")[1], PICTURE, method="guided_grad_cam", neuron=1)


def test_saved_numbers_are_the_raw_ones(explanation: Any, tmp_path: Path) -> None:
    for name in ("raw.npy", "RAW.NPY"):
        path = explanation.save(tmp_path / name)
        assert path == tmp_path / name
        raw = np.load(path)
        assert raw.dtype == np.float32
        np.testing.assert_array_equal(raw, explanation.attribution)


@pytest.mark.parametrize(
    ("ending", "start"),
    [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml"), ("PNG", b"\x89PNG")],
)
def test_saved_figures_are_of_their_format(
    explanation: Any, tmp_path: Path, ending: str, start: bytes
) -> None:
    path = explanation.save(str(tmp_path / f"figure.{ending}"), mode="side_by_side")
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_dots_per_inch(explanation: Any, tmp_path: Path) -> None:
    sizes = []
    for dpi in (50, 100):
        with Image.open(explanation.save(tmp_path / f"{dpi}.png", dpi=dpi)) as image:
            sizes.append(image.size)
    assert abs(sizes[1][0] - 2 * sizes[0][0]) <= 2


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("figure.docx", InvalidValueError, r"\.docx.*npy.*png"),
        ("figure", InvalidValueError, r"ending.*\.png"),
        ("missing/figure.png", FileError, "missing"),
        ("missing/raw.npy", FileError, "missing"),
    ],
)
def test_what_cannot_be_written_is_said(
    explanation: Any, tmp_path: Path, name: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        explanation.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_draws(explanation: Any, mode: str) -> None:
    drawn = explanation.plot(mode)
    text = " ".join(
        t.get_text()
        for axes in drawn.axes
        for t in (axes.title, axes.yaxis.label, axes.xaxis.label)
    )
    text += " ".join(t.get_text() for t in drawn.texts)
    everything = text + str(drawn._suptitle.get_text() if drawn._suptitle else "") + drawn.alt
    assert "Guided Grad-CAM" in everything
    assert explanation.method.unit.split()[0] in everything
    drawn.canvas.draw()


def test_an_unknown_mode_or_option_is_refused(explanation: Any) -> None:
    with pytest.raises(CnnvisError, match="overlay"):
        explanation.plot("overlaid")
    with pytest.raises(TypeError, match="colourmap"):
        explanation.plot(colourmap="jet")


def test_an_input_of_floats_is_drawn_as_its_map_alone(twins: Any, tmp_path: Path) -> None:
    pixels = RNG.normal(size=SHAPE).astype(np.float32)
    explanation = explain(twins("fused")[1], pixels, method="saliency", neuron=1)
    assert explanation.picture is None
    for mode in MODES:
        explanation.plot(mode).canvas.draw()
    assert explanation.save(tmp_path / "map.png").stat().st_size > 1000


def test_notes_stand_under_the_figure(twins: Any) -> None:
    import keras

    from cnnvis_widgets.backend.network import Network

    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.set_weights([np.zeros((189, 2)), np.zeros(2)])
    explanation = explain(Network(model), PICTURE, method="saliency", neuron=1)
    assert len(explanation.notes) == 1
    drawn = explanation.plot("heatmap")
    drawn.canvas.draw()
    words = [
        t.get_text()
        for axes in drawn.axes
        for t in axes.findobj(match=lambda a: hasattr(a, "get_text"))
    ]
    words += [t.get_text() for t in drawn.texts]
    assert any("All zeros" in " ".join(w.split()) for w in words)


def test_an_explanation_is_a_frozen_record(explanation: Any) -> None:
    with pytest.raises(AttributeError):
        explanation.value = 3
    assert (
        explanation != explanation.heatmap
    )  # two explanations are compared as things, not array by array
    assert explanation == explanation


@pytest.mark.parametrize("name", ["US$ 5 or US$ 10", "$_old_$", "Ba$$in", r"US\$"])
def test_a_dollar_in_a_name_is_a_dollar(twins: Any, tmp_path: Path, name: str) -> None:
    from dataclasses import replace

    explanation = replace(explain(twins("fused")[1], PICTURE, neuron=1), label=name)
    drawn = explanation.plot()
    drawn.canvas.draw()  # a formula that cannot be set raises here
    assert drawn.get_suptitle().replace("\\$", "$").count("$") == name.count("$")
    assert drawn._suptitle._preprocess_math(drawn.get_suptitle())[1] is False
    assert explanation.save(tmp_path / "figure.png").exists()
