"""The box from a map in a real browser: threshold and picture changed, two in one page."""

from __future__ import annotations

import ast

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import MapBox
picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
heat = np.array([[0, 1, 0, 0], [0, 4, 2, 0], [0, 0, 0, 0]])
mask = np.zeros((60, 80), bool)
mask[16:40, 18:50] = True
one = MapBox({"first": (picture, heat, mask), "second": (picture, -heat, mask)}, {"first": "noise"})
one
"""


def test_the_threshold_moves_the_box(voila_page, screenshot):
    page = voila_page([SETUP, "two = MapBox({'only': (picture, heat.T, mask)}, percent=60)\ntwo"])
    first = page.locator(".cnnvis-map-box").first
    slider = first.get_by_role("slider", name="threshold")
    rect = first.locator("rect.cnnvis-map-box-found")

    def fits() -> bool:
        top, left, bottom, right = ast.literal_eval(in_kernel(page, "tuple(one.box)"))
        wanted = [left + 1, top + 1, right - left - 2, bottom - top - 2]
        return [float(rect.get_attribute(a)) for a in ("x", "y", "width", "height")] == wanted

    expect(first.get_by_role("img", name="noise, with the map")).to_be_visible()
    iou = float(in_kernel(page, "one.iou"))
    expect(first.get_by_text(f"threshold 20 %: intersection over union {iou:.2f}")).to_be_visible()
    assert fits()
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "(one.percent, two.percent)", (50, 60))
    iou = float(in_kernel(page, "one.iou"))
    expect(first.get_by_text(f"threshold 50 %: intersection over union {iou:.2f}")).to_be_visible()
    assert fits()
    # What is below the threshold is paler, as in Python.
    inside = first.locator("canvas").evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.length"
    )
    assert inside == 60 * 80 * 4
    screenshot(first, "map-box")
    in_kernel(page, "one.percent = 100")
    expect(first.get_by_text("threshold 100 %")).to_be_visible()
    first.get_by_role("radio", name="second").click()
    expect(first.get_by_text("the map is nowhere above zero: no box")).to_be_visible()
    expect(rect).to_have_count(0)
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-map-box")).to_have_count(1)
    expect(page.get_by_text("threshold 60 %")).to_be_visible()
