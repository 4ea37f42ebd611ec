"""Networks, methods and layers are chosen in Chromium."""

from __future__ import annotations

import pytest
from jupyter_servers import in_kernel
from picker_pages import LAYERS, METHODS, NETWORKS, SETUP, option, python, radio
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("cell", "item", "first", "off", "reason", "last", "kept", "arrived"),
    [
        (NETWORKS, option, "Lite", "VGG-16", "weights are not on", "Mini", "lite", "mini"),
        (METHODS, radio, "Saliency", "CAM a", "no global", "Grad-CAM", "saliency", "grad_cam"),
    ],
    ids=["network", "method"],
)
def test_what_cannot_be_chosen_is_explained_and_stepped_over(
    voila_page, cell, item, first, off, reason, last, kept, arrived
):
    page = voila_page([SETUP, cell, "picker"])
    expect(item(page, off)).to_contain_text(reason)
    expect(item(page, off)).to_have_attribute("aria-disabled", "true")
    item(page, off).click(force=True)
    python(page, "picker.value, list(values)", (kept, []))
    item(page, first).focus()
    page.keyboard.press("ArrowDown")
    if not item(page, off).evaluate("(e) => e === document.activeElement"):
        page.keyboard.press("ArrowRight")
    expect(item(page, off)).to_be_focused()  # a screen reader reads the reason there
    page.keyboard.press("End")
    expect(item(page, last)).to_be_focused()
    python(page, "list(values)", [arrived])


def test_loading_is_shown_with_its_seconds_and_spoken_once(voila_page):
    page = voila_page([SETUP, NETWORKS, "picker"])
    in_kernel(page, "picker.loading = 'loading TensorFlow… 3 s'; picker.busy = True")
    expect(page.locator(".cnnvis-loading")).to_have_text("loading TensorFlow… 3 s")
    spoken = page.get_by_role("status")
    expect(spoken).to_have_text("loading TensorFlow…")
    expect(page.locator(".cnnvis-body")).to_have_attribute("aria-busy", "true")
    in_kernel(page, "picker.loading = ''; picker.busy = False")
    expect(page.locator(".cnnvis-loading")).to_be_hidden()
    expect(spoken).to_have_text("")


def test_four_hundred_layers_are_quick_to_draw_filter_and_walk(voila_page, screenshot):
    page = voila_page([SETUP, LAYERS, "picker"])
    tree = page.get_by_role("tree", name="Layer")
    expect(page.get_by_role("status")).to_have_text("401 layers")
    rows = page.locator("[role=treeitem][data-key]")
    expect(rows.filter(visible=True)).to_have_count(1)  # so many begin with their blocks closed
    page.get_by_role("treeitem", name="block 3", exact=False).first.click()
    expect(rows.filter(visible=True)).to_have_count(9)
    in_kernel(page, "picker.value = 'b49_7_conv'")
    chosen = page.locator("[data-key=b49_7_conv]")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(chosen).to_be_in_viewport()
    filter_field = page.get_by_role("searchbox")
    filter_field.fill("Conv2D b12")
    expect(page.get_by_role("status")).to_have_text("4 of 401")
    expect(rows.filter(visible=True)).to_have_count(4)
    screenshot(page.locator(".cnnvis"), "layer-picker-filtered")
    filter_field.press("ArrowDown")
    python(page, "values[-1]", "b12_1_conv")
    page.keyboard.press("ArrowDown")
    python(page, "values[-1]", "b12_3_conv")
    filter_field.fill("nothing like this")
    expect(page.get_by_role("status")).to_have_text("0 of 401")
    milliseconds = page.evaluate(
        """() => {
        const field = document.querySelector("[type=search]");
        const begin = performance.now();
        for (const text of ["c", "co", "con", "conv", ""]) {
          field.value = text;
          field.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect();
        }
        return (performance.now() - begin) / 5;
        }"""
    )
    assert milliseconds < 100
    expect(tree).to_be_visible()


def test_blocks_open_and_close_by_keyboard(voila_page):
    page = voila_page([SETUP, LAYERS, "picker"])
    first = page.get_by_role("treeitem").first
    first.focus()
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowRight")
    python(page, "list(values)", ["b0_0_relu"])
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("treeitem", name="block 1").first).to_be_focused()
    page.keyboard.press("End")
    python(page, "values[-1]", "logits")
    expect(page.locator("[data-key=logits]")).to_contain_text("10 units")


def test_the_bar_beside_a_layer_grows_with_rows_and_units(voila_page):
    page = voila_page([SETUP, LAYERS, "picker.value = 'b0_0_relu'; picker"])

    def bar(name):
        style = page.locator(f"[data-key='{name}'] .cnnvis-shape > span")
        return style.evaluate("(e) => [parseFloat(e.style.height), parseFloat(e.style.width)]")

    early, late = bar("b0_0_relu"), bar("b49_7_conv")
    assert early[0] == 20 > late[0] > 3  # 128 rows; 128 >> 4 rows
    assert early[1] < late[1] == 40  # 8 units; 407 units
    assert bar("logits")[0] == 3
