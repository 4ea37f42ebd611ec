"""The lesson on the set-up of the study as a visitor sees it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_set_up(lesson, screenshot) -> None:
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("How does one compare methods")
    expect(lesson.locator(".cnnvis")).to_have_count(3, timeout=60_000)
    board = lesson.locator(".cnnvis-scoreboard")
    board.get_by_role("button", name="1: yes").press("1")
    expect(board.get_by_text("1 of 8 judged")).to_be_visible()
    expect(lesson.get_by_text("36 of 36 maps")).to_be_visible(timeout=120_000)
    lesson.get_by_role("radio", name="One or two").click()
    expect(lesson.get_by_text("Right: One or two.")).to_be_visible()
    expect(lesson.get_by_text("on 10 of the ten photos")).to_be_visible()
    lesson.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    lesson.locator(".cnnvis-comparer").scroll_into_view_if_needed()
    screenshot(lesson, "lesson-04-1")
