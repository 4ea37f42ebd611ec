"""The network as a diagram in the explorer's Layer panel, in Voilà and in JupyterLab."""

from __future__ import annotations

import re

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Locator, Page, expect

CELLS = [
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_resnet', method='saliency')\n"
    "explorer"
]
ANSWER = 120_000  # TensorFlow loads

# The largest network of the zoo as far as its layers go, in a picker without a network.
INCEPTION = [
    "from cnnvis_widgets.widgets import LayerPicker\n"
    "from cnnvis_widgets.backend.records import LayerInfo\n"
    "from cnnvis_widgets.engine.requests import NetworkFacts\n"
    "from cnnvis_widgets.widgets.explorer.explorer_records import layer_records\n"
    "from cnnvis_widgets.zoo.plans import load_plan\n"
    "plan = load_plan('inception_v3')\n"
    "infos = tuple(LayerInfo(*p[:3], p.output_shape[-1]) for p in plan)\n"
    "records = layer_records(NetworkFacts('', infos, ('a', 'b'), {}, '', plan))\n"
    "picker = LayerPicker(layers=records, value='mixed4'); picker"
]


def opened(page: Page) -> Locator:
    """The Layer panel, showing the diagram."""
    page.get_by_role("button", name=re.compile("^Layer")).click()
    page.get_by_role("tab", name="Diagram").click()
    return page.get_by_role("tree", name="Layer, as a diagram")


def test_a_layer_is_chosen_in_the_diagram(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Mini ResNet", timeout=ANSWER)
    diagram = opened(page)
    blocks = diagram.locator("[role=treeitem][aria-expanded]")
    expect(blocks.first).to_have_attribute("aria-expanded", "false")
    shown = blocks.evaluate_all(
        "(all) => all.map((e) => parseInt(e.getAttribute('aria-label').split(': ')[1]))"
    )
    single = diagram.locator("[role=treeitem]:not([aria-expanded])").count()
    assert sum(shown) + single == int(in_kernel(page, "len(explorer.layers.layers)"))
    expect(diagram.locator("[aria-selected=true]")).to_have_count(1)
    expect(diagram.locator("[aria-selected=true]")).to_be_in_viewport()  # the output, at the end
    screenshot(page, "layer-diagram")

    # By the keyboard: arrows move and choose nothing, Enter chooses and closes the panel.
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("role", "treeitem")
    page.keyboard.press("ArrowUp")
    expect(page.locator(":focus")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(page.locator(":focus")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-level", "2")
    expect_in_kernel(page, "explorer.layers.value", "the output (classes)")
    there = page.evaluate("document.activeElement.dataset.key")
    page.keyboard.press("Enter")
    expect_in_kernel(page, "explorer.layers.value", there)
    expect(diagram).to_be_hidden()

    # The way of looking is remembered; what was chosen is marked; a click chooses.
    page.get_by_role("button", name=re.compile("^Layer")).click()
    expect(page.get_by_role("tab", name="Diagram")).to_have_attribute("aria-selected", "true")
    expect(diagram.locator("[aria-selected=true]")).to_have_attribute("data-key", there)
    diagram.get_by_role("treeitem", name=re.compile(", 2 paths: ")).first.click()
    join = diagram.get_by_role("treeitem", name=re.compile(": add, .*, from .+ and .+")).first
    screenshot(page, "layer-diagram-block")
    join.click()
    expect(page.locator(".cnnvis-view-title")).to_contain_text("add", timeout=ANSWER)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name=re.compile("^Layer")).click()
    expect(diagram).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "layer-diagram-phone")


def test_three_hundred_layers_in_jupyterlab(lab_page, screenshot) -> None:
    page = lab_page(INCEPTION)
    page.get_by_role("tab", name="Diagram").click()
    diagram = page.get_by_role("tree", name="Layer, as a diagram")
    chosen = diagram.locator("[data-key=mixed4]")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(chosen).to_be_in_viewport()  # its block was opened, and scrolled to
    expect(diagram.get_by_role("treeitem")).to_have_count(14 + 32 + 1)
    expect(page.get_by_text(re.compile("^more: ↑ above, ↓ below"))).to_be_visible()
    screenshot(page.locator(".cnnvis-layers"), "layer-diagram-inception")

    # A block is opened by a key and closed by another; the focus stays on it.
    head = diagram.get_by_role("treeitem", name=re.compile("^mixed5, 4 paths: 32 layers"))
    head.focus()
    page.keyboard.press("ArrowRight")
    expect(head).to_have_attribute("aria-expanded", "true")
    expect(head).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-level", "2")
    head.focus()
    page.keyboard.press("ArrowLeft")
    expect(head).to_have_attribute("aria-expanded", "false")
    expect_in_kernel(page, "picker.value", "mixed4")

    # The filter lets the others fade, and counts all 312 and the output.
    page.get_by_role("searchbox").fill("maxpooling2d 8")
    expect(page.get_by_role("status").filter(has_text="of 313")).to_be_visible()
    expect(diagram.locator(".cnnvis-found").first).to_have_attribute("aria-expanded", "false")
    page.get_by_role("searchbox").fill("")
    width = diagram.evaluate("(e) => e.getBoundingClientRect().width")
    page.get_by_role("button", name="larger").click()
    assert diagram.evaluate("(e) => e.getBoundingClientRect().width") > 1.2 * width
