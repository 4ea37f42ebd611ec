"""The explanation view in a real browser: the same pixels as Python's, by mouse, keys and touch."""

from __future__ import annotations

import ast
import io
import itertools
import re
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from jupyter_servers import in_kernel
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cnnvis_widgets import rendering
from cnnvis_widgets.rendering import Scale

ROWS, COLUMNS = 20, 30
SETUP = f"""
import numpy as np
from IPython.display import display
from cnnvis_widgets.rendering import Scale, lookup, choose_colormap
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView

random = np.random.default_rng(5)
picture = random.integers(0, 256, ({ROWS}, {COLUMNS}, 3), dtype=np.uint8)
signed = random.normal(size=({ROWS}, {COLUMNS})).astype(np.float32)
maps = dict(signed=signed, unsigned=np.abs(signed) / 1e4, coarse=signed[:4, :6],
            clipped=np.abs(signed), zeros=signed * 0)
scales = {{name: Scale.of(values) for name, values in maps.items()}}
scales["clipped"] = Scale.of(maps["clipped"], percentile=90)

def show(name, view, **words):
    scale = scales[name]
    table = lookup(choose_colormap(scale.kind))
    view.show(picture, maps[name], table, scale.low, scale.high, scale.kind,
              **{{"title": name, "alt": f"the map {{name}}", "unit": "per grey level", **words}})

view = ExplanationView()
show("signed", view)
"""
RANDOM = np.random.default_rng(5)
PICTURE = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
SIGNED = RANDOM.normal(size=(ROWS, COLUMNS)).astype(np.float32)
MAPS = {
    "signed": SIGNED,
    "unsigned": np.abs(SIGNED) / 1e4,
    "coarse": SIGNED[:4, :6],
    "clipped": np.abs(SIGNED),
    "zeros": SIGNED * 0,
}
SCALES = {n: Scale.of(m, percentile=90 if n == "clipped" else 100) for n, m in MAPS.items()}
PIXELS = """(canvas) => Array.from(
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)"""


def pixels(canvas: Locator) -> np.ndarray:
    """What stands on a canvas, uint8 (rows, columns, 3)."""
    size = canvas.evaluate("(canvas) => [canvas.height, canvas.width]")
    values = np.array(canvas.evaluate(PIXELS), np.uint8).reshape(*size, 4)
    assert (values[:, :, 3] == 255).all()
    return values[:, :, :3]


def under(page: Page, pane: int = 0) -> Locator:
    return page.locator(".cnnvis-view-pane").nth(pane).locator("canvas").first


def near(found: np.ndarray, expected: np.ndarray, levels: int) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= levels


def choose(page: Page, mode: str) -> None:
    page.get_by_role("radio", name=mode, exact=True).click()


def python(page: Page, code: str, expected: object, seconds: float = 5) -> None:
    """Wait until an expression in the kernel has the expected value."""
    end = time.monotonic() + seconds
    while (got := ast.literal_eval(in_kernel(page, code))) != expected:
        assert time.monotonic() < end, f"{code} is {got}, not {expected}"
        time.sleep(0.05)


def show(page: Page, name: str, words: str = "") -> None:
    in_kernel(page, f"show({name!r}, view, {words})")
    title = page.locator(".cnnvis-view-title").first
    if "title" not in words:
        expect(title).to_have_text(name)


def picture_box(page: Page) -> dict[str, float]:
    return page.locator(".cnnvis-view-pane").first.bounding_box()


def point(page: Page, row: float, column: float) -> tuple[float, float]:
    """Where the middle of a pixel stands on the screen, nothing being enlarged."""
    box = picture_box(page)
    x = box["x"] + (column + 0.5) / COLUMNS * box["width"]
    return x, box["y"] + (row + 0.5) / ROWS * box["height"]


def test_the_browser_draws_what_python_draws(voila_page):
    page = voila_page([SETUP, "view"])
    bar = page.locator(".cnnvis-view-strip")
    for name, values in MAPS.items():
        show(page, name)
        scale = SCALES[name]
        # Where a coarse map is enlarged, Pillow keeps float32 between its two passes.
        levels = 1 if name == "coarse" else 0
        fine = rendering.enlarge(values, ROWS, COLUMNS)
        for blend, opacity, gray in (("uniform", 0.6, True), ("value", 0.85, False)):
            in_kernel(page, f"view.blend, view.opacity = {blend!r}, {opacity}")
            in_kernel(page, f"view.gray_picture, view.mode = {gray}, 'overlay'")
            expect(page.locator(".cnnvis-view-percent")).to_have_text(
                f"{opacity:.0%}".replace("%", " %")
            )
            expected = rendering.overlay(
                PICTURE, values, scale, opacity=opacity, blend=blend, gray_picture=gray
            )
            near(pixels(under(page)), expected, levels)
            if name != "zeros":
                table = rendering.blended_table(scale, opacity=opacity, blend=blend)
                near(pixels(bar)[0], table, 0)
        choose(page, "Heatmap")
        near(pixels(under(page)), rendering.colorize(fine, scale), levels)
        if name == "zeros":
            near(
                pixels(bar), rendering.color_bar(scale, length=256, thickness=1, vertical=False), 0
            )
        else:
            near(pixels(bar)[0], rendering.lookup(rendering.choose_colormap(scale.kind)), 0)
        choose(page, "Split")
        near(pixels(under(page)), PICTURE, 0)
        near(
            pixels(page.locator(".cnnvis-view-cut canvas").first),
            rendering.colorize(fine, scale),
            levels,
        )
        choose(page, "Side by side")
        near(pixels(under(page)), PICTURE, 0)
        near(pixels(under(page, 1)), rendering.colorize(fine, scale), levels)
        choose(page, "Picture")
        near(pixels(under(page)), PICTURE, 0)
        in_kernel(page, "view.gray_picture = True")
        choose(page, "Contours")
        near(pixels(under(page)), rendering.gray(PICTURE), 0)
        contours_agree(page, fine, scale)


def contours_agree(page: Page, fine: np.ndarray, scale: Scale) -> None:
    """Every corner of the browser's lines is one of scikit-image's, and the other way round."""
    paths = page.locator(".cnnvis-view-line").evaluate_all(
        "(all) => all.map((path) => [path.getAttribute('d'), path.getAttribute('stroke')])"
    )
    lines = rendering.iso_lines(fine, scale=scale)
    levels = [] if scale.is_zero else [0.25, 0.5, 0.75]
    fractions = [s * level for level in levels for s in ((1, -1) if scale.low else (1,))]
    assert len(paths) == len(fractions)
    for (path, colour), fraction in zip(paths, fractions, strict=True):
        numbers = np.array(re.findall(r"[\d.]+", path), float).reshape(-1, 2)
        mine = {(round(y - 0.5, 1), round(x - 0.5, 1)) for x, y in numbers}
        theirs = {
            (round(r, 1), round(c, 1))
            for line in lines
            if line.fraction == fraction
            for r, c in line.points
        }
        assert theirs or not mine
        # rounding to a tenth may fall either way
        close = {
            (r + dr, c + dc) for r, c in theirs for dr in (-0.1, 0, 0.1) for dc in (-0.1, 0, 0.1)
        }
        rounded = {(round(r, 1), round(c, 1)) for r, c in close}
        assert mine <= rounded
        assert len(mine) >= 0.9 * len(theirs)
        place = [[fraction * scale.high]]
        assert colour == f"rgb({','.join(map(str, rendering.colorize(place, scale)[0, 0]))})"


def test_values_are_read_by_mouse_by_keys_and_in_a_zoom(voila_page):
    page = voila_page([SETUP, "view"])
    read = page.locator(".cnnvis-view-read")
    pane = page.locator(".cnnvis-view-pane").first
    sizes = np.abs(SIGNED)

    def says(row: int, column: int) -> None:
        value = SIGNED[row, column]
        share = 100 * (sizes < abs(value)).mean()
        said = "more than 99.9 %" if 99.9 < share < 100 else f"{share:.1f} %"
        text = rendering.format_value(float(value), 4)
        expect(read).to_have_text(
            f"Row {row}, column {column}: {text}, stronger than {said} of the pixels"
        )

    expect(pane).to_have_attribute("role", "img")
    expect(pane).to_have_attribute("aria-label", "the map signed")
    for row, column in [(0, 0), (3, 17), (19, 29)]:
        page.mouse.move(*point(page, row, column))
        says(row, column)
    assert read.get_attribute("aria-live") == "off"  # the mouse does not chatter
    page.mouse.move(2, 2)
    expect(read).to_have_text("Point at the picture to read its values.")

    page.keyboard.press("Tab")
    for _ in range(20):
        if pane.evaluate("(pane) => pane === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(read).to_contain_text("Arrow keys")
    assert pane.evaluate("(pane) => getComputedStyle(pane).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    says(10, 15)  # the middle
    assert read.get_attribute("aria-live") == "polite"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    says(11, 5)
    page.keyboard.press("Shift+ArrowLeft")
    says(11, 0)
    page.keyboard.press("m")
    strongest = np.unravel_index(int(sizes.argmax()), sizes.shape)
    says(*map(int, strongest))
    page.keyboard.press("+")
    page.keyboard.press("+")
    says(*map(int, strongest))
    python(page, "view.zoom", 2.0)
    assert (
        under(page).evaluate("(canvas) => getComputedStyle(canvas).imageRendering") == "pixelated"
    )
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    says(0, int(strongest[1]))
    top = page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox").split()[1]
    assert float(top) == 0  # what is read stays in sight
    page.keyboard.press("0")
    python(page, "view.zoom", 1.0)
    page.keyboard.press("Escape")
    expect(read).to_contain_text("Arrow keys")

    # Ctrl and the wheel enlarge about the pointer: the same pixel stays under it.
    page.mouse.move(*point(page, 4, 23))
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.mouse.move(*point(page, 4.05, 23.05))
    says(4, 23)
    assert float(in_kernel(page, "view.zoom")) > 5
    start = point(page, 4, 23)
    page.mouse.down()
    page.mouse.move(start[0] - picture_box(page)["width"] / 3, start[1], steps=4)
    page.mouse.up()
    page.mouse.move(*point(page, 4, 23))
    expect(read).not_to_contain_text("column 23:")
    # A new result leaves zoom, mode and place alone, and what is read is the new value.
    at = ast.literal_eval(re.sub(r"Row (\d+), column (\d+).*", r"(\1, \2)", read.inner_text()))
    box = page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox")
    show(page, "unsigned")
    value = rendering.format_value(float(MAPS["unsigned"][at]), 4)
    expect(read).to_contain_text(f"Row {at[0]}, column {at[1]}: {value}, larger than")
    assert page.locator(".cnnvis-view-pane svg").first.get_attribute("viewBox") == box


def test_modes_divider_and_opacity_by_mouse_and_by_keys_alone(voila_page):
    page = voila_page(
        [SETUP, "changes = []", "view.observe(lambda c: changes.append(c['name']))\nview"]
    )
    overlay = page.get_by_role("radio", name="Overlay")
    expect(overlay).to_have_attribute("aria-checked", "true")
    overlay.focus()
    page.keyboard.press("ArrowRight")
    python(page, "view.mode", "split")
    divider = page.get_by_role("slider", name=re.compile("Divider"))
    box = picture_box(page)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=3)
    page.mouse.up()
    python(page, "round(view.split, 2)", 0.25)
    cut = page.locator(".cnnvis-view-cut").first
    assert cut.evaluate(
        "(c) => parseFloat(getComputedStyle(c).clipPath.split(' ')[3])"
    ) == pytest.approx(25, abs=1)
    divider.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    python(page, "round(view.split, 2)", 0.37)
    expect(divider).to_have_attribute("aria-valuenow", "37")
    page.keyboard.press("End")
    python(page, "view.split", 1.0)
    choose(page, "Overlay")
    slider = page.get_by_role("slider", name="Opacity")
    slider.focus()
    before = pixels(under(page))
    page.keyboard.press("Home")
    near(pixels(under(page)), rendering.gray(PICTURE), 0)
    assert np.abs(before.astype(int) - rendering.gray(PICTURE)).max() > 50
    python(page, "view.opacity", 0.0)
    # A dragged slider does not flood Python, and its last value arrives.
    in_kernel(page, "changes.clear()")
    page.evaluate(
        """() => { const slider = document.querySelector(".cnnvis-view-look input");
        for (let i = 0; i <= 100; i += 1) {
          slider.value = i / 100; slider.dispatchEvent(new Event("input"));
        } }"""
    )
    python(page, "view.opacity", 1.0)
    assert int(in_kernel(page, "changes.count('opacity')")) < 10
    page.get_by_role("checkbox", name="fade small values").check()
    page.get_by_role("checkbox", name="picture in colour").check()
    python(page, "(view.blend, view.gray_picture)", ("value", False))
    expected = rendering.overlay(PICTURE, SIGNED, opacity=1, blend="value", gray_picture=False)
    near(pixels(under(page)), expected, 0)


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
    expect(page.locator(".cnnvis-view-said")).to_contain_text("All zeros")
    expect(page.locator(".cnnvis-view-said")).to_be_visible()
    expect(page.locator(".cnnvis-view-warning")).to_have_text("Plain.")
    expect(page.locator(".cnnvis-view-notes li")).to_have_text(
        ["Plain.", "All zeros: nothing speaks for it."]
    )
    show(page, "signed")
    expect(page.locator(".cnnvis-view-said")).to_be_hidden()

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
