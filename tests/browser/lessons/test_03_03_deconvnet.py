"""The lesson on DeconvNet: its widget answers."""

from __future__ import annotations

from playwright.sync_api import expect


def test_deconvnet(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text(
        "DeconvNet: running a network backwards"
    )
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3, timeout=60_000)
    expect(lesson.get_by_role("button", name="Method")).to_be_visible(timeout=60_000)
    first = lesson.locator(".cnnvis-unpooling")
    below = first.get_by_role("table", name="unpooled").locator("td")
    expect(below.nth(1)).to_have_text("5")
    first.get_by_role("spinbutton", name="the map, row 0, column 0").fill("9")
    expect(below.nth(0)).to_have_text("9")
    expect(below.nth(1)).to_have_text("0")
