"""The lesson on Table 1 as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_theoretical_comparison(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Fifteen methods in one table")
    expect(lesson.locator(".cnnvis")).to_have_count(5, timeout=60_000)
    first, measured = lesson.locator(".cnnvis-facts-table").all()
    first.get_by_role("combobox", name="only rows whose resolution is").select_option("low")
    expect(first.get_by_text("4 of 15 rows")).to_be_visible()
    heading = first.get_by_role("columnheader", name="method")
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(first.locator("tbody th").first).to_have_text("CAM")
    seconds = measured.get_by_role("columnheader", name="seconds")
    expect(seconds).to_have_attribute("aria-sort", "descending")
    lesson.get_by_role("radio", name="Below 0.3").click()
    expect(lesson.get_by_text("Right: Below 0.3.")).to_be_visible()
