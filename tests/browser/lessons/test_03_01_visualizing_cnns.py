"""The map of chapter 3 as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_visualizing_cnns(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Visualizing CNNs")
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)
    title = lesson.locator(".cnnvis-view-title")
    expect(title).to_contain_text("Saliency map", timeout=600_000)
    lesson.locator(".cnnvis-bar-parts").get_by_role("button", name="Method").click()
    methods = lesson.get_by_role("group", name="Method", exact=True)
    methods.get_by_role("radio", name="VisualBackProp").click()
    expect(title).to_contain_text("VisualBackProp", timeout=60_000)
    lesson.get_by_role("radio", name="Clearly higher").click()
    expect(lesson.get_by_text("Right: Clearly higher.")).to_be_visible()
