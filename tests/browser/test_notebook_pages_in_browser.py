"""Figures and formulas of a notebook as a page, in Voilà and in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from formulas import formulas_are_set
from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_08_grad_cam.ipynb"


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
