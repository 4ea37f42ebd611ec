"""The explorer, whole: real network, real kernel, real browser; Voilà, JupyterLab and Notebook.

TensorFlow takes its time to load in each kernel, so each server is visited once and a visitor's
whole session is played there.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
from jupyter_servers import in_kernel
from PIL import Image
from playwright.sync_api import Page, expect

CELLS = ["import cnnvis_widgets as cnnvis\nexplorer = cnnvis.Explorer()\nexplorer"]
EXPLORER = Path(__file__).parents[2] / "notebooks" / "explorer.ipynb"
LOADING = 240_000  # a kernel of its own loads TensorFlow, on a machine that may be busy
ANSWER = 60_000

NOTEBOOK_S_OWN = {
    "reading 'schema'": "Notebook 7.6 complains so with one empty cell too",
    "'filebrowser:open-path' not registered": "as its file browser comes up later than the page",
}

SHOWN = """() => {
  const canvas = document.querySelector(".cnnvis-view canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) % 1000000007;
  return sum;
}"""


def title(page: Page) -> object:
    return page.locator(".cnnvis-view-title")


def settled(page: Page) -> int:
    """A number for what is drawn, once nothing is under way."""
    expect(page.locator(".cnnvis-header-work")).to_be_hidden(timeout=ANSWER)
    expect(page.locator(".cnnvis-view-work")).to_be_hidden(timeout=ANSWER)
    return page.evaluate(SHOWN)


def first_picture(page: Page) -> int:
    expect(title(page)).to_contain_text("Egyptian cat", timeout=LOADING)
    return settled(page)


def changed(page: Page, before: int, text: str) -> int:
    """A number for what is drawn once the title says so and the picture is another."""
    expect(title(page)).to_contain_text(text, timeout=ANSWER)
    page.wait_for_function(f"(before) => ({SHOWN})() !== before", arg=before, timeout=ANSWER)
    return settled(page)


def group(page: Page, name: str) -> object:
    return page.get_by_role("group", name=name, exact=True)


def panel(page: Page, name: str) -> object:
    """The picker of that name, opened by its button in the bar."""
    page.get_by_role("button", name=re.compile(f"^{name}")).click()
    return group(page, name)


def png(seed: int = 3, size: tuple[int, int] = (90, 130)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_visit_through_voila(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    # The controls are there before the network is.
    for name in (
        "Network EfficientNet-Lite0",
        "Picture Chelsea",
        "Layer",
        "Neuron",
        "Method Grad-CAM",
    ):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    shown = first_picture(page)
    screenshot(page, "explorer-voila")
    expect(group(page, "Class").get_by_role("option", name="Egyptian cat")).to_contain_text("38")

    assert in_kernel(page, "explorer._warmed") == "False"  # nobody has touched it yet

    # Each control changes the picture.
    group(page, "Class").get_by_role("option", name="tiger cat").click()
    shown = changed(page, shown, "tiger cat")
    assert in_kernel(page, "explorer._warmed") == "True"
    for method, words in (
        ("Saliency map", "Saliency map"),
        ("DeconvNet", "DeconvNet"),
        ("Guided backpropagation", "Guided backpropagation"),
        ("Guided Grad-CAM", "Guided Grad-CAM"),
    ):
        panel(page, "Method").get_by_role("radio", name=method).first.click()
        expect(group(page, "Method")).to_be_hidden()
        shown = changed(page, shown, words)
    screenshot(page, "explorer-guided-grad-cam")
    panel(page, "Picture").get_by_role("radio", name="espresso").click()
    shown = changed(page, shown, "tiger cat")  # a class that was chosen stays
    group(page, "Class").get_by_role("option", name="espresso").click()
    shown = changed(page, shown, "espresso")

    # Another network, and back: its classes are others.
    panel(page, "Network").get_by_role("option", name="Mini VGG").click()
    shown = changed(page, shown, "Mini VGG")
    expect(group(page, "Class").get_by_role("option")).to_have_count(5)
    expect(page.get_by_role("button", name=re.compile("^Picture"))).not_to_contain_text("espresso")
    panel(page, "Network").get_by_role("option", name="EfficientNet-Lite0").click()
    expect(title(page)).to_contain_text("EfficientNet-Lite0", timeout=ANSWER)
    panel(page, "Picture").get_by_role("radio", name="espresso").click()
    shown = changed(page, shown, "espresso")

    # A neuron of a layer: the most active first.
    panel(page, "Layer")
    page.get_by_placeholder("filter by name").fill("block4b_add")
    page.get_by_role("treeitem", name="block4b_add").last.click()
    shown = changed(page, shown, "of block4b_add")
    cards = group(page, "Neuron").get_by_role("radio", name="unit")
    expect(cards.first).to_have_attribute("aria-checked", "true")
    cards.nth(3).click()
    unit = in_kernel(page, "explorer.neurons.value")
    shown = changed(page, shown, f"unit {unit} of block4b_add")
    screenshot(page, "explorer-neuron", full_page=True)
    panel(page, "Picture").get_by_role("radio", name="Chelsea").click()
    expect(page.get_by_role("button", name=f"Neuron unit {unit}")).to_be_visible()
    shown = changed(page, shown, f"unit {unit} of block4b_add")  # the same neuron, another picture
    panel(page, "Layer")
    page.get_by_placeholder("filter by name").fill("")
    page.get_by_role("treeitem", name="the output").click()
    shown = changed(page, shown, "Egyptian cat")

    # An upload, and a bad one: it says why, and what was there stays.
    panel(page, "Picture")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": png()})
    expect(page.get_by_role("radio", name="your picture")).to_have_attribute(
        "aria-checked", "true", timeout=ANSWER
    )
    expect(title(page)).not_to_contain_text("Egyptian cat", timeout=ANSWER)
    shown = settled(page)
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"not one"})
    expect(group(page, "Picture").get_by_role("alert")).to_contain_text("bad.png", timeout=ANSWER)
    assert settled(page) == shown

    # The code behind it computes the same array.
    in_kernel(
        page,
        "import matplotlib\nspace = {}\n"
        "exec(explorer.view.code.rsplit('explanation.save', 1)[0], space)\n"
        "import numpy as np\n"
        "assert np.array_equal(space['explanation'].heatmap(),"
        " np.frombuffer(explorer.view.heatmap, '<f4').reshape(explorer.view.shape))",
    )


def test_by_keyboard_alone(voila_page) -> None:
    page = voila_page(CELLS)
    shown = first_picture(page)
    group(page, "Class").get_by_role("option", name="Egyptian cat").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shown = changed(page, shown, "tiger cat")
    button = page.get_by_role("button", name="Method")
    button.focus()
    page.keyboard.press("Enter")
    expect(group(page, "Method").locator("[aria-checked=true]")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(title(page)).not_to_contain_text("Grad-CAM", timeout=ANSWER)
    page.keyboard.press("Escape")
    expect(group(page, "Method")).to_be_hidden()
    expect(button).to_be_focused()
    shown = settled(page)
    page.get_by_role("button", name=re.compile("^Picture")).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(group(page, "Picture")).to_be_hidden()
    changed(page, shown, "tiger cat")
    alt = page.locator(".cnnvis-view [role=img]").first.get_attribute("aria-label")
    assert alt and "strongest at row" in alt


def test_a_visit_in_jupyterlab(lab_page, screenshot) -> None:
    page = lab_page(CELLS)
    shown = first_picture(page)
    screenshot(page, "explorer-lab")
    panel(page, "Method").get_by_role("radio", name="Saliency map").click()
    shown = changed(page, shown, "Saliency map")
    group(page, "Class").get_by_role("option", name="tiger cat").click()
    changed(page, shown, "tiger cat")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == "?" + in_kernel(page, "explorer.link").strip("'")
    expect(page.get_by_role("button", name="QR code")).to_have_count(0)
    assert "cuInit" not in page.locator("body").inner_text()


def test_a_visit_in_jupyter_notebook(notebook_page, screenshot) -> None:
    page = notebook_page(CELLS, allow=NOTEBOOK_S_OWN)
    shown = first_picture(page)
    screenshot(page, "explorer-jupyter-notebook")
    group(page, "Class").get_by_role("option", name="tiger cat").click()
    changed(page, shown, "tiger cat")


def test_the_app_s_notebook_as_a_page(voila_page, screenshot) -> None:
    page = voila_page(EXPLORER)
    expect(page.get_by_role("heading", name="Explorer", level=1)).to_be_visible()
    first_picture(page)
    screenshot(page, "explorer-notebook")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the projector"


def test_all_of_it_is_in_sight(voila_page, screenshot) -> None:
    """At 1280 × 800 nothing that is used every minute is below the fold."""
    page = voila_page(EXPLORER)
    first_picture(page)
    expect(page.locator(".cnnvis-trust-status")).not_to_be_empty(timeout=ANSWER)
    parts = [
        *(page.get_by_role("button", name=re.compile(f"^{name}")) for name in
          ("Network", "Picture", "Layer", "Neuron", "Method", "Parameters", "Save picture")),
        page.locator(".cnnvis-view-pane").first,
        page.get_by_role("slider", name="Opacity"),
        group(page, "Class").get_by_role("option").last,
        page.get_by_placeholder("Search 1000 classes"),
        page.get_by_role("radiogroup", name="Touch the picture"),
        page.locator(".cnnvis-trust-status"),
    ]  # fmt: skip
    for part in parts:
        box = part.bounding_box()
        assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 800, (part, box)
    screenshot(page, "explorer-1280")
    for name in ("Network", "Picture", "Layer", "Method", "Parameters"):
        opened = panel(page, name)
        box = opened.locator(
            "xpath=ancestor::*[contains(@class, 'cnnvis-panel')][1]"
        ).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 800
        page.mouse.click(640, 60)  # elsewhere
        expect(opened).to_be_hidden()


def test_on_a_phone_the_bar_is_at_the_thumb(voila_page, screenshot) -> None:
    page = voila_page(EXPLORER, viewport={"width": 390, "height": 844}, has_touch=True)
    shown = first_picture(page)
    button = page.get_by_role("button", name="Method")

    def at_the_thumb() -> bool:
        box = button.bounding_box()
        return box["y"] > 600 and box["y"] + box["height"] <= 844 and box["height"] >= 44

    assert at_the_thumb()
    screenshot(page, "explorer-390")
    page.mouse.move(200, 300)
    page.mouse.wheel(0, 300)
    scrolled = page.locator(".cnnvis-explorer").first
    page.wait_for_function(
        "(e) => e.getBoundingClientRect().top < -100", arg=scrolled.element_handle()
    )
    assert at_the_thumb()
    screenshot(page, "explorer-390-scrolled")
    button.tap()
    choice = group(page, "Method").get_by_role("radio", name="Saliency map")
    frame = page.locator(".cnnvis-panel-open").bounding_box()
    assert 0 <= frame["y"] < 30 and frame["y"] + frame["height"] < button.bounding_box()["y"]
    choice.tap()
    changed(page, shown, "Saliency map")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_work_under_way_can_be_seen_and_stopped(voila_page) -> None:
    page = voila_page(CELLS)
    first_picture(page)
    panel(page, "Method").get_by_role("radio", name="LIME").click()
    page.get_by_role("button", name=re.compile("^(Cancel|Stop here)$")).click(timeout=ANSWER)
    expect(page.locator(".cnnvis-header-work")).to_be_hidden()
