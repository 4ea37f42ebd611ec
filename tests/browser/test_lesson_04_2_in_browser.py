"""The lesson on the results as a visitor sees it: tables, the grid, the guesses."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "04_2_results.ipynb"


def test_the_results(lesson_page, screenshot) -> None:
    page = lesson_page(LESSON, timeout=600)
    expect(page.get_by_role("heading", level=1)).to_contain_text("The results, method by method")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.locator(".cnnvis")).to_have_count(4, timeout=60_000)
    expect(page.get_by_text("140 maps")).not_to_have_count(0)
    grid = page.get_by_role("grid", name="Maps: neurons down, methods across")
    expect(page.get_by_text("42 of 42 maps")).to_be_visible(timeout=120_000)
    expect(grid.locator("[role=gridcell] img")).to_have_count(2 * (3 * 7 - 2))
    grid.locator("[role=gridcell][tabindex='0']").press("Enter")  # every map opens in the explorer
    expect(page.locator(".cnnvis-view-title")).to_contain_text("DeconvNet", timeout=60_000)
    page.get_by_role("radio", name="About two").click()
    expect(page.get_by_text("Right: About two.")).to_be_visible()
    page.get_by_role("radio", name="It rises").click()
    expect(page.get_by_text("Right: It rises.")).to_be_visible()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.set_viewport_size({"width": 1280, "height": 12000})
    screenshot(page, "lesson-04-2")
