"""The lesson on machine learning: its widgets and its question answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_machine_learning(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Machine learning")
    expect(lesson.locator(".cnnvis")).to_have_count(11, timeout=60_000)
    first = lesson.locator(".cnnvis-fit").first
    program = first.locator("code")
    expect(program).to_have_text("def program(x): return 1.787 * x + 32.13")
    first.get_by_role("option").last.press("Shift+ArrowUp")
    expect(program).to_have_text("def program(x): return 1.891 * x + 31.84")
    second = lesson.get_by_text("Second question").locator("xpath=ancestor::fieldset")
    second.get_by_role("radio", name="About 90 %").click()
    expect(second.get_by_text("Right: About 90 %.")).to_be_visible()
    expect(second.get_by_text("90.3%, and it has not found a single 8")).to_be_visible()
