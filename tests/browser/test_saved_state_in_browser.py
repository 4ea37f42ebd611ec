"""A picture that the explorer saved brings its map back, in Voilà."""

from __future__ import annotations

import ast
import io
import json
import re
from pathlib import Path

import numpy as np
from jupyter_servers import in_kernel
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect

CELLS = [
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'cat', method='saliency')\n"
    "explorer"
]
ANSWER = 60_000


def saved(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    return Path(download.value.path()).read_bytes()


def bring(page: Page, name: str, content: bytes) -> None:
    page.get_by_role("button", name=re.compile("^Picture")).click()
    page.locator(".cnnvis-pictures input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content}]
    )
    page.keyboard.press("Escape")


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


SEEN = """() => [...document.querySelectorAll(".cnnvis-view-pane canvas")]
  .filter((canvas) => canvas.checkVisibility())
  .map((canvas) => canvas.style.cssText + canvas.toDataURL())"""
"""The pixels of what is shown, and which part of them is seen."""


def test_a_saved_picture_brings_back_how_it_was_shown(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Saliency map", timeout=ANSWER)
    expect(page.locator(".cnnvis-view-work")).to_be_hidden(timeout=ANSWER)
    page.get_by_role("combobox", name="Colour map").select_option("YlOrRd")
    page.get_by_role("slider", name="Opacity of the map").fill("0.85")
    page.get_by_role("slider", name="Threshold").fill("0.4")
    page.get_by_role("checkbox", name="picture in colour").check()
    pane = page.locator(".cnnvis-view-pane").first
    pane.focus()
    for key in ("+", "+", "m", "ArrowLeft"):  # enlarged, around its strongest value
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    before = page.evaluate(SEEN)
    content = saved(page)
    look = json.loads(Image.open(io.BytesIO(content)).text["cnnvis"])["look"]
    assert {**look, "corner": None} == {
        "mode": "overlay",
        "opacity": 0.85,
        "blend": "uniform",
        "threshold": 0.4,
        "gray_picture": False,
        "split": 0.5,
        "colormap": "YlOrRd",
        "zoom": 2,
        "corner": None,
    }
    screenshot(page, "saved-look")

    # Another look, another map; in Python, as a page does it that was loaded again.
    in_kernel(page, "explorer.methods.value = 'grad_cam'")
    for name, other in (("mode", "split"), ("opacity", 0.1), ("threshold", 0.0), ("zoom", 1.0)):
        in_kernel(page, f"explorer.view.{name} = {other!r}")
    in_kernel(page, "explorer.view.gray_picture = True")
    in_kernel(page, "explorer.view.colormap = ''")
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Grad-CAM", timeout=ANSWER)
    bring(page, "map.png", content)
    expect(page.locator(".cnnvis-view-notes")).to_contain_text("Reproduced", timeout=ANSWER)
    expect(page.get_by_role("combobox", name="Colour map")).to_have_value("YlOrRd")
    expect(page.get_by_role("slider", name="Opacity of the map")).to_have_value("0.85")
    expect(page.get_by_role("slider", name="Threshold")).to_have_value("0.4")
    expect(page.get_by_role("radio", name="Overlay")).to_be_checked()
    page.wait_for_timeout(300)
    assert page.evaluate(SEEN) == before


def test_a_saved_picture_brings_its_map_back(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    title = page.locator(".cnnvis-view-title")
    notes = page.locator(".cnnvis-view-notes")
    expect(title).to_contain_text("Saliency map", timeout=ANSWER)
    in_kernel(page, "explorer.predictions.value = 3")
    wanted = in_kernel(page, "explorer.predictions.labels[3]").strip("'\"")
    expect(title).to_contain_text(f"Saliency map · {wanted}", timeout=ANSWER)
    content = saved(page)

    # Another program reads it: Pillow, by the PNG specification.
    image = Image.open(io.BytesIO(content))
    state = json.loads(image.text["cnnvis"])
    assert state["link"] == in_kernel(page, "explorer.link").strip("'\"")
    assert "method='saliency'" in state["code"]
    assert state["versions"]["cnnvis-widgets"]
    digest = "__import__('hashlib').sha256(explorer.view.heatmap).hexdigest()"
    assert state["sha256"] == in_kernel(page, digest).strip("'\"")

    # Something else, and back by the file.
    in_kernel(page, "explorer.methods.value = 'grad_cam'")
    expect(title).to_contain_text("Grad-CAM", timeout=ANSWER)
    bring(page, "map.png", content)
    expect(title).to_contain_text(f"Saliency map · {wanted}", timeout=ANSWER)
    expect(notes).to_contain_text(
        "Reproduced: all 4,096 values are those of the file", timeout=ANSWER
    )
    screenshot(page, "saved-state")

    # A file whose array was another one.
    words = PngInfo()
    words.add_itxt("cnnvis", json.dumps({**state, "sha256": "0" * 64, "largest": 9.0}))
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=words)
    bring(page, "other.png", file.getvalue())
    expect(notes).to_contain_text("Differs: the map is not that of the file", timeout=ANSWER)

    # A picture of the visitor's own is in the file.
    pixels = np.random.default_rng(7).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    bring(page, "mine.png", png(pixels))
    expect(page.get_by_role("button", name=re.compile("^Picture your picture"))).to_be_visible()
    page.wait_for_function(
        "() => !document.querySelector('.cnnvis-view').ariaBusy.includes('true')"
    )
    own = in_kernel(page, "explorer.pictures.value").strip("'\"")
    page.wait_for_timeout(500)
    expect(page.locator(".cnnvis-view-work")).to_be_hidden(timeout=ANSWER)
    content = saved(page)
    assert json.loads(Image.open(io.BytesIO(content)).text["cnnvis"])["own_picture"] is True
    in_kernel(page, "explorer.pictures.value = 'cat'")
    bring(page, "own.png", content)
    expect(notes).to_contain_text("Reproduced: all 4,096 values", timeout=ANSWER)
    values = ast.literal_eval(in_kernel(page, "list(explorer.pictures.uploads)"))
    assert values[-1] != own
    equal = "bool((explorer.pictures.uploads[explorer.pictures.value] == "
    equal += f"explorer.pictures.uploads['{own}']).all())"
    assert in_kernel(page, equal) == "True"
    expect(page.locator(".cnnvis-error:visible")).to_have_count(0)
