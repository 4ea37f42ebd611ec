"""The lesson on Table 1 as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_13_theoretical_comparison.ipynb"
SECONDS = 600  # while other tests use the machine


def test_theoretical_comparison(lesson_page):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fifteen methods in one table")
    expect(page.locator(".cnnvis")).to_have_count(5, timeout=60_000)
    first, measured = page.locator(".cnnvis-facts-table").all()
    first.get_by_role("combobox", name="only rows whose resolution is").select_option("low")
    expect(first.get_by_text("4 of 15 rows")).to_be_visible()
    heading = first.get_by_role("columnheader", name="method")
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(first.locator("tbody th").first).to_have_text("CAM")
    seconds = measured.get_by_role("columnheader", name="seconds")
    expect(seconds).to_have_attribute("aria-sort", "descending")
    page.get_by_role("radio", name="Below 0.3").click()
    expect(page.get_by_text("Right: Below 0.3.")).to_be_visible()
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
