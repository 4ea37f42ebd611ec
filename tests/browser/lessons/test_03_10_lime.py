"""The lesson on LIME as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_lime(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("LIME and occlusion")
    line = lesson.locator(".cnnvis-lime-2d")
    point = line.get_by_role("button", name="the point to be explained: x₁ −0.4, x₂ −0.2")
    point.press("Shift+ArrowRight")
    expect(line.get_by_role("button", name="x₁ 0.1, x₂ −0.2")).to_be_visible()
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)
    lesson.get_by_role("radio", name="By far less").click()
    expect(lesson.get_by_text("Right: By far less.")).to_be_visible()
