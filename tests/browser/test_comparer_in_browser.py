"""The comparer in a real browser: cells appear, are walked through by keys and open below."""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_servers import in_kernel
from playwright.sync_api import expect
from served_pages import WITHOUT_WORDS

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "comparer.ipynb"
LOADING = 480_000
METHODS = '{"saliency": "saliency", "grad_cam": "grad_cam", "lime": ("lime", {"samples": 60})}'
CELLS = [
    f"""
import cnnvis_widgets as cnnvis
one = cnnvis.Comparer(["mini_vgg", "mini_resnet"], ["scene:3", "scene:5"], {METHODS})
one
""",
    'two = cnnvis.Comparer("mini_vgg", "scene:7", ["saliency"], "output")\ntwo',
]


def test_cells_come_are_walked_through_and_open(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    grids = page.get_by_role("grid", name="Maps: neurons down, methods across")
    expect(grids).to_have_count(2)
    first = grids.first
    images = first.locator("[role=gridcell] img")
    expect(images).to_have_count(2 * (3 + 3 + 1), timeout=LOADING)
    expect(page.get_by_text("18 of 18 maps").first).to_be_visible(timeout=LOADING)
    expect(grids.nth(1).locator("[role=gridcell] img")).to_have_count(1)
    assert images.first.evaluate("(i) => i.decode().then(() => i.naturalWidth)") == 64
    message = first.get_by_role("gridcell", name="LIME explains output units only")
    expect(message).to_have_count(4)
    expect(first.get_by_role("rowheader").filter(has_text="of block3_conv2")).to_have_count(2)
    expect(first.locator("img[alt='the picture scene:3']")).to_be_visible()
    assert first.locator(WITHOUT_WORDS).filter(visible=True).count() == 0
    screenshot(page, "comparer")

    # By keyboard: one stop of the tab key, arrows, Enter.
    assert first.locator("[role=gridcell][tabindex='0']").count() == 1
    first.locator("[role=gridcell][tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(first.get_by_role("gridcell").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    title = page.locator(".cnnvis-view-title")
    expect(title).to_contain_text("Grad-CAM", timeout=LOADING)
    expect(title).to_contain_text("Mini VGG")
    expect(first.get_by_role("gridcell").nth(1)).to_have_attribute("aria-selected", "true")

    # The opened map has its checks; once all are there, they are marked in the cell too.
    strip = page.get_by_role("group", name="Checks of this map")
    expect(strip.get_by_role("button", name="Random top layer")).to_be_visible(timeout=LOADING)
    marks = first.get_by_role("gridcell").nth(1).locator(".cnnvis-trust-mark")
    expect(marks).to_have_count(strip.get_by_role("button").count())
    assert marks.all_inner_texts() == strip.locator(".cnnvis-trust-mark").all_inner_texts()
    expect(first.get_by_role("gridcell").nth(1)).to_have_accessible_description(
        re.compile("The method was applied as published to every layer. The rank correlation")
    )
    expect(first.locator(".cnnvis-comparer-checks")).to_have_count(1)
    first.get_by_role("gridcell").nth(1).scroll_into_view_if_needed()
    screenshot(page, "comparer-marked")

    # By mouse: an inner neuron of the other picture; then one that has no map.
    first.get_by_role("gridcell").nth(12).click()
    label = in_kernel(page, "one.grid.rows[4]['label']").strip("'")
    expect(title).to_contain_text(label, timeout=60_000)
    expect(title).to_contain_text("Saliency map")
    message.first.click()
    expect(page.get_by_role("alert").filter(has_text="LIME explains output")).to_be_visible()

    # Another network: the grid is emptied and filled again, the explorer follows.
    page.locator(".cnnvis-comparer select").first.select_option("mini_resnet")
    expect(first.get_by_role("rowheader").filter(has_text="conv3_block2_out")).to_have_count(
        2, timeout=60_000
    )
    expect(first.locator(".cnnvis-comparer-checks")).to_have_count(0)
    expect(page.get_by_text("18 of 18 maps").first).to_be_visible(timeout=60_000)
    first.get_by_role("gridcell").nth(1).click()
    expect(title).to_contain_text("Mini ResNet", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "comparer-opened", full_page=True)
    in_kernel(page, "one.close()")
    expect(grids).to_have_count(1)


def test_a_grid_that_is_drawn_before_it_has_rows_can_be_reached_by_key(voila_page) -> None:
    cell = """
from cnnvis_widgets.widgets import ComparerGrid
grid = ComparerGrid()
grid
"""
    page = voila_page([cell])
    grid = page.get_by_role("grid", name="Maps: neurons down, methods across")
    expect(grid).to_be_attached()
    in_kernel(page, "grid.methods = [dict(name='saliency', title='Saliency map')]")
    rows = "[dict(key=f'{i}', picture='one', neuron='output', label='cat') for i in range(2)]"
    in_kernel(page, f"grid.rows = {rows}")
    expect(grid.get_by_role("gridcell")).to_have_count(2)
    grid.locator("[role=gridcell][tabindex='0']").press("ArrowDown")
    expect(grid.get_by_role("gridcell").nth(1)).to_be_focused()


def test_the_app_s_notebook_as_a_page(voila_page, screenshot) -> None:
    page = voila_page(NOTEBOOK)
    expect(page.get_by_role("heading", name="Comparer", level=1)).to_be_visible()
    expect(page.get_by_role("grid")).to_have_count(2)
    expect(page.get_by_text(" of 63 maps").first).to_be_visible(timeout=LOADING)
    cells = page.get_by_role("grid").first.locator("[role=gridcell] img")
    expect(cells.nth(29)).to_be_visible(timeout=LOADING)  # LIME's, which take minutes, come last
    assert page.locator(WITHOUT_WORDS).filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "comparer-notebook", full_page=True)
