"""The map of chapter 3 as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_01_visualizing_cnns.ipynb"
SECONDS = 600  # while other tests use the machine


def test_visualizing_cnns(lesson_page):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Visualizing CNNs")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    title = page.locator(".cnnvis-view-title")
    expect(title).to_contain_text("Saliency map", timeout=SECONDS * 1000)
    methods = page.get_by_role("group", name="Method", exact=True)
    methods.get_by_role("radio", name="VisualBackProp").click()
    expect(title).to_contain_text("VisualBackProp", timeout=60_000)
    page.get_by_role("radio", name="Clearly higher").click()
    expect(page.get_by_text("Right: Clearly higher.")).to_be_visible()
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
