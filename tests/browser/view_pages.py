"""What the tests of the explanation view in a browser share."""

from __future__ import annotations

import ast
import re
import time

import numpy as np
from jupyter_servers import in_kernel
from playwright.sync_api import Locator, Page, expect

from cnnvis_widgets import rendering
from cnnvis_widgets.rendering import Scale

ROWS, COLUMNS = 20, 30


SETUP = f"""
import numpy as np
from IPython.display import display
from cnnvis_widgets.rendering import Scale, lookup, choose_colormap
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView

random = np.random.default_rng(5)
picture = random.integers(0, 256, ({ROWS}, {COLUMNS}, 3), dtype=np.uint8)
signed = random.normal(size=({ROWS}, {COLUMNS})).astype(np.float32)
maps = dict(signed=signed, unsigned=np.abs(signed) / 1e4, coarse=signed[:4, :6],
            clipped=np.abs(signed), zeros=signed * 0)
scales = {{name: Scale.of(values) for name, values in maps.items()}}
scales["clipped"] = Scale.of(maps["clipped"], percentile=90)

def show(name, view, **words):
    scale = scales[name]
    table = lookup(choose_colormap(scale.kind))
    view.show(picture, maps[name], table, scale.low, scale.high, scale.kind,
              **{{"title": name, "alt": f"the map {{name}}", "unit": "per grey level", **words}})

view = ExplanationView()
show("signed", view)
"""


RANDOM = np.random.default_rng(5)
PICTURE = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
SIGNED = RANDOM.normal(size=(ROWS, COLUMNS)).astype(np.float32)
MAPS = {
    "signed": SIGNED,
    "unsigned": np.abs(SIGNED) / 1e4,
    "coarse": SIGNED[:4, :6],
    "clipped": np.abs(SIGNED),
    "zeros": SIGNED * 0,
}
SCALES = {n: Scale.of(m, percentile=90 if n == "clipped" else 100) for n, m in MAPS.items()}
PIXELS = """(canvas) => Array.from(
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)"""


def pixels(canvas: Locator) -> np.ndarray:
    """The pixels of a canvas, uint8 (rows, columns, 3)."""
    size = canvas.evaluate("(canvas) => [canvas.height, canvas.width]")
    values = np.array(canvas.evaluate(PIXELS), np.uint8).reshape(*size, 4)
    assert (values[:, :, 3] == 255).all()
    return values[:, :, :3]


def under(page: Page, pane: int = 0) -> Locator:
    return page.locator(".cnnvis-view-pane").nth(pane).locator("canvas").first


def near(picture: np.ndarray, expected: np.ndarray, levels: int) -> None:
    assert picture.shape == expected.shape
    assert np.abs(picture.astype(int) - expected.astype(int)).max() <= levels


def choose(page: Page, mode: str) -> None:
    page.get_by_role("radio", name=mode, exact=True).click()


def python(page: Page, code: str, expected: object, seconds: float = 5) -> None:
    """Wait until an expression in the kernel has the expected value."""
    end = time.monotonic() + seconds
    while (got := ast.literal_eval(in_kernel(page, code))) != expected:
        assert time.monotonic() < end, f"{code} is {got}, not {expected}"
        time.sleep(0.05)


def show(page: Page, name: str, words: str = "") -> None:
    in_kernel(page, f"show({name!r}, view, {words})")
    title = page.locator(".cnnvis-view-title").first
    if "title" not in words:
        expect(title).to_have_text(name)


def picture_box(page: Page) -> dict[str, float]:
    return page.locator(".cnnvis-view-pane").first.bounding_box()


def point(page: Page, row: float, column: float) -> tuple[float, float]:
    """Where the middle of a pixel is on the screen, nothing being enlarged."""
    box = picture_box(page)
    x = box["x"] + (column + 0.5) / COLUMNS * box["width"]
    return x, box["y"] + (row + 0.5) / ROWS * box["height"]


def contours_agree(page: Page, fine: np.ndarray, scale: Scale) -> None:
    """Every corner of the browser's lines is one of scikit-image's, and the other way round."""
    paths = page.locator(".cnnvis-view-line").evaluate_all(
        "(all) => all.map((path) => [path.getAttribute('d'), path.getAttribute('stroke')])"
    )
    lines = rendering.iso_lines(fine, scale=scale)
    levels = [] if scale.is_zero else [0.25, 0.5, 0.75]
    fractions = [s * level for level in levels for s in ((1, -1) if scale.low else (1,))]
    assert len(paths) == len(fractions)
    for (path, colour), fraction in zip(paths, fractions, strict=True):
        numbers = np.array(re.findall(r"[\d.]+", path), float).reshape(-1, 2)
        mine = {(round(y - 0.5, 1), round(x - 0.5, 1)) for x, y in numbers}
        theirs = {
            (round(r, 1), round(c, 1))
            for line in lines
            if line.fraction == fraction
            for r, c in line.points
        }
        assert theirs or not mine
        # rounding to a tenth may fall either way
        close = {
            (r + dr, c + dc) for r, c in theirs for dr in (-0.1, 0, 0.1) for dc in (-0.1, 0, 0.1)
        }
        rounded = {(round(r, 1), round(c, 1)) for r, c in close}
        assert mine <= rounded
        assert len(mine) >= 0.9 * len(theirs)
        place = [[fraction * scale.high]]
        assert colour == f"rgb({','.join(map(str, rendering.colorize(place, scale)[0, 0]))})"
