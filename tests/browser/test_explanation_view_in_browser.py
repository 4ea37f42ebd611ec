"""The explanation view in Chromium: what it draws, what is read off it, how it looks."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
from jupyter_servers import in_kernel
from playwright.sync_api import expect
from view_pages import (
    COLUMNS,
    MAPS,
    PICTURE,
    ROWS,
    SCALES,
    SETUP,
    SIGNED,
    choose,
    contours_agree,
    near,
    picture_box,
    pixels,
    point,
    python,
    show,
    under,
)

from cnnvis_widgets import rendering


def test_the_browser_draws_what_python_draws(voila_page):
    page = voila_page([SETUP, "view"])
    bar = page.locator(".cnnvis-view-strip")
    for name, values in MAPS.items():
        show(page, name)
        scale = SCALES[name]
        # Where a coarse map is enlarged, Pillow keeps float32 between its two passes.
        levels = 1 if name == "coarse" else 0
        fine = rendering.enlarge(values, ROWS, COLUMNS)
        for blend, opacity, gray in (("uniform", 0.6, True), ("value", 0.85, False)):
            in_kernel(page, f"view.blend, view.opacity = {blend!r}, {opacity}")
            in_kernel(page, f"view.gray_picture, view.mode = {gray}, 'overlay'")
            expect(page.locator(".cnnvis-view-percent")).to_have_text(
                f"{opacity:.0%}".replace("%", " %")
            )
            expected = rendering.overlay(
                PICTURE, values, scale, opacity=opacity, blend=blend, gray_picture=gray
            )
            near(pixels(under(page)), expected, levels)
            if name != "zeros":
                table = rendering.blended_table(scale, opacity=opacity, blend=blend)
                near(pixels(bar)[0], table, 0)
        choose(page, "Heatmap")
        near(pixels(under(page)), rendering.colorize(fine, scale), levels)
        if name == "zeros":
            near(
                pixels(bar), rendering.color_bar(scale, length=256, thickness=1, vertical=False), 0
            )
        else:
            near(pixels(bar)[0], rendering.lookup(rendering.choose_colormap(scale.kind)), 0)
        choose(page, "Split")
        near(pixels(under(page)), PICTURE, 0)
        near(
            pixels(page.locator(".cnnvis-view-cut canvas").first),
            rendering.colorize(fine, scale),
            levels,
        )
        choose(page, "Side by side")
        near(pixels(under(page)), PICTURE, 0)
        near(pixels(under(page, 1)), rendering.colorize(fine, scale), levels)
        choose(page, "Picture")
        near(pixels(under(page)), PICTURE, 0)
        in_kernel(page, "view.gray_picture = True")
        choose(page, "Contours")
        near(pixels(under(page)), rendering.gray(PICTURE), 0)
        contours_agree(page, fine, scale)


def test_values_are_read_by_mouse_by_keys_and_in_a_zoom(voila_page):
    page = voila_page([SETUP, "view"])
    read = page.locator(".cnnvis-view-read")
    pane = page.locator(".cnnvis-view-pane").first
    sizes = np.abs(SIGNED)

    def says(row: int, column: int) -> None:
        value = SIGNED[row, column]
        share = 100 * (sizes < abs(value)).mean()
        message = "more than 99.9 %" if 99.9 < share < 100 else f"{share:.1f} %"
        text = rendering.format_value(float(value), 4)
        expect(read).to_have_text(
            f"Row {row}, column {column}: {text}, stronger than {message} of the pixels"
        )

    expect(pane).to_have_attribute("role", "img")
    expect(pane).to_have_attribute("aria-label", "the map signed")
    for row, column in [(0, 0), (3, 17), (19, 29)]:
        page.mouse.move(*point(page, row, column))
        says(row, column)
    assert read.get_attribute("aria-live") == "off"  # the mouse does not chatter
    page.mouse.move(2, 2)
    expect(read).to_have_text("Point at the picture to read its values.")

    page.keyboard.press("Tab")
    for _ in range(20):
        if pane.evaluate("(pane) => pane === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(read).to_contain_text("Arrow keys")
    assert pane.evaluate("(pane) => getComputedStyle(pane).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    says(10, 15)  # the middle
    assert read.get_attribute("aria-live") == "polite"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    says(11, 5)
    page.keyboard.press("Shift+ArrowLeft")
    says(11, 0)
    page.keyboard.press("m")
    strongest = np.unravel_index(int(sizes.argmax()), sizes.shape)
    says(*map(int, strongest))
    page.keyboard.press("+")
    page.keyboard.press("+")
    says(*map(int, strongest))
    python(page, "view.zoom", 2.0)
    assert (
        under(page).evaluate("(canvas) => getComputedStyle(canvas).imageRendering") == "pixelated"
    )
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    says(0, int(strongest[1]))
    top = page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox").split()[1]
    assert float(top) == 0  # what is read stays in sight
    page.keyboard.press("0")
    python(page, "view.zoom", 1.0)
    page.keyboard.press("Escape")
    expect(read).to_contain_text("Arrow keys")

    # Ctrl and the wheel enlarge about the pointer: the same pixel stays under it.
    page.mouse.move(*point(page, 4, 23))
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.mouse.move(*point(page, 4.05, 23.05))
    says(4, 23)
    assert float(in_kernel(page, "view.zoom")) > 5
    start = point(page, 4, 23)
    page.mouse.down()
    page.mouse.move(start[0] - picture_box(page)["width"] / 3, start[1], steps=4)
    page.mouse.up()
    page.mouse.move(*point(page, 4, 23))
    expect(read).not_to_contain_text("column 23:")
    # A new result leaves zoom, mode and place alone, and what is read is the new value.
    at = ast.literal_eval(re.sub(r"Row (\d+), column (\d+).*", r"(\1, \2)", read.inner_text()))
    box = page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox")
    show(page, "unsigned")
    value = rendering.format_value(float(MAPS["unsigned"][at]), 4)
    expect(read).to_contain_text(f"Row {at[0]}, column {at[1]}: {value}, larger than")
    assert page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox") == box


def test_modes_divider_and_opacity_by_mouse_and_by_keys_alone(voila_page):
    page = voila_page(
        [SETUP, "changes = []", "view.observe(lambda c: changes.append(c['name']))\nview"]
    )
    overlay = page.get_by_role("radio", name="Overlay")
    expect(overlay).to_have_attribute("aria-checked", "true")
    overlay.focus()
    page.keyboard.press("ArrowRight")
    python(page, "view.mode", "split")
    divider = page.get_by_role("slider", name=re.compile("Divider"))
    box = picture_box(page)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=3)
    page.mouse.up()
    python(page, "round(view.split, 2)", 0.25)
    cut = page.locator(".cnnvis-view-cut").first
    assert cut.evaluate(
        "(c) => parseFloat(getComputedStyle(c).clipPath.split(' ')[3])"
    ) == pytest.approx(25, abs=1)
    divider.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    python(page, "round(view.split, 2)", 0.37)
    expect(divider).to_have_attribute("aria-valuenow", "37")
    page.keyboard.press("End")
    python(page, "view.split", 1.0)
    choose(page, "Overlay")
    slider = page.get_by_role("slider", name="Opacity")
    slider.focus()
    before = pixels(under(page))
    page.keyboard.press("Home")
    near(pixels(under(page)), rendering.gray(PICTURE), 0)
    assert np.abs(before.astype(int) - rendering.gray(PICTURE)).max() > 50
    python(page, "view.opacity", 0.0)
    # A dragged slider does not flood Python, and its last value arrives.
    in_kernel(page, "changes.clear()")
    page.evaluate(
        """() => { const slider = document.querySelector(".cnnvis-view-look input");
        for (let i = 0; i <= 100; i += 1) {
          slider.value = i / 100; slider.dispatchEvent(new Event("input"));
        } }"""
    )
    python(page, "view.opacity", 1.0)
    assert int(in_kernel(page, "changes.count('opacity')")) < 10
    page.get_by_role("checkbox", name="fade small values").check()
    page.get_by_role("checkbox", name="picture in colour").check()
    python(page, "(view.blend, view.gray_picture)", ("value", False))
    expected = rendering.overlay(PICTURE, SIGNED, opacity=1, blend="value", gray_picture=False)
    near(pixels(under(page)), expected, 0)
