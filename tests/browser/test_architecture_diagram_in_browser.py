"""Diagrams of real networks in a real browser: what is where, and the keyboard."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

CELLS = [
    "from cnnvis_widgets.widgets import ArchitectureDiagram\n"
    "from cnnvis_widgets.zoo.plans import load_plan",
    "vgg = ArchitectureDiagram(load_plan('vgg16'), label='VGG-16'); vgg",
    "block = ArchitectureDiagram(load_plan('resnet50'), first='conv2_block2_1_conv', "
    "last='conv2_block2_out', label='residual block'); block",
    "names = [x.name for x in load_plan('inception_v3')]\n"
    "start = names.index('mixed0') - 1\n"
    "before = max(i for i, x in enumerate(load_plan('inception_v3')[:start])"
    " if x.kind == 'MaxPooling2D')\n"
    "inception = ArchitectureDiagram(load_plan('inception_v3'), first=names[before + 1], "
    "last='mixed0', label='Inception block'); inception",
]


def test_three_diagrams_on_a_page(voila_page, screenshot):
    page = voila_page(CELLS)
    expect(page.locator(".cnnvis-architecture")).to_have_count(3)
    vgg, block, inception = page.locator(".cnnvis-architecture").all()
    expect(vgg.get_by_role("option")).to_have_count(21)
    expect(vgg.get_by_text("21 boxes, 138\u202f357\u202f544 parameters")).to_be_visible()
    dense = vgg.get_by_role("option", name="fc1: dense, 4096, 102\u202f764\u202f544 parameters")
    dense.click()
    expect_in_kernel(page, "vgg.value", "fc1")
    expect(vgg.get_by_role("status")).to_contain_text("74.3 %")
    expect(dense).to_have_attribute("aria-selected", "true")

    # a higher map is a higher box; the layer with most parameters has the longest bar
    def attribute(name: str, part: str, what: str) -> float:
        box = vgg.get_by_role("option", name=name)
        return float(box.locator(part).get_attribute(what))

    heights = [attribute(f"block{i}_conv1:", "rect:first-child", "height") for i in range(1, 6)]
    assert heights == sorted(heights, reverse=True)
    assert attribute("fc1:", ".cnnvis-arch-share", "width") == 68
    small = attribute("fc2:", ".cnnvis-arch-share", "width")
    assert abs(small - 68 * 16_781_312 / 102_764_544) < 0.01

    page.keyboard.press("Home")
    expect_in_kernel(page, "vgg.value", "block1_conv1")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "vgg.value", "block1_conv2")
    expect(vgg.get_by_role("status")).to_contain_text("a place sees 5 × 5 pixels")
    page.keyboard.press("End")
    expect_in_kernel(page, "vgg.value", "predictions")
    assert vgg.locator(".cnnvis-arch-scroll").evaluate("(s) => s.scrollLeft") > 0
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "(block.value, vgg.value)", ("conv2_block2_2_conv", "predictions"))

    # the shortcut's line passes no box
    boxes = block.get_by_role("option").evaluate_all(
        """(all) => all.map((g) => g.querySelector('rect').getBBox())
          .map((b) => [b.x, b.y, b.width, b.height])"""
    )
    points = block.locator(".cnnvis-arch-edge").evaluate_all(
        """(all) => {
          const long = all.reduce((a, b) => (a.getTotalLength() > b.getTotalLength() ? a : b));
          return Array.from({ length: 60 }, (_, i) =>
            long.getPointAtLength((i * long.getTotalLength()) / 60)).map((p) => [p.x, p.y]);
        }"""
    )
    assert len(points) == 60
    inside = [
        (x, y) for x, y in points for x0, y0, w, h in boxes if x0 < x < x0 + w and y0 < y < y0 + h
    ]
    assert inside == []
    assert len(boxes) == 4

    expect(inception.get_by_role("option")).to_have_count(9)
    last = inception.get_by_role("option").last
    expect(last).to_have_attribute("aria-label", "mixed0: concat, 35 × 35 × 256, 0 parameters")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "architecture", full_page=True)
    in_kernel(page, "vgg.close()")
    expect(page.locator(".cnnvis-architecture")).to_have_count(2)
