"""The lesson on Grad-CAM: formulas, figures, links, widgets and its question."""

from __future__ import annotations

from formulas import formulas_are_set
from jupyter_servers import in_kernel
from playwright.sync_api import expect


def test_the_lesson_is_a_page_of_its_own(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Grad-CAM: which places")
    assert formulas_are_set(lesson) > 40
    for source in ("import numpy", 'cnnvis.load_network("efficientnet_lite0")\ncat'):
        assert source not in lesson.locator("body").inner_text()

    figures = lesson.locator("img[alt*='Heatmap of']")
    assert figures.filter(visible=True).count() >= 9

    link = lesson.get_by_role("link", name="solutions/03_08_grad_cam.ipynb")
    solutions = lesson.url.replace("/03_08_grad_cam", "/solutions/03_08_grad_cam").rstrip("?")
    assert link.evaluate("(a) => a.href") == solutions

    lesson.get_by_role("slider", name="how many channels").press("End")
    expect(lesson.get_by_text("overlap with the whole map: 100 %")).to_be_visible()
    lesson.get_by_role("radio", name="On the cup").click()
    expect(lesson.get_by_text("Right: On the cup.")).to_be_visible()
    expect(lesson.locator(".cnnvis-quiz img").first).to_be_visible()
    assert lesson.get_by_text("About 20 channels make half of the map").is_hidden()
    assert in_kernel(lesson, "round(float(total.sum() + b[unit]), 3)") == "9.009"
    screenshot(lesson, "lesson-grad-cam")
