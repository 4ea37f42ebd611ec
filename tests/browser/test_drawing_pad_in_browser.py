"""The drawing pad in a real browser: mouse, keyboard, and what arrives in Python."""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np
from jupyter_servers import in_kernel
from playwright.sync_api import Locator, Page, expect

SETUP = """
import numpy as np
from cnnvis_widgets.engine.digit_reader import Reading
from cnnvis_widgets.widgets import DrawingPad

def read(drawing):
    left, right = drawing[:, :16].sum(), drawing[:, 16:].sum()
    maps = np.stack([np.full((2, 3), left), np.full((2, 3), right)], axis=-1).astype(np.float32)
    share = left / (left + right)
    return Reading(drawing * np.uint8(255), ("left", "right"), (share, 1 - share), {"L": maps})

half = np.zeros((8, 8))
half[:, 4:] = 16
"""


def drawing(page: Page, name: str) -> np.ndarray:
    return np.array(ast.literal_eval(in_kernel(page, f"{name}.pixels.astype(int).tolist()")))


def until(page: Page, name: str, wanted: Callable[[np.ndarray], bool]) -> np.ndarray:
    """The drawing in Python once it is as wanted; the last one after a while."""
    ink = drawing(page, name)
    for _ in range(60):
        if wanted(ink):
            break
        page.wait_for_timeout(100)
        ink = drawing(page, name)
    return ink


def drag(page: Page, paper: Locator, *places: tuple[float, float]) -> None:
    """Draw through places (row, column) of the 32 × 32."""
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    points = [
        (box["x"] + box["width"] * (c + 0.5) / 32, box["y"] + box["height"] * (r + 0.5) / 32)
        for r, c in places
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def test_mouse_keyboard_eraser_examples_and_two_on_a_page(voila_page, screenshot):
    page = voila_page(
        [SETUP, "one = DrawingPad(read, {'half': half}); one", "two = DrawingPad(read); two"]
    )
    one = page.locator(".cnnvis-field").first
    two = page.locator(".cnnvis-field").nth(1)
    paper = one.get_by_role("application")
    expect(one.get_by_text("It reads")).to_be_hidden()

    drag(page, paper, (4, 6), (24, 6))
    ink = until(page, "one", lambda ink: ink[24, 6])
    assert ink[4:25, 5:8].all()
    assert ink[:, 10:].sum() == 0
    expect(one.get_by_text("It reads left, 100.0 %")).to_be_visible()
    expect(one.get_by_role("img", name="L, map")).to_have_count(2)
    assert not drawing(page, "two").any()

    # an eraser goes through the stroke
    one.get_by_role("button", name="Eraser").click()
    drag(page, paper, (14, 2), (14, 12))
    ink = until(page, "one", lambda ink: not ink[14].any())
    assert not ink[14].any()
    assert ink[6, 6]
    assert ink[22, 6]
    one.get_by_role("button", name="Eraser").click()
    one.get_by_role("button", name="Clear").click()
    assert not until(page, "one", lambda ink: not ink.any()).any()
    expect(one.get_by_text("It reads")).to_be_hidden()

    # the keyboard alone: from the middle ten places down with the pen, then up without it
    two.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    ink = until(page, "two", lambda ink: ink[27].any())
    rows, columns = np.nonzero(ink)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (15, 27, 16, 18)
    expect(two.get_by_text("It reads right, 100.0 %")).to_be_visible()
    name = "the pen is up at row 26, column 22"
    assert name in two.get_by_role("application").get_attribute("aria-label")

    one.get_by_role("combobox").select_option("half")
    ink = until(page, "one", lambda ink: ink[0, 31])
    assert ink[:, 16:].all()
    assert not ink[:, :16].any()
    screenshot(page, "drawing-pad", full_page=True)
    in_kernel(page, "one.drawing = bytes(1024)")
    expect(one.get_by_text("It reads")).to_be_hidden()
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-pad")).to_have_count(1)
