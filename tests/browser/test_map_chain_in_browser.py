"""The chain of maps in a real browser: its pixels against NumPy's, keys, two in one page."""

from __future__ import annotations

import numpy as np
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

from cnnvis_widgets.rendering import Scale, overlay

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import MapChain

random = np.random.default_rng(5)
picture = random.integers(0, 256, (40, 60, 3), dtype="uint8")
coarse = np.array([[0, 2, 1], [4, 0, 3]], "float32")
above = coarse.repeat(2, 0).repeat(2, 1)
mean = np.arange(24).reshape(4, 6) / 8
product = mean * above
links = [("deep", coarse, None, coarse), ("fine", mean, above, product), ("", None, above, above)]
one = MapChain(links, picture, alt="noise", at=(5, 45))
one
"""


def test_the_reader_goes_along_the_chain(voila_page, screenshot):
    nothing = "two = MapChain([('a', np.zeros((2, 2)), None, np.zeros((2, 2)))], picture)\ntwo"
    page = voila_page([SETUP, nothing])
    picture = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype="uint8")
    above = np.array([[0, 2, 1], [4, 0, 3]], float).repeat(2, 0).repeat(2, 1)
    product = np.arange(24).reshape(4, 6) / 8 * above
    first = page.locator(".cnnvis-map-chain").first
    panes = first.locator(".cnnvis-chain-frame")
    links = first.get_by_role("radiogroup", name="link").get_by_role("radio")
    expect(links).to_have_count(3)
    expect(links.nth(2)).to_contain_text("the picture")
    expect(panes.nth(1)).to_contain_text("nothing above")

    links.nth(0).focus()
    page.keyboard.press("ArrowRight")
    status = first.get_by_role("status")
    expect(status).to_have_text("Link 2 of 3, fine: 4 × 6 places, product at most 9.5.")
    expect(first.get_by_text("Row 0, column 4: 0.5 × 1 = 0.5")).to_be_visible()
    canvas = panes.nth(2).locator("canvas")
    shown = np.array(
        canvas.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
        ),
        int,
    ).reshape(40, 60, 4)[..., :3]
    cells = product.repeat(10, 0).repeat(10, 1)
    wanted = overlay(picture, cells, Scale(0.0, product.max(), "sequential")).astype(int)
    assert np.abs(shown - wanted).max() <= 6  # one step of the colour table may differ
    screenshot(first, "map-chain")

    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    expect_in_kernel(page, "list(one.at), one.link", ([13, 44], 1))
    panes.nth(0).locator("canvas").hover(position={"x": 2, "y": 2})
    expect(first.get_by_text("Row 0, column 0: 0 × 0 = 0")).to_be_visible()
    first.get_by_role("slider", name="how far along the chain").press("End")
    expect(links.nth(2)).to_have_attribute("aria-checked", "true")
    expect(panes.nth(0)).to_contain_text("no map here")
    first.get_by_role("button", name="Build the chain").press("Enter")
    expect(status).to_contain_text("Link 1 of 3")
    expect(status).to_contain_text("Link 3 of 3", timeout=8000)
    expect(first.get_by_role("button", name="Build the chain")).to_be_visible()
    expect_in_kernel(page, "one.link, two.link", (2, 0))

    second = page.locator(".cnnvis-map-chain").nth(1)
    expect(second.get_by_text("all zeros").first).to_be_visible()
    in_kernel(page, "one.set_state({'link': 7})")
    expect(first.get_by_role("alert")).to_contain_text("0 to 2; got 7")
    in_kernel(page, "two.disabled = True")
    expect(second.get_by_role("radio")).to_be_disabled()
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-map-chain")).to_have_count(1)
