"""Kept maps, colours and the open tool are in the address: reload and Back keep them."""

from __future__ import annotations

import re

from jupyter_servers import JupyterServer
from playwright.sync_api import Page, expect

SLOW = 240_000


def title(page: Page) -> object:
    return page.locator(".cnnvis-view-title")


def choose(page: Page, part: str, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{part}")).click()
    panel = page.get_by_role("group", name=part, exact=True)
    panel.get_by_role("radio", name=re.compile(f"^{name}")).first.click()


def test_reload_and_back_keep_what_was_kept(course: JupyterServer, page: Page, screenshot) -> None:
    page.goto(
        f"{course.url}/voila/render/explorer.ipynb?network=mini_vgg&picture=scene:3&method=saliency",
        wait_until="commit",
    )
    expect(title(page)).to_contain_text("Saliency", timeout=SLOW)
    expect(page.locator(".cnnvis-header-work")).to_be_hidden(timeout=SLOW)
    page.get_by_role("button", name="Keep this map").click()
    kept = page.locator(".cnnvis-kept-map")
    expect(kept).to_have_count(1)
    page.wait_for_url("**kept=network=mini_vgg;picture=scene*")
    choose(page, "Method", "Grad-CAM")
    expect(title(page)).to_contain_text("Grad-CAM", timeout=SLOW)
    page.get_by_role("combobox", name="Colour map").select_option("viridis")
    page.get_by_role("radio", name="Box", exact=True).click()
    page.wait_for_url("**colormap=viridis&tool=box&kept=**")
    page.get_by_role("button", name="Keep this map").click()
    expect(kept).to_have_count(2)
    page.wait_for_url("**kept=**!**")

    # Another kernel: all of it is there again, computed anew.
    page.reload(wait_until="commit")
    expect(title(page)).to_contain_text("Grad-CAM", timeout=SLOW)
    expect(kept).to_have_count(2, timeout=SLOW)
    expect(page.get_by_role("combobox", name="Colour map")).to_have_value("viridis")
    expect(page.get_by_role("radio", name="Box", exact=True)).to_be_checked()
    assert "!" in page.url
    screenshot(page, "kept-after-reload")
    kept.first.click()
    expect(title(page)).to_contain_text("Saliency", timeout=SLOW)
    page.wait_for_url("**method=saliency**")
    page.go_back()
    expect(title(page)).to_contain_text("Grad-CAM", timeout=SLOW)
    expect(kept).to_have_count(2)
    page.wait_for_url("**method=grad_cam**")
    assert "!" in page.url
