"""The lesson on the results as a visitor sees it: tables, the grid, the guesses."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_results(lesson, screenshot) -> None:
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("The results, method by method")
    expect(lesson.locator(".cnnvis")).to_have_count(4, timeout=60_000)
    expect(lesson.get_by_text("140 maps")).not_to_have_count(0)
    grid = lesson.get_by_role("grid", name="Maps: neurons down, methods across")
    expect(lesson.get_by_text("14 of 14 maps")).to_be_visible(timeout=120_000)
    expect(grid.locator("[role=gridcell] img")).to_have_count(2 * 7)
    grid.locator("[role=gridcell][tabindex='0']").press("Enter")  # every map opens in the explorer
    expect(lesson.locator(".cnnvis-view-title")).to_contain_text("DeconvNet", timeout=60_000)
    for answer in ("About two", "Exactly ½", "None"):
        lesson.get_by_role("radio", name=answer).click()
        expect(lesson.get_by_text(f"Right: {answer}.")).to_be_visible()
    lesson.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    lesson.set_viewport_size({"width": 1280, "height": 12000})
    screenshot(lesson, "lesson-04-2")
