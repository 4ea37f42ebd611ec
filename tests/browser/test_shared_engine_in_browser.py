"""The explorer as `cnnvis app` serves it: what computes is shared, kernels load no TensorFlow."""

from __future__ import annotations

import ast
import io
import re
import time

import numpy as np
from jupyter_servers import in_kernel
from PIL import Image
from playwright.sync_api import Page, expect

CELLS = ["import cnnvis_widgets as cnnvis\nexplorer = cnnvis.Explorer('mini_vgg')\nexplorer"]
WAIT = 120_000  # a machine that may be busy


def upload() -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def choose(page: Page, method: str) -> None:
    """Open the bar's panel and choose in it."""
    page.get_by_role("button", name=re.compile("^Method")).click()
    methods = page.get_by_role("group", name="Method", exact=True).get_by_role("radio")
    methods.filter(has_text=method).first.click()


def until(page: Page, code: str, wanted: object) -> None:
    """Wait until the kernel says so."""
    end = time.monotonic() + WAIT / 1000
    while (shown := ast.literal_eval(in_kernel(page, code))) != wanted:
        assert time.monotonic() < end, shown
        page.wait_for_timeout(100)


def test_a_visit_of_the_app(lesson_page, tmp_path) -> None:
    (tmp_path / "mine.png").write_bytes(upload())
    page = lesson_page(CELLS)
    title = page.locator(".cnnvis-view-title")
    expect(title).to_contain_text("Grad-CAM", timeout=WAIT)
    page.get_by_role("group", name="Class", exact=True).get_by_role("option").nth(2).click()
    wanted = in_kernel(page, "explorer.predictions.predictions[2]['label']").strip("'")
    expect(title).to_contain_text(wanted, timeout=WAIT)
    choose(page, "Saliency map")
    expect(title).to_contain_text("Saliency map", timeout=WAIT)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "mine.png")
    until(page, "explorer.pictures.value", "upload-1")
    until(page, "explorer.header.working", "")
    # A film: it grows in sight, and stops when it is told.
    choose(page, "Activation maximisation")
    page.wait_for_function("() => document.querySelector('.cnnvis-view-title').textContent"
                           ".includes('Activation maximisation')", timeout=WAIT)  # fmt: skip
    in_kernel(page, "explorer.cancel()")
    expect(page.locator(".cnnvis-header-work")).to_be_hidden(timeout=WAIT)
    loaded = in_kernel(page, "sorted({'tensorflow', 'keras'} & set(__import__('sys').modules))")
    assert loaded == "[]"
    assert in_kernel(page, "type(explorer.engine).__name__") == "'SharedEngine'"


def test_a_service_that_does_not_answer_is_told_though_the_panel_is_closed(voila_page) -> None:
    unanswered = "import cnnvis_widgets as cnnvis\ncnnvis.use_engine('tcp://127.0.0.1:9')\n"
    page = voila_page([unanswered + "explorer = cnnvis.Explorer('mini_vgg')\nexplorer"])
    message = page.locator(".cnnvis-bar > [role=alert]:visible")
    expect(message).to_contain_text("Network: The service that computes does not answer.")
    expect(message).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name=re.compile("^Network")).click()
    panel = page.get_by_role("dialog", name="Network")
    expect(panel.get_by_text("The service that computes does not answer.")).to_be_visible()
    expect(message).to_have_count(0)
    page.keyboard.press("Escape")
    expect(message).to_be_visible()
