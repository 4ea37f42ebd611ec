"""The link of an explorer as a QR code, for the projector."""

from __future__ import annotations

import re
from urllib.parse import unquote

from jupyter_servers import in_kernel
from playwright.sync_api import expect

from cnnvis_widgets.widgets.explorer.qr_code import qr_svg

CELLS = ["import cnnvis_widgets as cnnvis\nexplorer = cnnvis.Explorer('mini_vgg', 'cat')\nexplorer"]


def test_the_link_fills_the_screen_as_a_code(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Grad-CAM", timeout=120_000)
    button = page.get_by_role("button", name="QR code")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Link as a QR code")
    image = dialog.get_by_role("img", name="QR code of the link")
    expect(image).to_be_visible()
    link = in_kernel(page, "explorer.link").strip("'\"")
    address = f"{page.url.split('?')[0]}?{link}"
    expect(dialog).to_contain_text(address)
    expect(dialog).to_contain_text("This address works on this computer only.")
    source = image.get_attribute("src") or ""
    assert unquote(source.split(",", 1)[1]) == qr_svg(address)
    assert image.evaluate("(image) => image.complete && image.naturalWidth > 0")
    box = image.bounding_box()
    assert box is not None
    assert box["height"] > 550
    assert box["y"] >= 0
    expect(dialog.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    screenshot(page, "qr-code")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


def test_a_teacher_s_link_fixes_and_hides(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Grad-CAM", timeout=120_000)
    page.get_by_role("button", name="QR code").click()
    dialog = page.get_by_role("dialog", name="Link as a QR code")
    dialog.get_by_text("For a class").click()
    dialog.get_by_role("checkbox", name="Network").check()
    dialog.get_by_role("checkbox", name="Title").check()
    dialog.get_by_role("checkbox", name="Classes").check()
    expect(dialog).to_contain_text("&fixed=network&hidden=title,classes")
    for name in ("Copy link", "Close"):
        expect(dialog.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    screenshot(page, "share-for-a-class")
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    page.goto(link)
    network = page.get_by_role("button", name=re.compile("^Network"))
    expect(network).to_be_disabled(timeout=120_000)
    expect(page.get_by_role("button", name=re.compile("^Method"))).to_be_enabled()
    expect(page.locator(".cnnvis-view-read")).to_be_visible()
    expect(page.locator(".cnnvis-trust-line button").first).to_be_visible(timeout=60_000)
    expect(page.locator(".cnnvis-view-title")).to_be_hidden()
    expect(page.locator(".cnnvis-panel-neurons")).to_be_hidden()
    screenshot(page, "as-students-see-it")
    page.get_by_role("radio", name="Heatmap").click()
    expect(page).to_have_url(re.compile("mode=heatmap.*fixed=network&hidden=title,classes"))
