"""The lesson on convolutional networks: its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_convolutional_networks(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Convolutional networks")
    expect(lesson.locator(".cnnvis")).to_have_count(7, timeout=60_000)
    first = lesson.locator(".cnnvis-convolution").first
    first.get_by_role("combobox").select_option("leave as it is")
    result = first.get_by_role("grid", name="result").locator("[role=row]").first
    expect(result).to_have_text("00111")
    lesson.get_by_role("radio", name="As many as before").click()
    expect(lesson.get_by_text("Right: As many as before.")).to_be_visible()
    lesson.get_by_role("radio", name="7 × 7").click()
    expect(lesson.get_by_text("Right: 7 × 7.")).to_be_visible()
    after = lesson.get_by_role("navigation", name="What comes next")
    expect(after.get_by_role("link", name="2.3b Architectures")).to_be_visible()
