"""The last lesson: its randomiser and its question answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_conclusions(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("can the pictures be trusted?")
    expect(lesson.locator(".cnnvis")).to_have_count(3, timeout=60_000)
    widget = lesson.locator(".cnnvis-randomiser")
    expect(widget.locator("img")).to_have_count(5)
    widget.get_by_role("slider").press("ArrowRight")
    expect(widget.get_by_role("status")).to_contain_text(
        "1 of 8 layers random, down to predictions"
    )
    expect(widget.locator("figure", has_text="Guided backpropagation")).to_contain_text(
        "alike: 0.99"
    )
    widget.scroll_into_view_if_needed()
    screenshot(lesson, "lesson-conclusions")
    lesson.get_by_role("radio", name="Nearly the same").click()
    expect(lesson.get_by_text("Right: Nearly the same.")).to_be_visible()
    lesson.get_by_text("Photos: cat").scroll_into_view_if_needed()
