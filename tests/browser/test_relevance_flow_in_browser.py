"""Relevance floor by floor in a real browser: its pixels against NumPy's, keys, two in one page."""

from __future__ import annotations

import numpy as np
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

from cnnvis_widgets.rendering import Scale, overlay

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import RelevanceFlow

random = np.random.default_rng(5)
picture = random.integers(0, 256, (40, 60, 3), dtype="uint8")
coarse = np.array([[0, 2, 1], [4, 0, 3]], "float32")
fine = random.uniform(0, 1, (20, 30)).astype("float32")
floors = [("dense", [[10.0]], 10.0), ("mixed", coarse, 10.0), ("", fine, 5.0)]
one = RelevanceFlow(floors, picture, alt="noise", at=(5, 45))
one
"""


def test_the_reader_goes_down_the_tower(voila_page, screenshot):
    nothing = "two = RelevanceFlow([('a', np.zeros((2, 2)), 0.0)], picture)\ntwo"
    page = voila_page([SETUP, nothing])
    random = np.random.default_rng(5)
    picture = random.integers(0, 256, (40, 60, 3), dtype="uint8")
    coarse = np.array([[0, 2, 1], [4, 0, 3]], "float32")
    first = page.locator(".cnnvis-relevance-flow").first
    canvas = first.locator("canvas")
    tower = first.get_by_role("radiogroup", name="floor")
    floors = tower.get_by_role("radio")
    expect(floors).to_have_count(3)
    expect(floors.nth(2)).to_contain_text("the picture")
    expect(floors.nth(0)).to_have_attribute("aria-checked", "true")
    widths = tower.locator(".cnnvis-flow-bar > span")
    assert [w.evaluate("e => e.style.width") for w in widths.all()] == ["100%", "100%", "50%"]

    floors.nth(0).focus()
    page.keyboard.press("ArrowDown")
    status = first.get_by_role("status")
    expect(status).to_have_text(
        "mixed: 2 × 3 places hold 10 in all, at most 4 each; half of it lies on 33 % of them."
    )
    expect(
        first.get_by_text("Row 0, column 2 of mixed: 1, which is 10 % of the sum.")
    ).to_be_visible()
    shown = np.array(
        canvas.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
        ),
        int,
    ).reshape(40, 60, 4)[..., :3]
    cells = coarse.repeat(20, 0).repeat(20, 1)
    wanted = overlay(picture, cells, Scale(0.0, 4.0, "sequential")).astype(int)
    assert np.abs(shown - wanted).max() <= 6  # one step of the colour table may differ
    screenshot(first, "relevance-flow")

    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    expect_in_kernel(page, "list(one.at), one.floor", ([13, 44], 1))
    canvas.hover(position={"x": 2, "y": canvas.bounding_box()["height"] - 3})
    expect(first.get_by_text("Row 1, column 0 of mixed: 4, which is 40 %")).to_be_visible()
    slider = first.get_by_role("slider", name="how far down")
    slider.press("End")
    expect(floors.nth(2)).to_have_attribute("aria-checked", "true")
    first.get_by_role("button", name="Let it flow").press("Enter")
    expect(status).to_contain_text("dense: 1 × 1 places hold 10 in all")
    expect(status).to_contain_text("the picture: 20 × 30", timeout=8000)
    expect(first.get_by_role("button", name="Let it flow")).to_be_visible()
    expect_in_kernel(page, "one.floor, two.floor", (2, 0))

    second = page.locator(".cnnvis-relevance-flow").nth(1)
    expect(second.get_by_text("all zeros")).to_be_visible()
    in_kernel(page, "one.set_state({'floor': 7})")
    expect(first.get_by_role("alert")).to_contain_text("0 to 2; got 7")
    in_kernel(page, "two.disabled = True")
    expect(second.get_by_role("radio")).to_be_disabled()
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-relevance-flow")).to_have_count(1)
