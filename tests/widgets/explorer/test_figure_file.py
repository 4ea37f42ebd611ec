"""Figures of what a view shows: vectors around an image of the map, and a caption."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.rendering import Scale, choose_colormap, colorize, lookup, overlay
from cnnvis_widgets.widgets.explorer.explanation_state import heatmap_state, image_state
from cnnvis_widgets.widgets.explorer.figure_file import caption, figure_file, figure_of, least_shown

RNG = np.random.default_rng(8)
PICTURE = RNG.integers(0, 256, (10, 15, 3), dtype=np.uint8)
SIGNED = RNG.normal(size=(10, 15)).astype(np.float32)
WORDS = {"title": "Grad-CAM · cat · Net", "alt": "what is seen", "notes": ["A note."]}
WORDS |= {"warnings": ["A note.", "Not as published."], "unit": "per grey level"}
LOOK = {"mode": "overlay", "opacity": 0.6, "blend": "uniform", "threshold": 0.0}
LOOK |= {"gray_picture": True, "split": 0.5}
FACTS = (
    ("Picture", "a cat"),
    ("Network", "Net"),
    ("Seed", "3"),
    ("Array", f"10 × 15, float32, little-endian, SHA-256 {'ab' * 32}"),
)
SVG = "{http://www.w3.org/2000/svg}"


def state(values: np.ndarray = SIGNED, percentile: float = 100) -> dict[str, Any]:
    scale = Scale.of(values, percentile=percentile)
    table = lookup(choose_colormap(scale.kind))
    return {
        **heatmap_state(PICTURE, values, table, scale.low, scale.high, scale.kind),
        **WORDS,
    }


def colours(pixels: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(int(v) for v in colour) for colour in pixels.reshape(-1, 3)}


def largest_image(root: ElementTree.Element) -> np.ndarray:
    """The pixels of the map in an SVG."""
    made = []
    for element in root.iter(f"{SVG}image"):
        link = element.get("{http://www.w3.org/1999/xlink}href", "")
        file = base64.b64decode(link.partition("base64,")[2])
        made.append(np.asarray(Image.open(io.BytesIO(file)).convert("RGB")))
    return max(made, key=lambda pixels: min(pixels.shape[:2]))


def test_an_svg_has_the_maps_pixels_and_letters_as_vectors() -> None:
    look = {**LOOK, "threshold": 0.5, "opacity": 0.7, "gray_picture": False}
    root = ElementTree.fromstring(figure_file(state(), look, FACTS, "svg"))
    cut = np.sort(np.abs(SIGNED).ravel())[75]
    expected = overlay(
        PICTURE, SIGNED, Scale.of(SIGNED), opacity=0.7, gray_picture=False, least=float(cut)
    )
    assert (np.abs(SIGNED) < cut).sum() == 75
    assert colours(largest_image(root)) == colours(expected)
    assert len(list(root.iter(f"{SVG}path"))) > 30  # letters
    assert "per grey level" in "".join(figure_texts(look))


def figure_texts(look: dict[str, Any]) -> list[str]:
    drawn = figure_of(state(), look, FACTS)
    return [text.get_text() for text in drawn.findobj(match=lambda one: hasattr(one, "get_text"))]


def test_a_pdf_has_fonts_and_an_image() -> None:
    content = figure_file(state(), LOOK, FACTS, "pdf")
    assert content.startswith(b"%PDF")
    assert b"/Subtype /Image" in content
    assert b"/Type /Font" in content


@pytest.mark.parametrize("mode", ["split", "side_by_side", "heatmap", "contour", "picture"])
def test_each_way_of_showing_a_map_can_be_saved(mode: str) -> None:
    drawn = figure_of(state(), {**LOOK, "mode": mode, "split": 0.2}, FACTS)
    pixels = [np.asarray(image.get_array()) for ax in drawn.axes for image in ax.images]
    made = {
        "split": colorize(SIGNED, Scale.of(SIGNED))[:, 5:],
        "heatmap": colorize(SIGNED, Scale.of(SIGNED)),
        "picture": PICTURE,
    }
    if mode in made:
        wanted = made[mode]
        assert (pixels[0][:, -wanted.shape[1] :] == wanted).all()
    assert len(pixels) >= (2 if mode == "side_by_side" else 1)
    assert figure_file(state(), {**LOOK, "mode": mode}, FACTS, "svg").startswith(b"<?xml")


def test_a_scale_that_clips_is_said_to() -> None:
    drawn = figure_of(state(percentile=80), LOOK, FACTS)
    labels = " ".join(ax.get_ylabel() for ax in drawn.axes).replace("\n", " ")
    assert "clipped at" in labels


def test_a_caption_says_what_it_is_what_is_left_out_and_each_note_once() -> None:
    text = caption(state(), FACTS, least=0.0134, share=0.9)
    assert text.splitlines() == [
        "Picture: a cat. Seed: 3. Array: 10 × 15, float32, little-endian, SHA-256 "
        "abababababababab… Left out: the 90 % of the pixels below 0.0134.",
        "A note.",
        "Not as published.",
    ]
    assert "Left out" not in caption(state(), FACTS)


def test_a_long_caption_makes_the_figure_higher_and_the_picture_no_smaller() -> None:
    short = figure_of({**state(), "notes": [], "warnings": []}, LOOK, ())
    long = figure_of({**state(), "notes": ["words and words " * 40]}, LOOK, ())
    assert long.get_size_inches()[0] == short.get_size_inches()[0]
    assert long.get_size_inches()[1] > short.get_size_inches()[1] + 1.5


def test_a_picture_that_a_method_made_is_a_figure_too() -> None:
    made = {**image_state(PICTURE), **WORDS}
    drawn = figure_of(made, LOOK, FACTS)
    assert (np.asarray(drawn.axes[0].images[0].get_array()) == PICTURE).all()
    assert re.search(b"%PDF", figure_file(made, LOOK, FACTS, "pdf"))


def test_the_threshold_is_the_views() -> None:
    values = np.array([[3.0, -1.0, 2.0, 0.0]], np.float32)
    assert [least_shown(values, share) for share in (0, 0.25, 0.5, 0.99, 1)] == [0, 1, 2, 3, 3]


@pytest.mark.parametrize("kind", ["png", "", None, ["svg"], "../a.svg"])
def test_another_format_is_refused(kind: object) -> None:
    with pytest.raises(UnknownNameError, match="format of a figure"):
        figure_file(state(), LOOK, FACTS, kind)
