"""The lesson on the study's points as a visitor sees it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "04_3_summary.ipynb"


def test_the_points(lesson_page, screenshot) -> None:
    page = lesson_page(LESSON, timeout=600)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which method is best")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.locator(".cnnvis")).to_have_count(2, timeout=60_000)
    expect(page.get_by_text("203 of 850")).not_to_have_count(0)
    board = page.locator(".cnnvis-scoreboard")
    board.get_by_role("button", name="1: yes").press("1")
    expect(board.get_by_text("1 of 9 judged")).to_be_visible()
    page.get_by_role("radio", name="Guided Grad-CAM").click()
    expect(page.get_by_text("Right: Guided Grad-CAM.")).to_be_visible()
    expect(page.get_by_text("46 points for Guided Grad-CAM")).to_be_visible()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    board.scroll_into_view_if_needed()
    page.set_viewport_size({"width": 1280, "height": 7600})
    screenshot(page, "lesson-04-3")
