"""LIME in two dimensions in a real browser: the numbers are NumPy's; mouse, keys, two at once."""

from __future__ import annotations

import ast

from jupyter_servers import awaited, in_kernel
from playwright.sync_api import Locator, expect

SETUP = """
from cnnvis_widgets.widgets import Lime2D
one = Lime2D(point=[-0.5, 0.4])
one
"""
READ = "[*one.line().weights.tolist(), one.line().height, one.line().r2, one.line().worth]"


def numbers(widget: Locator) -> list[float]:
    """What is read beside the plane: weights, height, R², worth."""
    texts = [text.replace("−", "-") for text in widget.locator("dd").all_inner_texts()]
    return [
        *(float(part) for part in texts[3].split(", ")),
        *(float(texts[2]), float(texts[5]), float(texts[6].split()[0])),
    ]


def test_the_page_fits_the_line_that_python_fits(voila_page, screenshot):
    page = voila_page([SETUP, "two = Lime2D(width=3)\ntwo"])
    first = page.locator(".cnnvis-lime-2d").first
    point = first.get_by_role("button", name="the point to be explained")
    expect(point).to_have_attribute("aria-label", "the point to be explained: x₁ −0.5, x₂ 0.4")

    def agrees() -> None:
        def close(wanted: list[float]) -> bool:
            off = [abs(a - b) for a, b in zip(numbers(first), wanted, strict=True)]
            return max(off[:4]) <= 0.00051 and off[4] <= 0.051

        awaited(page, READ, close)

    agrees()
    point.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(point).to_have_attribute("aria-label", "the point to be explained: x₁ −0.3, x₂ 0")
    agrees()
    first.get_by_role("slider", name="kernel width").press("End")
    expect(first.get_by_role("slider", name="kernel width")).to_have_attribute(
        "aria-valuetext", "10"
    )
    agrees()
    first.get_by_role("slider", name="kernel width").fill("-0.3")
    first.get_by_role("slider", name="samples").press("Home")
    agrees()
    first.get_by_role("slider", name="samples").fill("300")
    first.get_by_role("slider", name="bend of the boundary").press("ArrowLeft")
    first.get_by_role("button", name="Draw other samples").click()
    agrees()
    assert in_kernel(page, "(one.seed, one.samples, one.bend)") == "(1, 300, 1.25)"

    plane = first.locator("svg")
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] * 0.7, "y": box["height"] * 0.3})
    agrees()
    x, y = ast.literal_eval(in_kernel(page, "tuple(one.point)"))
    assert abs(x - (0.7 * 520 - 50) / 456 * 6 + 3) < 0.05
    assert abs(y - (482 - 0.3 * 520) / 458 * 6 + 3) < 0.05
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.55, steps=5)
    page.mouse.up()
    agrees()
    assert ast.literal_eval(in_kernel(page, "one.point[0]")) < x - 1
    screenshot(first, "local-line")
    assert in_kernel(page, "(two.point, two.width)") == "([-0.4, -0.2], 3.0)"
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-lime-2d")).to_have_count(1)
