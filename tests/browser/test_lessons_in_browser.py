"""The notebooks as a visitor sees them, with the network cable out."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from jupyter_servers import in_kernel
from playwright.sync_api import Page, expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSON = NOTEBOOKS / "03_08_grad_cam.ipynb"
SECONDS = 420  # TensorFlow, a network and some twenty pictures, while other tests use the machine


def formulas_are_set(page: Page) -> int:
    """How many formulas MathJax has set; none is left as text."""
    page.locator("mjx-container").first.wait_for(timeout=20_000)
    page.wait_for_function("!/\\$[^$]*\\\\[a-z]+[^$]*\\$/.test(document.body.innerText)")
    # Set in MathJax's own font, which comes along, not in a substitute.
    fonts = page.evaluate(
        "document.fonts.ready.then((f) => [...f].filter((x) => x.family.startsWith('MJX')"
        " && x.status === 'loaded').length)"
    )
    assert fonts > 0
    return page.locator("mjx-container").count()


def test_the_lesson_is_a_page_of_its_own(lesson_page, screenshot):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Grad-CAM: which places")
    assert formulas_are_set(page) > 40
    for source in ("import numpy", 'cnnvis.load_network("efficientnet_lite0")\ncat'):
        assert source not in page.locator("body").inner_text()

    silent = page.locator("img:not([alt]), img[alt='']").filter(visible=True)
    assert silent.count() == 0
    figures = page.locator("img[alt*='Heatmap of']")
    assert figures.filter(visible=True).count() >= 9

    link = page.get_by_role("link", name="solutions/03_08_grad_cam.ipynb")
    solutions = page.url.replace("/03_08_grad_cam", "/solutions/03_08_grad_cam").rstrip("?")
    assert link.evaluate("(a) => a.href") == solutions

    page.get_by_role("slider", name="how many channels").press("End")
    expect(page.get_by_text("overlap with the whole map: 100 %")).to_be_visible()
    page.get_by_role("radio", name="On the cup").click()
    expect(page.get_by_text("Right: On the cup.")).to_be_visible()
    expect(page.locator(".cnnvis-quiz img").first).to_be_visible()
    assert page.get_by_text("About 20 channels make half of the map").is_hidden()
    assert in_kernel(page, "round(float(total.sum() + b[unit]), 3)") == "9.009"
    screenshot(page, "lesson-grad-cam")


@pytest.mark.parametrize("server", ["voila", "lab"])
def test_a_figure_keeps_its_words_in_the_page(server, request):
    cell = """
import numpy as np
from cnnvis_widgets.rendering import figure
figure(None, np.eye(3), mode="heatmap", title="a <diagonal>")
"""
    page = request.getfixturevalue(f"{server}_page")([cell])
    picture = page.get_by_role("img", name="a <diagonal>. Heatmap of 3 × 3 values")
    expect(picture).to_be_visible()
    # it is trimmed to what is drawn
    assert 600 < picture.evaluate("(image) => image.naturalWidth") <= 820


def test_formulas_are_set_in_lab(lab_page, tmp_path):
    lesson = nbformat.read(LESSON, as_version=4)
    lesson.cells = [cell for cell in lesson.cells if cell.cell_type == "markdown"]
    nbformat.write(lesson, tmp_path / "words.ipynb")
    page = lab_page(tmp_path / "words.ipynb")
    assert formulas_are_set(page) > 5  # Lab sets what is in sight
