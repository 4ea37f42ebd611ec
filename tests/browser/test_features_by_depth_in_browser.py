"""The features by depth in a real browser."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

SETUP = """
import numpy as np
from cnnvis_widgets.engine.features import Excited, UnitFeatures
from cnnvis_widgets.widgets import FeaturesByDepth

def unit(number, side):
    random = np.random.default_rng(number)
    pixels = random.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    pixels[10:10 + side, 20:20 + side] = [250, 120, 10]
    heat = np.zeros((3, 4), np.float32)
    heat[1, 1] = number
    gradient = random.normal(size=(60, 80, 3)).astype(np.float32)
    core = (10, 20, 10 + side, 20 + side)
    one = Excited("cat", float(number), (1, 1), (0, 0, 60, 80), core, pixels, heat, gradient)
    return UnitFeatures(number, (one, one._replace(picture="horse")))

layers = {"conv1": [unit(3, 5), unit(8, 5)], "conv9": [unit(40, 32)]}
notes = {"conv1": "30 × 40", "conv9": "3 × 4"}
"""


def test_depth_and_views_by_keyboard_twice_on_a_page(voila_page, screenshot):
    page = voila_page(
        [SETUP, "one = FeaturesByDepth(layers, notes); one", "two = FeaturesByDepth(layers); two"],
        viewport={"width": 600, "height": 900},
    )
    expect(page.locator(".cnnvis-features")).to_have_count(2)
    one, two = page.locator(".cnnvis-features").all()
    pictures = one.locator("img")
    expect(pictures).to_have_count(4)
    expect(pictures.first).to_have_attribute(
        "alt", "Unit 3 on “cat”: the part of the photo on which the place depends, 5 × 5 pixels"
    )
    page.wait_for_function(
        "[...document.querySelectorAll('.cnnvis-features img')].every((i) => i.naturalWidth == 128)"
    )
    one.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "(one.depth, two.depth)", (1, 0))
    expect(pictures).to_have_count(2)
    expect(one.get_by_role("status")).to_have_text("conv9  3 × 4")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "one.view", "map")
    expect(pictures.first).to_have_attribute(
        "alt", "Unit 40 on “cat”: the unit's map over the whole photo"
    )
    expect(one.get_by_text("up to 40").first).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "one.view", "gradient")
    expect(two.locator("img")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "features-by-depth")
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-features")).to_have_count(1)
