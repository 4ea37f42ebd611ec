"""Files, code, errors, two views, a dead kernel, sizes from a phone to a projector."""

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path

import numpy as np
import psutil
import pytest
from jupyter_servers import in_kernel
from PIL import Image
from playwright.sync_api import expect
from view_pages import (
    COLUMNS,
    MAPS,
    PICTURE,
    ROWS,
    SCALES,
    SETUP,
    SIGNED,
    choose,
    near,
    picture_box,
    pixels,
    point,
    python,
    show,
    under,
)

from cnnvis_widgets import rendering


def test_files_and_code(voila_page, screenshot):
    page = voila_page([SETUP, "view"])
    code = "import cnnvis_widgets as cnnvis\n\nprint('é\\t<b>')"
    show(page, "clipped", f"code={code!r}, filename='cat-grad_cam', warnings=['Not as published.']")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save values").click()
    assert download.value.suggested_filename == "cat-grad_cam.npy"
    loaded = np.load(download.value.path())
    assert loaded.dtype == np.float32
    assert np.array_equal(loaded, MAPS["clipped"])
    assert Path(download.value.path()).read_bytes().index(b"\n") % 64 == 63

    choose(page, "Split")
    in_kernel(page, "view.split = 0.25")
    expect(page.get_by_role("slider", name=re.compile("Divider"))).to_have_attribute(
        "aria-valuenow", "25"
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename == "cat-grad_cam.png"
    saved = Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    saved.save(Path(__file__).parent / "screenshots/saved.png")
    seen = np.asarray(saved)
    assert (seen[:3] == 255).all()  # white paper
    box = picture_box(page)
    width, height = int(box["width"]) * 2, int(box["height"]) * 2
    mapped = rendering.colorize(MAPS["clipped"], SCALES["clipped"])
    top = next(y for y in range(seen.shape[0]) if (seen[y, 40 : 32 + width - 8] < 250).any(1).all())
    for row, column in [(2, 1), (17, 3), (5, 20), (18, 28)]:  # the picture left of a quarter
        y, x = top + int((row + 0.5) / ROWS * height), 32 + int((column + 0.5) / COLUMNS * width)
        expected = PICTURE if column < 0.25 * COLUMNS else mapped
        near(seen[y, x], expected[row, column], 3)
    bar = rendering.lookup(rendering.choose_colormap("sequential"))
    below = seen[top + height + 40, 32 : 32 + width]
    near(below[width // 2], bar[128], 6)
    near(below[3], bar[0], 6)

    expect(page.locator(".cnnvis-view-bar")).to_contain_text("clipped at")
    button = page.get_by_role("button", name="Show the code")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".cnnvis-view-code pre")).to_have_text(code, use_inner_text=False)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code
    # Over plain http from another machine there is no such clipboard.
    page.evaluate("navigator.clipboard.writeText('')")
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.get_by_role("button", name="Copy").click()
    page.evaluate("delete navigator.clipboard")
    assert page.evaluate("navigator.clipboard.readText()") == code
    show(page, "signed")
    expect(page.locator(".cnnvis-view-code")).to_be_hidden()
    expect(button).to_be_hidden()


def test_zeros_made_pictures_errors_and_work_are_said(voila_page, screenshot):
    page = voila_page(
        [
            "from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView",
            SETUP,
            "view",
        ]
    )
    show(
        page, "zeros", "notes=['All zeros: nothing speaks for it.', 'Plain.'], warnings=['Plain.']"
    )
    expect(page.locator(".cnnvis-view-status")).to_contain_text("All zeros")
    expect(page.locator(".cnnvis-view-status")).to_be_visible()
    expect(page.locator(".cnnvis-view-warning")).to_have_text("Plain.")
    expect(page.locator(".cnnvis-view-notes li")).to_have_text(
        ["Plain.", "All zeros: nothing speaks for it."]
    )
    show(page, "signed")
    expect(page.locator(".cnnvis-view-status")).to_be_hidden()

    in_kernel(page, "view.waiting('computing LIME'); view.progress = 0.25")
    expect(page.locator(".cnnvis-view-work")).to_be_visible()
    expect(page.locator(".cnnvis-view-work")).to_contain_text("computing LIME")
    assert page.get_by_role("progressbar").evaluate("(bar) => bar.value") == 0.25
    before = pixels(under(page))
    in_kernel(page, "view.fail('There is no neuron 7.')")
    expect(page.locator(".cnnvis-view .cnnvis-error")).to_have_text("There is no neuron 7.")
    expect(page.locator(".cnnvis-view-work")).to_be_hidden()
    near(pixels(under(page)), before, 0)
    show(page, "unsigned")
    expect(page.locator(".cnnvis-view .cnnvis-error")).to_be_hidden()

    in_kernel(
        page,
        "view.mode = 'overlay'; view.show_image(picture[:7, :11], title='made', picture=picture)",
    )
    expect(page.locator(".cnnvis-view-title")).to_have_text("made")
    expect(page.get_by_role("radio")).to_have_text(["Split", "Side by side", "Result", "Picture"])
    expect(page.locator(".cnnvis-view-bar")).to_be_hidden()
    expect(page.get_by_role("button", name="Save values")).to_be_hidden()
    choose(page, "Result")
    near(pixels(under(page)), PICTURE[:7, :11], 0)
    box = picture_box(page)
    page.mouse.move(box["x"] + box["width"] * 10.5 / 11, box["y"] + box["height"] * 6.5 / 7)
    r, g, b = PICTURE[6, 10]
    expect(page.locator(".cnnvis-view-read")).to_have_text(
        f"Row 6, column 10: red {r}, green {g}, blue {b}"
    )
    in_kernel(page, "view.show_image(picture, title='alone')")
    expect(page.locator(".cnnvis-view-title")).to_have_text("alone")
    expect(page.get_by_role("radiogroup")).to_be_hidden()
    near(pixels(under(page)), PICTURE, 0)
    in_kernel(page, "view.image = b'no picture'")
    expect(page.get_by_text("cannot be decoded")).to_be_visible()
    near(pixels(under(page)), PICTURE, 0)


def test_two_views_share_the_look_and_closing_one_leaves_nothing(voila_page):
    page = voila_page(
        [SETUP, "display(view)", "display(view)", "other = ExplanationView(); display(other)"]
    )
    roots = page.locator(".cnnvis-view")
    expect(roots).to_have_count(3)
    expect(roots.nth(2)).to_contain_text("Nothing to show yet.")
    page.evaluate(
        """() => {
          window.left = { urls: 0, observers: 0 };
          const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
          URL.createObjectURL = (blob) => { window.left.urls += 1; return make.call(URL, blob); };
          URL.revokeObjectURL = (url) => { window.left.urls -= 1; drop.call(URL, url); };
          const disconnect = ResizeObserver.prototype.disconnect;
          ResizeObserver.prototype.disconnect = function () {
            window.left.observers += 1;
            disconnect.call(this);
          };
        }"""
    )
    roots.nth(0).get_by_role("radio", name="Heatmap").click()
    for n in (0, 1):
        expect(roots.nth(n).get_by_role("radio", name="Heatmap")).to_have_attribute(
            "aria-checked", "true"
        )
    with page.expect_download():
        roots.nth(0).get_by_role("button", name="Save values").click()
    with page.expect_download():
        roots.nth(1).get_by_role("button", name="Save picture").click()
    page.wait_for_function("window.left.urls === 0")
    in_kernel(page, "show('unsigned', other)")
    expect(roots.nth(2).locator(".cnnvis-view-title")).to_have_text("unsigned")
    in_kernel(page, "view.close()")
    expect(roots).to_have_count(1)
    assert page.evaluate("window.left.observers") >= 2
    page.evaluate("document.dispatchEvent(new Event('fullscreenchange'))")
    in_kernel(page, "show('signed', other)")
    expect(page.locator(".cnnvis-view-title")).to_have_text("signed")


def test_a_dead_kernel_is_said_and_the_last_result_stays(voila_page):
    page = voila_page(
        [SETUP, "view"],
        allow={
            "websocket|WebSocket|Kernel|kernel|404|500": "this test kills the kernel under the page"
        },
    )
    banner = page.locator(".cnnvis-view-lost")
    expect(banner).to_be_hidden()
    [kernel] = voila_page.server.kernels()
    psutil.Process(kernel.pid).kill()
    expect(banner).to_have_text("Connection lost — last result kept.", timeout=20_000)
    choose(page, "Heatmap")
    near(pixels(under(page)), rendering.colorize(SIGNED, SCALES["signed"]), 0)
    page.mouse.move(*point(page, 3, 17))
    expect(page.locator(".cnnvis-view-read")).to_contain_text("Row 3, column 17")


@pytest.mark.parametrize(
    ("width", "options"),
    [
        (320, {"device_scale_factor": 2, "has_touch": True, "reduced_motion": "reduce"}),
        (700, {}),
        (1920, {"color_scheme": "dark"}),
    ],
)
def test_it_fits_from_a_phone_to_a_projector(voila_page, screenshot, width, options):
    theme = "dark" if width != 700 else "light"
    viewport = {"width": width, "height": 640 if width == 320 else 1080}
    page = voila_page([SETUP, "view"], query=f"theme={theme}", viewport=viewport, **options)
    show(page, "clipped", "warnings=['Not as published: 3 layers could not be treated.'], code='1'")
    for mode in ("Overlay", "Split", "Side by side", "Contours"):
        choose(page, mode)
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.cnnvis-view *')].filter((e) => e.offsetParent"
            " && !e.closest('.cnnvis-view-pane, pre')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className)"
        )
        assert wide == []
        screenshot(page, f"view-{width}-{mode.replace(' ', '-').lower()}", full_page=True)
        shown = page.locator(".cnnvis-view-ticks span:visible").all()
        boxes = sorted((s.bounding_box() for s in shown), key=lambda b: b["x"])
        assert len(boxes) >= 2
        for left, right in itertools.pairwise(boxes):
            assert left["x"] + left["width"] <= right["x"]
    if options.get("has_touch"):
        page.touchscreen.tap(*point(page, 3, 17))
        expect(page.locator(".cnnvis-view-read")).to_contain_text("Row 3, column 17")
    present = page.get_by_role("button", name="Present")
    present.click()
    expect(present).to_have_attribute("aria-pressed", "true")
    if width == 1920:
        tall = "document.querySelector('.cnnvis-view-pane').getBoundingClientRect().height > 800"
        page.wait_for_function(tall)
    screenshot(page, f"view-{width}-present")
    page.keyboard.press("Escape")
    expect(present).to_have_attribute("aria-pressed", "false")


def test_it_works_in_jupyterlab_and_keeps_its_keys_to_itself(lab_page, screenshot):
    page = lab_page([SETUP, "view"], allow={"WebSocket|websocket": "the kernel is started anew"})
    pane = page.locator(".cnnvis-view-pane").first
    pane.scroll_into_view_if_needed()
    read = page.locator(".cnnvis-view-read")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    pane.focus()
    for key in ["ArrowRight", "ArrowDown", "m", "+", "-", "0", "d", "d", "x", "b", "a"]:
        page.keyboard.press(key)
    expect(read).to_contain_text("Row ")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    near(pixels(under(page)), rendering.overlay(PICTURE, SIGNED, opacity=0.6), 0)
    choose(page, "Side by side")
    near(pixels(under(page, 1)), rendering.colorize(SIGNED), 0)
    python(page, "view.mode", "side_by_side")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save values").click()
    assert np.array_equal(np.load(download.value.path()), SIGNED)
    screenshot(page, "view-lab")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Restart Kernel…").click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(page.locator(".cnnvis-view-lost")).to_be_visible(timeout=20_000)
    choose(page, "Heatmap")
    near(pixels(under(page)), rendering.colorize(SIGNED), 0)
