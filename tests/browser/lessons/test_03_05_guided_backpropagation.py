"""The lesson on guided backpropagation: its widget answers."""

from __future__ import annotations

from playwright.sync_api import expect


def test_guided_backpropagation(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Guided backpropagation")
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3, timeout=60_000)
    expect(lesson.get_by_role("button", name="Method")).to_be_visible(timeout=60_000)
    first = lesson.locator(".cnnvis-relu-gates").first
    handed = first.get_by_role("table", name="backpropagation", exact=True).locator("td")
    expect(handed.nth(0)).to_have_text("1")
    first.get_by_role("spinbutton", name="into the ReLU, row 0, column 0").fill("-2")
    expect(handed.nth(0)).to_have_text("0")
