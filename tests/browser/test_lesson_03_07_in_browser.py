"""The lesson on CAM as a visitor sees it: whole, to its end, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_07_cam.ipynb"
SECONDS = 600  # while other tests use the machine


def test_cam(lesson_page):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("CAM: the map that was")
    expect(page.locator(".cnnvis")).to_have_count(5, timeout=60_000)
    sums = page.locator(".cnnvis").first
    sums.get_by_role("slider", name="how many channels").press("End")
    expect(sums.get_by_text("overlap with the whole map: 100 %")).to_be_visible()
    box = page.locator(".cnnvis-map-box")
    expect(box.get_by_text("threshold 20 %: intersection over union 0.61, a hit")).to_be_visible()
    box.get_by_role("radio", name="rocket").click()
    expect(box.get_by_text("threshold 20 %: intersection over union 0.06, a miss")).to_be_visible()
    page.get_by_role("radio", name="Nothing").click()
    expect(page.get_by_text("Right: Nothing.")).to_be_visible()
    for _ in range(40):
        page.mouse.wheel(0, 1200)
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
