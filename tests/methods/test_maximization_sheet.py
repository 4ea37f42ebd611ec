"""The sheet of twenty classes: its picture is laid out, its page says what was found."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.zoo.labels import imagenet_labels

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> Any:
    path = ROOT / "scripts" / "make_maximization_sheet.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pictures_stand_in_rows_of_five(script: Any) -> None:
    pictures = [np.full((8, 8, 3), 10 * n, np.uint8) for n in range(7)]
    whole = np.asarray(script.sheet(pictures))
    assert whole.shape == (8 + 6 + 8, 5 * 14 - 6, 3)
    for number in range(7):
        down, right = number // 5 * 14, number % 5 * 14
        assert (whole[down : down + 8, right : right + 8] == 10 * number).all()
    assert (whole[15:, 2 * 14 :] == 255).all()


def test_the_page_has_every_class_and_the_sheet_is_small(script: Any) -> None:
    text = script.PAGE.read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (\S+) \| (\S+) \| (\S+) \| (\d+) \|$", text, re.M)
    assert tuple(int(row[0]) for row in rows) == script.CLASSES
    labels = imagenet_labels()
    assert all(row[1] == labels[int(row[0])] for row in rows)
    assert all(float(row[3]) > float(row[2]) for row in rows)
    first = sum(row[5] == "1" for row in rows)
    assert f"{first} of {len(rows)} come" in text
    assert script.EYE.read_text("utf-8") in text
    assert script.PICTURE.stat().st_size < 600_000
    with Image.open(script.PICTURE) as picture:
        assert picture.size == (5 * 230 - 6, 4 * 230 - 6)
