"""The lesson on the set-up of the study as a visitor sees it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "04_1_experimental_setup.ipynb"


def test_the_set_up(lesson_page, screenshot) -> None:
    page = lesson_page(LESSON, timeout=600)
    expect(page.get_by_role("heading", level=1)).to_contain_text("How does one compare methods")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.locator(".cnnvis")).to_have_count(3, timeout=60_000)
    board = page.locator(".cnnvis-scoreboard")
    board.get_by_role("button", name="1: yes").press("1")
    expect(board.get_by_text("1 of 8 judged")).to_be_visible()
    expect(page.get_by_text("36 of 36 maps")).to_be_visible(timeout=120_000)
    page.get_by_role("radio", name="One or two").click()
    expect(page.get_by_text("Right: One or two.")).to_be_visible()
    expect(page.get_by_text("on 10 of the ten photos")).to_be_visible()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.locator(".cnnvis-comparer").scroll_into_view_if_needed()
    screenshot(page, "lesson-04-1")
