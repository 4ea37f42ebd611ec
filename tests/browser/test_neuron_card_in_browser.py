"""A neuron is chosen on the wall of its layer, and its card read, in Voilà."""

from __future__ import annotations

import re

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Page, expect

CELLS = [
    "import cnnvis_widgets as cnnvis\n"
    "network = cnnvis.load_network('mini_vgg')\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'scene:3', method='saliency')\n"
    "explorer"
]
ANSWER = 120_000  # TensorFlow loads
LAYER = "block3_conv2"


def number(text: str) -> float:
    match = re.search(r"[−-]?\d[\d.]*", text)
    assert match, text
    return float(match[0].replace("−", "-"))


def test_a_neuron_s_card(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    card = page.get_by_role("region", name="Neuron's card")
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Mini VGG", timeout=ANSWER)
    expect(card).to_be_hidden()  # a class has none
    page.get_by_role("button", name=re.compile("^Layer")).click()
    page.get_by_role("treeitem", name=re.compile(LAYER)).click()

    # The wall: every unit of the layer, of which one is clicked.
    wall = page.get_by_role("radiogroup", name="Neuron", exact=True).get_by_role("radio")
    units = int(
        in_kernel(page, f"network.activations(cnnvis.load_image('scene:3'), '{LAYER}').shape[2]")
    )
    expect(wall).to_have_count(units, timeout=ANSWER)
    expect(page.get_by_text(f"{units} units, the most active first")).to_be_visible()
    wall.nth(2).click()
    unit = in_kernel(page, "explorer.neurons.value")
    expect(card.get_by_role("heading", name=f"unit {unit} of {LAYER}")).to_be_visible()

    # The card shows what the network says.
    peak = card.get_by_text(re.compile("^peak"))
    expect(peak).to_be_visible(timeout=ANSWER)
    own = f"network.activations(cnnvis.load_image('scene:3'), '{LAYER}')[..., {unit}]"
    largest = float(in_kernel(page, f"float({own}.max())"))
    assert abs(number(peak.inner_text()) - largest) <= 0.005 * abs(largest)
    pushed = card.get_by_role("list", name="It pushes").get_by_role("listitem")
    expect(pushed.first).to_contain_text("+")
    gallery = card.get_by_role("button", name=re.compile("choose this picture"))
    expect(gallery).to_have_count(4, timeout=ANSWER)
    values = [number(text) for text in gallery.all_inner_texts()]
    assert values == sorted(values, reverse=True)

    # Its maximising picture is made when it is asked for.
    card.get_by_role("button", name="Make its maximising picture").click()
    made = card.get_by_role("img", name="a picture made to excite it")
    expect(card.get_by_text(re.compile("steps, seed 0"))).to_be_visible(timeout=ANSWER)
    expect(made).to_be_visible()
    screenshot(page, "neuron-card", full_page=True)
    assert seen_at_once(page)

    # A picture of the gallery is a click away, and keeps the neuron.
    other = gallery.filter(has_not=page.locator("[data-name='scene:3']")).first
    name = other.get_attribute("data-name")
    other.focus()
    page.keyboard.press("Enter")
    expect_in_kernel(page, "(explorer.pictures.value, explorer.neurons.value)", (name, int(unit)))
    expect(card.get_by_role("button", name=re.compile("choose this picture"))).to_have_count(4)
    expect(peak).to_have_text(re.compile(r"^peak"))
    in_kernel(page, "explorer.layers.value = explorer.layers.layers[0]['name']")
    expect(card).to_be_hidden()


def seen_at_once(page: Page) -> bool:
    """Whether the card's classes are in sight at 1280 × 800, and the page is not too wide."""
    box = page.get_by_role("list", name="It holds back").bounding_box()
    assert box is not None
    narrow = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return bool(narrow) and box["y"] + box["height"] <= 800
