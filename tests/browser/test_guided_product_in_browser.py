"""The product of two maps in a real browser: its pixels against NumPy's, keys, two in one page."""

from __future__ import annotations

import numpy as np
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Locator, expect

from cnnvis_widgets.rendering import Scale, colorize, enlarge, overlay

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import GuidedProduct

random = np.random.default_rng(5)
detail = random.normal(0, 1, (40, 60, 3)).astype("float32")
coarse = np.array([[0, 2, 1], [4, 0, 3]], "float32")
picture = random.integers(0, 256, (40, 60, 3), dtype="uint8")
one = GuidedProduct(detail, coarse, picture, alt="noise")
one
"""


def pixels(canvas: Locator) -> np.ndarray:
    """A canvas' colours, int (rows, columns, 3)."""
    size, values = canvas.evaluate(
        """(c) => [[c.height, c.width],
           Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)]"""
    )
    return np.array(values, int).reshape(*size, 4)[..., :3]


def test_the_slider_leads_from_the_detail_to_the_product(voila_page, screenshot):
    page = voila_page([SETUP, "two = GuidedProduct(detail, coarse, picture, share=0)\ntwo"])
    random = np.random.default_rng(5)
    detail = np.abs(random.normal(0, 1, (40, 60, 3)).astype("float32")).max(axis=2)
    coarse = np.array([[0, 2, 1], [4, 0, 3]], "float32")
    picture = random.integers(0, 256, (40, 60, 3), dtype="uint8")
    first = page.locator(".cnnvis-guided-product").first
    canvases = first.locator("canvas")
    mask = enlarge(coarse, 40, 60)
    scale = Scale(0.0, float(np.percentile(detail, 99)), "sequential")

    def product(share: float) -> np.ndarray:
        return colorize(detail * (1 - share + share * mask / 4), scale).astype(int)

    def off(canvas: Locator, wanted: np.ndarray) -> int:  # one step of the colour table may differ
        return int(np.abs(pixels(canvas) - wanted).max())

    expect(canvases.nth(2)).to_be_visible()
    assert off(canvases.nth(0), colorize(detail, scale)) <= 6
    assert off(canvases.nth(1), overlay(picture, mask, Scale(0.0, 4.0, "sequential"))) <= 6
    assert off(canvases.nth(2), product(1)) <= 6
    screenshot(first, "guided-product")

    slider = first.get_by_role("slider", name="how much of the mask is applied")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "guided backprop")
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    expect(first.get_by_text("mask applied to 25 %")).to_be_visible()
    assert off(canvases.nth(2), product(0.25)) <= 6
    first.get_by_role("button", name="the product").press("Enter")
    expect(first.get_by_text("the product: Guided Grad-CAM")).to_be_visible()
    expect_in_kernel(page, "one.share, two.share", (1.0, 0.0))

    in_kernel(page, "one.at = (10, 20)")
    expect(first.get_by_text("Row 10, column 20: guided backprop")).to_be_visible()
    canvases.nth(2).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    line = first.get_by_text("Row 18, column 21: guided backprop")
    expect(line).to_be_visible()
    numbers = line.inner_text().split("backprop ")[1].replace(" × Grad-CAM", "").replace(" = ", " ")
    left, middle, right = (float(number) for number in numbers.split())
    assert abs(left - detail[18, 21]) < 0.006
    assert abs(middle - mask[18, 21]) < 0.006
    assert abs(right - detail[18, 21] * mask[18, 21]) < 0.02
    expect_in_kernel(page, "list(one.at)", [18, 21])
    canvases.nth(0).hover(position={"x": 3, "y": 3})
    expect(first.get_by_text("Row 0, column 0: guided backprop")).to_be_visible()
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-guided-product")).to_have_count(1)
