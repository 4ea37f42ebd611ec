"""The curve and its slopes in a real browser: moved with the keys, read, two in one page."""

from __future__ import annotations

import pytest
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import Tangent
t = np.linspace(0, 4, 9)
curves = {"parabola": (t, t**2, 2 * t), "line": (t[:3], 5 - 2 * t[:3], 0 * t[:3] - 2)}
one = Tangent(curves, x="seconds", y="metres")
one
"""


def ends(line) -> list[float]:
    return [float(line.get_attribute(name)) for name in ("x1", "y1", "x2", "y2")]


def test_the_point_moves_with_the_keys_and_both_slopes_are_read(voila_page, screenshot):
    page = voila_page([SETUP, "two = Tangent({'line': curves['line']})\ntwo"])
    first = page.locator(".cnnvis-tangent").first
    slider = first.get_by_role("slider", name="seconds")
    expect(first.get_by_text("metres 16 at 4")).to_be_visible()
    expect(first.get_by_text("slope here 8")).to_be_visible()
    expect(first.get_by_text("mean slope from the start 4")).to_be_visible()
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(first.get_by_text("metres 6.25 at 2.5")).to_be_visible()
    expect(first.get_by_text("slope here 5")).to_be_visible()
    expect(first.get_by_text("mean slope from the start 2.5")).to_be_visible()

    # In the picture: the tangent touches the curve at the point, the chord joins it to the start.
    point = first.locator("circle")
    x, y = (float(point.get_attribute(name)) for name in ("cx", "cy"))
    left, high, right, low = ends(first.locator("line.cnnvis-tangent-here"))
    assert high + (low - high) * (x - left) / (right - left) == pytest.approx(y)
    assert ends(first.locator("line.cnnvis-tangent-mean"))[2:] == pytest.approx([x, y])
    chord = ends(first.locator("line.cnnvis-tangent-mean"))
    steepness = ((low - high) / (right - left), (chord[3] - chord[1]) / (chord[2] - chord[0]))
    assert steepness[0] / steepness[1] == pytest.approx(2)  # of a parabola, everywhere
    screenshot(first, "tangent")

    page.keyboard.press("Home")
    expect(first.get_by_text("mean slope from the start –")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(first.get_by_role("img", name="line: metres from 5 to 3")).to_be_visible()
    expect(first.get_by_text("slope here −2")).to_be_visible()
    expect_in_kernel(page, "(one.curve, one.at, two.at)", ("line", 0, 2))
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-tangent")).to_have_count(1)
    expect(page.get_by_text("value 3 at 1")).to_be_visible()
