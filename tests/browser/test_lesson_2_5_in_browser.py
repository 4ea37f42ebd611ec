"""The lesson on tools as a visitor sees it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_tools(lesson_page, screenshot):
    page = lesson_page(NOTEBOOKS / "02_5_tools.ipynb", timeout=300)
    expect(page.get_by_role("heading", level=1)).to_contain_text("between a formula and a picture")
    expect(page.locator(".cnnvis")).to_have_count(1, timeout=60_000)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    environment = page.locator("pre", has_text="mini_vgg")
    expect(environment).to_contain_text("tensorflow")
    assert "/" not in environment.inner_text()  # no path of the machine that serves it
    screenshot(page, "lesson-tools")
    page.get_by_role("radio", name="about as long").click()
    expect(page.get_by_text("here, just now.").filter(visible=True)).to_be_visible()
    page.get_by_text("Universidad Pública de Navarra, 2019, section").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
