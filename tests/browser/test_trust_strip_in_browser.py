"""The strip that says whether a map can be trusted, under a real explorer in Voilà."""

from __future__ import annotations

from jupyter_servers import in_kernel
from playwright.sync_api import Page, expect

CELLS = [
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'cat', method='guided_backprop')\n"
    "explorer"
]
ANSWER = 120_000  # TensorFlow loads, and a network is copied


def line(page: Page) -> object:
    return page.get_by_role("group", name="Checks of this map")


def test_each_check_says_how_it_stands_in_a_sentence_and_where_to_read_on(
    voila_page, screenshot
) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    top = line(page).get_by_role("button", name="Random top layer")
    expect(top).to_be_visible(timeout=ANSWER)
    expect(line(page)).not_to_contain_text("checking")
    names = line(page).get_by_role("button").all_inner_texts()
    assert [name.split("\n")[1] for name in names] == [
        "Coverage",
        "Edge detector",
        "Random top layer",
    ]
    # In words and by a mark, not by colour alone.
    expect(line(page).get_by_role("button", name="Coverage all treated (good)")).to_be_visible()
    figure = in_kernel(page, "explorer.trust.checks[2]['figure']").strip("'")
    expect(top).to_have_accessible_name(f"Random top layer {figure} (poor)")
    expect(top.locator(".cnnvis-trust-mark")).to_have_text("✕")

    # The worst one's sentence is shown by itself; another is a click or a key away.
    message = page.locator(".cnnvis-trust-status")
    expect(message).to_contain_text("The rank correlation with the map of random weights in")
    expect(message.get_by_role("link")).to_have_attribute("href", "05_conclusions.ipynb")
    expect(top).to_have_attribute("aria-pressed", "true")
    line(page).get_by_role("button", name="Coverage").focus()
    page.keyboard.press("Enter")
    expect(message).to_contain_text("The method was applied as published to every layer.")
    link = message.get_by_role("link", name="Lesson 3.5")
    expect(link).to_have_attribute("href", "03_05_guided_backpropagation.ipynb")
    expect(top).to_have_attribute("aria-pressed", "false")
    screenshot(page, "trust-strip")
    box = message.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800  # in sight without scrolling

    # Another method: other checks, in the order of the list; a method of sums has one more.
    page.evaluate("() => window.scrollTo(0, 0)")
    in_kernel(page, "explorer.methods.value = 'deep_taylor'")
    expect(line(page).get_by_role("button", name="Sum")).to_contain_text(
        "0.0 % off", timeout=ANSWER
    )
    expect(top).to_be_visible(timeout=ANSWER)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, "trust-strip-phone", full_page=True)
