"""The lesson on CAM as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_cam(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("CAM: the map that was")
    expect(lesson.locator(".cnnvis")).to_have_count(5, timeout=60_000)
    sums = lesson.locator(".cnnvis").first
    sums.get_by_role("slider", name="how many channels").press("End")
    expect(sums.get_by_text("overlap with the whole map: 100 %")).to_be_visible()
    box = lesson.locator(".cnnvis-map-box")
    expect(box.get_by_text("threshold 20 %: intersection over union 0.61, a hit")).to_be_visible()
    box.get_by_role("radio", name="rocket").click()
    expect(box.get_by_text("threshold 20 %: intersection over union 0.06, a miss")).to_be_visible()
    lesson.get_by_role("radio", name="Nothing").click()
    expect(lesson.get_by_text("Right: Nothing.")).to_be_visible()
