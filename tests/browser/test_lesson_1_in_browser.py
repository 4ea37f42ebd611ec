"""The first lesson as a visitor sees it: whole, and its first widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600  # while other tests use the machine


def test_introduction(lesson_page, screenshot):
    page = lesson_page(NOTEBOOKS / "01_introduction.ipynb", timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("why look inside at all?")
    expect(page.locator(".cnnvis-quiz")).to_have_count(1, timeout=60_000)
    expect(page.locator(".cnnvis-explorer")).to_have_count(1)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    classes = page.locator(".cnnvis-predictions")
    expect(classes.get_by_text("bobsled").first).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="Something else").click()
    expect(page.get_by_text("Right: Something else.")).to_be_visible()
    expect(page.get_by_text("It says punching bag")).to_be_visible()
    screenshot(page, "lesson-introduction")
    page.get_by_text("Photos: astronaut").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
