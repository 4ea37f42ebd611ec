"""The lesson on LIME as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_10_lime.ipynb"
SECONDS = 600  # while other tests use the machine


def test_lime(lesson_page):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("LIME and occlusion")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    line = page.locator(".cnnvis-lime-2d")
    point = line.get_by_role("button", name="the point to be explained: x₁ −0.4, x₂ −0.2")
    point.press("Shift+ArrowRight")
    expect(line.get_by_role("button", name="x₁ 0.1, x₂ −0.2")).to_be_visible()
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    page.get_by_role("radio", name="By far less").click()
    expect(page.get_by_text("Right: By far less.")).to_be_visible()
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
