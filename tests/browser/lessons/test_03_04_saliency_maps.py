"""The lesson on saliency maps: its widget answers."""

from __future__ import annotations

from playwright.sync_api import expect


def test_saliency_maps(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Saliency maps")
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3, timeout=60_000)
    expect(lesson.get_by_role("button", name="Method")).to_be_visible(timeout=60_000)
    first = lesson.locator(".cnnvis-tangent")
    expect(first.get_by_text("mean slope from the start –")).to_have_count(0)
    first.get_by_role("slider").press("Home")
    expect(first.get_by_text("mean slope from the start –")).to_be_visible()
