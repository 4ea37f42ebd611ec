"""The lesson on the study's points as a visitor sees it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_points(lesson, screenshot) -> None:
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Which method is best")
    expect(lesson.locator(".cnnvis")).to_have_count(2, timeout=60_000)
    expect(lesson.get_by_text("203 of 850")).not_to_have_count(0)
    board = lesson.locator(".cnnvis-scoreboard")
    board.get_by_role("button", name="1: yes").press("1")
    expect(board.get_by_text("1 of 9 judged")).to_be_visible()
    lesson.get_by_role("radio", name="Guided Grad-CAM").click()
    expect(lesson.get_by_text("Right: Guided Grad-CAM.")).to_be_visible()
    expect(lesson.get_by_text("46 points for Guided Grad-CAM")).to_be_visible()
    lesson.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    board.scroll_into_view_if_needed()
    lesson.set_viewport_size({"width": 1280, "height": 7600})
    screenshot(lesson, "lesson-04-3")
