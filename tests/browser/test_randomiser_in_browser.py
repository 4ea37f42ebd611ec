"""The randomiser, twice on a page."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel
from playwright.sync_api import expect

CELL = """
import numpy as np
from cnnvis_widgets.study.cascading_randomization import Forgetting
from cnnvis_widgets.widgets import Randomiser

maps = [np.eye(6, dtype=np.float32), np.zeros((6, 6), np.float32), np.eye(6, dtype=np.float32)]
gone = Forgetting(("top", "conv"), np.full((6, 6, 3), 99, np.uint8), (0.9, 0.2, 0.1),
    {"grad_cam": maps}, {"grad_cam": [1.0, None, 0.5]}, {"grad_cam": [1.0, None, -0.5]})
one, two = Randomiser(gone, alt="a grey square"), Randomiser(gone)
one
"""


def test_the_randomiser_by_keyboard_and_pointer_twice_on_a_page(voila_page):
    page = voila_page([CELL, "two"])
    expect(page.locator(".cnnvis-randomiser")).to_have_count(2)
    one, two = page.locator(".cnnvis-randomiser").all()
    expect(one.get_by_role("status")).to_have_text("As it was trained; the class gets 90 %.")
    slider = one.get_by_role("slider", name="random layers")
    slider.press("ArrowRight")
    expect(one.get_by_role("status")).to_contain_text(
        "1 of 2 layers random, down to top; the class gets 20 %"
    )
    expect(
        one.get_by_role("img", name="a grey square, 1 random layers: zero everywhere")
    ).to_be_visible()
    slider.press("End")
    expect(one.get_by_text("alike: 0.50")).to_be_visible()
    one.get_by_role("checkbox", name="compare with the signs").click()
    expect(one.get_by_text("alike: −0.50")).to_be_visible()
    expect(two.get_by_role("status")).to_contain_text("As it was trained")
    expect_in_kernel(page, "(one.random, one.signed, two.random)", (2, True, 0))
