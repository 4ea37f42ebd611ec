"""The lecturer's page: who is here and what computes; nothing without the key."""

from __future__ import annotations

import re

from jupyter_servers import JupyterServer
from playwright.sync_api import Browser, expect
from served_pages import Pages

CELLS = [
    "import cnnvis_widgets as cnnvis",
    "network = cnnvis.load_network('mini_vgg')",
    "print(network.predict(cnnvis.load_image('cat'))[0].label)",
    "print(network.predict(cnnvis.load_image('cat'))[0].label)",
]


def test_a_class_is_seen_by_its_lecturer_alone(
    lesson_page: Pages, app: JupyterServer, chromium: Browser, screenshot
) -> None:
    lesson_page(CELLS, timeout=240)
    address = re.search(r"\S+/cnnvis/class\?key=\S+", app.tail(100_000))
    assert address
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address[0])

    def figure(name: str):
        return page.locator("dl > div").filter(has_text=name)

    expect(figure("Pages open")).to_contain_text("1")
    expect(figure("Memory")).to_contain_text(re.compile(r"\d GB|\d MB"))
    # Facts of the network, and the second of two equal questions, are not computed again.
    expect(figure("Answered at once")).to_contain_text(re.compile(r"[1-9]\d* of \d+"))
    workers = page.locator("tbody tr")
    expect(workers).not_to_have_count(0)
    expect(page.locator("tbody")).to_contain_text("mini_vgg")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "class-page")
    for wrong in (address[0][:-3], address[0].partition("?")[0]):
        assert page.request.get(wrong).status == 404
        assert page.request.get(wrong.replace("/class", "/class/figures")).status == 404
    assert not problems
    page.close()
