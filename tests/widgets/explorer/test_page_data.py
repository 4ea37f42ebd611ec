"""What a saved page holds: exact values, small files, scales, and what is told once."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.rendering import Scale, choose_colormap, colorize, lookup, overlay
from cnnvis_widgets.rendering.pictures import png_bytes
from cnnvis_widgets.widgets.explorer.explanation_state import heatmap_state, image_state
from cnnvis_widgets.widgets.explorer.page_data import PageMap, packed, page_data, thumbnail

RNG = np.random.default_rng(8)
PICTURE = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
SIGNED = RNG.normal(size=(20, 30)).astype(np.float32)


def unpacked(content: bytes, shape: tuple[int, int]) -> list[list[float]]:
    """The values again, by the format's words: value by value, without NumPy."""
    planes = zlib.decompress(content)
    size = shape[0] * shape[1]
    assert len(planes) == 4 * size
    rows = []
    for row in range(shape[0]):
        bits, values = 0, []
        for column in range(shape[1]):
            i = row * shape[1] + column
            difference = sum(planes[k * size + i] << (8 * k) for k in range(4))
            bits = (bits + difference) % 2**32
            values.append(struct.unpack("<f", struct.pack("<I", bits))[0])
        rows.append(values)
    return rows


@pytest.mark.parametrize(
    "values",
    [
        SIGNED,
        np.abs(SIGNED[:7, :5]) * 1e-38,  # also below the smallest normal number
        np.full((3, 11), -2.5, np.float32),
        np.zeros((4, 1), np.float32),
        np.array([[-0.0, 3.4e38, -3.4e38]], np.float32),
        SIGNED.T[::-1],  # neither contiguous nor in memory order
    ],
    ids=["signed", "tiny", "constant", "zeros", "extreme", "turned"],
)
def test_values_come_back_bit_for_bit(values: np.ndarray) -> None:
    values_again = np.array(unpacked(packed(values), values.shape), "<f4")
    assert values_again.tobytes() == np.ascontiguousarray(values).tobytes()


def test_a_smooth_map_takes_less_than_a_third_of_its_bytes() -> None:
    values = np.add.outer(np.hanning(224), np.hanning(224)).astype(np.float32)
    assert len(packed(values)) < values.nbytes / 3


def state(values: np.ndarray, picture: np.ndarray = PICTURE, **words: Any) -> dict[str, Any]:
    scale = Scale.of(values)
    table = lookup(choose_colormap(scale.kind))
    made = heatmap_state(picture, values, table, scale.low, scale.high, scale.kind)
    given = {"title": "a", "alt": "", "notes": [], "warnings": [], "unit": "u", "code": "c"}
    return {**made, **given, "filename": "f", **words}


def held(*maps: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(page_data([PageMap(one) for one in maps]))
    return content


def test_a_picture_and_the_parts_of_a_script_stand_there_once() -> None:
    long = base64.b64encode(PICTURE.tobytes()).decode()
    one = state(SIGNED, code=f'image = """{long}"""\nmethod = 1\n')
    two = state(-SIGNED, code=f'image = """{long}"""\nmethod = 2\n')
    content = held(one, two)
    assert len(content["files"]) == 2  # the picture and the colours
    assert sum(long in text for text in content["texts"]) == 1
    codes = ['"""'.join(content["texts"][i] for i in m["state"]["code"]) for m in content["maps"]]
    assert codes == [one["code"], two["code"]]
    file = base64.b64decode(content["files"][content["maps"][0]["state"]["picture"]])
    assert (np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) == PICTURE).all()


def test_a_script_and_its_page_share_the_picture_that_is_written_into_both() -> None:
    from cnnvis_widgets.engine.script import _base64

    file = png_bytes(PICTURE)
    one = state(SIGNED, code=f"image = load({_base64(file)})\nmethod = 1\n")
    content = held(one)
    [map_] = content["maps"]
    assert map_["state"]["code"] == [0, map_["state"]["picture"], 1]
    assert base64.b64decode(content["files"][map_["state"]["picture"]]) == file
    assert not any(len(text) > 100 for text in content["texts"])


def test_maps_of_one_unit_have_a_scale_together() -> None:
    maps = held(
        state(SIGNED), state(3 * SIGNED[:10, :15]), state(SIGNED, unit="v"), state(abs(SIGNED))
    )["maps"]
    high = float(np.abs(3 * SIGNED[:10, :15]).max())
    high = max(high, float(np.abs(SIGNED).max()))
    for one in maps[:2]:
        assert (one["shared"]["low"], one["shared"]["high"]) == (-high, high)
        assert one["shared"]["clipped"] == ""
        assert one["shared"]["ticks"][0][0] == -high
    assert maps[2]["shared"] is maps[3]["shared"] is None


def test_a_shared_scale_says_of_a_map_that_it_goes_beyond_it() -> None:
    clipped = {**state(SIGNED), "low": -0.5, "high": 0.5}
    maps = held(clipped, clipped)["maps"]
    assert maps[0]["shared"]["high"] == 0.5
    assert maps[0]["shared"]["clipped"].startswith("clipped at 0.5")


def test_a_thumbnail_is_the_map_over_its_picture() -> None:
    small = np.asarray(Image.open(io.BytesIO(thumbnail(state(SIGNED), side=30))))
    assert (small == overlay(PICTURE, SIGNED, Scale.of(SIGNED))).all()
    made = {**image_state(PICTURE), "title": "made"}
    assert (np.asarray(Image.open(io.BytesIO(thumbnail(made, side=30)))) == PICTURE).all()
    wide = np.asarray(Image.open(io.BytesIO(thumbnail(state(SIGNED), side=15))))
    assert wide.shape == (10, 15, 3)


def test_the_colours_of_a_page_are_those_of_its_thumbnails() -> None:
    content = held(state(SIGNED))
    table = base64.b64decode(content["files"][content["maps"][0]["state"]["lookup"]])
    colours = np.frombuffer(table, np.uint8).reshape(256, 3)
    assert (colours[255] == colorize([[1.0, -1.0]])[0, 0]).all()


def test_what_goes_into_a_saved_picture_leaves_out_the_script() -> None:
    saved = json.dumps({"format": 1, "link": "é", "code": "long"})
    content = json.loads(page_data([PageMap(state(SIGNED), saved=saved)]))
    assert json.loads(content["maps"][0]["saved"]) == {"format": 1, "link": "é"}


def test_a_small_picture_file_is_taken_as_it_is() -> None:
    dot = np.zeros((1, 1, 3), np.uint8)
    content = held({**state(np.ones((1, 1), np.float32), dot), "picture": png_bytes(dot)})
    file = base64.b64decode(content["files"][content["maps"][0]["state"]["picture"]])
    assert len(file) <= len(png_bytes(dot))
