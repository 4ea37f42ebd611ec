from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering import Panel, Scale, figure, grid, picture_figure
from cnnvis_widgets.rendering.pictures import blended_table, colorize, overlay

RNG = np.random.default_rng(11)
PICTURE = RNG.integers(0, 256, (40, 60, 3), dtype=np.uint8)
MAP = RNG.random((40, 60)).astype(np.float32) * 0.0134
MAP[7, 21] = 0.0134
SIGNED = MAP - 0.004
ZEROS = np.zeros((40, 60), np.float32)


def shown(result: Figure) -> list[Any]:
    """The text objects that are not empty, once the ticks have theirs."""
    result.set_layout_engine("none")  # their places do not matter here, and take long
    result.draw_without_rendering()
    labels: list[Any] = result.findobj(Text)
    return [t for t in labels if t.get_visible() and t.get_text()]


def texts(result: Figure) -> list[str]:
    return [t.get_text().replace("\n", " ") for t in shown(result)]


def images(result: Figure) -> list[np.ndarray]:
    return [np.asarray(i.get_array()) for ax in result.axes for i in ax.images]


@pytest.mark.parametrize("mode", ["overlay", "side_by_side", "contour", "split", "heatmap"])
def test_every_mode_has_title_caption_unit_and_raw_ticks(mode: Any) -> None:
    result = figure(PICTURE, MAP, title="Grad-CAM", unit="logit", caption="a note", mode=mode)
    assert {"Grad-CAM", "logit", "a note", "0", "0.005", "0.010", "0.0134"} <= set(texts(result))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_it_saves_as_picture_and_as_paper_with_its_description(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"figure.{ending}"
    figure(PICTURE, SIGNED, title="LIME", mode="contour").savefig(path)
    data = path.read_bytes()
    assert data.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending])
    if ending == "png":
        assert "most positive" in Image.open(path).info["Description"]
    if ending == "svg":
        assert "most positive" in data.decode()


def test_the_overlay_shows_the_pictures_pixels_and_the_bar_their_colours() -> None:
    result = figure(PICTURE, MAP, opacity=0.5)
    np.testing.assert_array_equal(images(result)[0], overlay(PICTURE, MAP, opacity=0.5))
    bar = result.axes[-1].collections[-1].get_cmap()(np.arange(256))[:, :3] * 255
    np.testing.assert_allclose(bar, blended_table(Scale.of(MAP), opacity=0.5), atol=0.51)


def test_side_by_side_shows_a_coarse_map_at_its_own_resolution() -> None:
    coarse = RNG.random((4, 6))
    left, right = images(figure(PICTURE, coarse, mode="side_by_side"))[:2]
    np.testing.assert_array_equal(left, PICTURE)
    np.testing.assert_array_equal(right, colorize(coarse))


def test_signed_maps_have_a_bar_symmetric_about_zero() -> None:
    result = figure(PICTURE, SIGNED, mode="heatmap")
    low, high = result.axes[-1].get_ylim()
    assert low == pytest.approx(-high)
    assert high == pytest.approx(np.abs(SIGNED).max())
    assert {"−0.0094", "0", "0.0094"} <= set(texts(result))


@pytest.mark.parametrize("mode", ["overlay", "side_by_side", "contour", "split", "heatmap"])
def test_zeros_are_said(mode: Any) -> None:
    result = figure(PICTURE, ZEROS, mode=mode)
    assert texts(result).count("all zeros") == 2  # on the map and at the bar
    assert "all zeros" in result.alt


def test_zeros_are_said_on_a_scale_that_is_not() -> None:
    result = figure(PICTURE, ZEROS, scale=Scale.of(MAP))
    assert texts(result).count("all zeros") == 1


def test_clipping_is_said() -> None:
    result = figure(PICTURE, MAP, scale=Scale.of(MAP, percentile=99))
    assert any("clipped at the 99th percentile (largest value 0.0134)" in t for t in texts(result))
    assert "clipped at the 99th percentile" in result.alt
    assert not any("clipped" in t for t in texts(figure(PICTURE, MAP)))


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(UnknownNameError, match="overlay"):
        figure(PICTURE, MAP, mode="overlaid")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="none was given"):
        figure(None, MAP)
    with pytest.raises(UnknownNameError, match="lightness"):
        figure(PICTURE, MAP, colormap="jet")
    with pytest.raises(InvalidValueError, match="NaN"):
        figure(PICTURE, np.where(MAP > 0.01, np.nan, MAP))


def test_contours_stand_where_the_values_are() -> None:
    heatmap = np.zeros((40, 60))
    heatmap[5:10, 40:50] = 1
    lines = list(figure(PICTURE, heatmap, mode="contour").axes[0].lines)
    assert len(lines) == 3
    for line in lines:
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        assert (x.min() + x.max()) / 2 == pytest.approx(44.5)
        assert (y.min() + y.max()) / 2 == pytest.approx(7)
        assert 39 < x.min() < 40


def bars(result: Figure) -> list[tuple[float, float]]:
    return [ax.get_ylim() for ax in result.axes if ax.get_label() == "<colorbar>"]


ROWS = [
    [Panel(PICTURE, MAP, "unit 1"), Panel(PICTURE, MAP * 2, "unit 2")],
    [Panel(PICTURE, MAP * 3, "unit 3"), Panel(PICTURE, MAP * 4, "unit 4")],
]


@pytest.mark.parametrize(
    ("share", "highs"),
    [
        ("none", [1, 2, 3, 4]),
        ("all", [4]),
        ("row", [2, 4]),
    ],
)
def test_a_grid_shares_scales_as_told(share: Any, highs: list[int]) -> None:
    result = grid(ROWS, share=share)
    tops = [bar[1] for bar in bars(result)]
    assert tops == pytest.approx([0.0134 * k for k in highs], rel=1e-6)
    assert {"unit 1", "unit 2", "unit 3", "unit 4"} <= set(texts(result))


def test_a_shared_scale_is_the_one_the_pixels_have() -> None:
    by_column = images(grid(ROWS, share="column"))
    for (r, c), factor in {(0, 0): 3, (0, 1): 4}.items():
        heatmap = ROWS[r][c].heatmap
        assert heatmap is not None
        expected = overlay(PICTURE, heatmap, Scale.of(MAP * factor))
        np.testing.assert_array_equal(by_column[2 * r + c], expected)


def test_a_grid_mixes_pictures_maps_gaps_and_signs() -> None:
    result = grid(
        [[Panel(PICTURE, label="picture", alt="noise"), Panel(PICTURE, SIGNED, "LIME"), None],
         [Panel(None, ZEROS, "CAM")]],
        row_labels=["cat", "dog"], title="methods", colormap=("viridis", "coolwarm"),
    )  # fmt: skip
    assert {"picture", "LIME", "CAM", "cat", "dog", "methods", "all zeros"} <= set(texts(result))
    assert "Row 1, column 1, picture: noise" in result.alt
    assert "Row 2, column 1, CAM: Heatmap" in result.alt
    np.testing.assert_array_equal(images(result)[-1], colorize(ZEROS, colormap="viridis"))


def test_a_grid_refuses_what_cannot_be_meant() -> None:
    own = Panel(PICTURE, MAP, scale=Scale(0, 1, "sequential"))
    assert bars(grid([[own]])) == [(0, 1)]
    with pytest.raises(InvalidValueError, match="brings its own"):
        grid([[own, own]], share="all")
    with pytest.raises(InvalidValueError, match="at least one panel"):
        grid([[None]])
    with pytest.raises(InvalidValueError, match="2 rows, but 1 row labels"):
        grid(ROWS, row_labels=["one"])
    with pytest.raises(UnknownNameError, match="column"):
        grid(ROWS, share="columns")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="contour"):
        grid(ROWS, mode="side_by_side")  # type: ignore[arg-type]


def test_a_made_picture_is_shown_as_it_is() -> None:
    result = picture_figure(PICTURE, "Activation maximisation", caption="200 steps")
    np.testing.assert_array_equal(images(result)[0], PICTURE)
    assert texts(result) == ["Activation maximisation", "200 steps"]
    assert result.alt == "Activation maximisation"


def test_letters_are_legible_from_the_last_row() -> None:
    result = figure(PICTURE, MAP, title="t", unit="u", caption="c")
    sizes = [t.get_fontsize() for t in shown(result)]
    assert min(sizes) >= 14


def test_a_notebook_gets_the_picture_and_its_description() -> None:
    data, metadata = figure(PICTURE, MAP, title="Grad-CAM")._repr_mimebundle_()
    wide, high = Image.open(io.BytesIO(data["image/png"])).size
    assert 700 < wide <= 820
    assert 500 < high <= 650
    assert re.match(r"Grad-CAM\. Heatmap of 40 × 60", metadata["image/png"]["alt"])
    assert data["text/plain"] == metadata["image/png"]["alt"]


def test_what_a_page_shows_has_alternative_text_and_holds_the_same_picture() -> None:
    data, _ = figure(PICTURE, MAP, title='<b> & "c"')._repr_mimebundle_()
    alt, source = re.findall(
        r'alt="([^"]*)" src="data:image/png;base64,([^"]*)"', data["text/html"]
    )[0]
    assert alt.startswith("&lt;b&gt; &amp; &quot;c&quot;. Heatmap of 40 × 60")
    assert base64.b64decode(source) == data["image/png"]


def test_flat_maps_get_a_flat_grid() -> None:
    def height(rows: int, columns: int) -> float:
        panel = Panel(heatmap=np.ones((rows, columns)))
        return grid([[panel, panel]], mode="heatmap").get_size_inches()[1]

    assert height(7, 7) == pytest.approx(0.8 + 3.4)
    assert height(3, 4) == pytest.approx(0.8 + 3.4 * 0.75)
    assert height(8, 4) == height(90, 4) == pytest.approx(0.8 + 3.4 * 2)


def test_making_figures_changes_no_setting() -> None:
    before = dict(matplotlib.rcParams)
    figure(PICTURE, SIGNED, mode="contour").savefig(io.BytesIO())
    grid(ROWS).savefig(io.BytesIO(), format="svg")
    assert dict(matplotlib.rcParams) == before


def test_what_a_threshold_leaves_out_is_the_picture_in_figure_and_bar() -> None:
    least = 0.006
    result = figure(PICTURE, MAP, least=least, opacity=0.5, gray_picture=False)
    shown_there, bar = images(result)[0], blended_table(Scale.of(MAP), opacity=0.5, least=least)
    under = np.abs(MAP) < least
    assert 0.3 < under.mean() < 0.6
    assert (shown_there[under] == PICTURE[under]).all()
    colours = colorize(MAP)
    half = (PICTURE.astype(float) + colours)[~under] / 2
    assert np.abs(shown_there[~under] - half).max() <= 0.5
    grey = (bar == 128).all(axis=1)
    assert abs(grey.sum() / 256 - least / MAP.max()) < 1 / 128
    signed = blended_table(Scale.of(SIGNED), least=0.004)
    middle = (signed == 128).all(axis=1).nonzero()[0]
    assert abs(middle.mean() - 127.5) < 1
    assert abs(len(middle) / 256 - 0.004 / np.abs(SIGNED).max()) < 1 / 64


def test_a_split_stands_where_it_is_told_and_contours_keep_colours_if_told() -> None:
    left = images(figure(PICTURE, MAP, mode="split", split=0.25))[0]
    assert (left[:, :13] == PICTURE[:, :13]).all()
    assert (left[:, 17:] == colorize(MAP)[:, 17:]).all()
    coloured = images(figure(PICTURE, MAP, mode="contour", gray_picture=False))[0]
    assert (coloured == PICTURE).all()
