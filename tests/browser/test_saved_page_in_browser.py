"""A page of maps, saved from an explorer in Voilà, opened as a file with no network at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe import violations
from jupyter_servers import PageLog, in_kernel
from playwright.sync_api import Browser, Locator, Page, expect
from view_pages import choose, near, pixels

from cnnvis_widgets import rendering
from cnnvis_widgets.rendering import Scale

CELLS = [
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'scene:17', method='saliency')\n"
    "explorer"
]
ANSWER = 60_000


@pytest.fixture
def offline(chromium: Browser) -> Iterator:
    """`offline(path, **options)`: the file in a browser without network; its log stays clean."""
    opened: list[tuple[Page, PageLog]] = []

    def start(path: Path, **options) -> Page:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "accept_downloads": True, **options}
        )
        context.set_offline(True)
        page = context.new_page()
        log = PageLog()
        log.listen(context, page)
        opened.append((page, log))
        page.goto(path.as_uri())
        expect(page.locator(".cnnvis-view-title")).not_to_be_empty()
        return page

    yield start
    for page, log in opened:
        outside = [url for url in log.outside if not url.startswith(("file:", "data:", "blob:"))]
        assert log.errors + outside == []
        page.context.close()


def title(page: Page) -> Locator:
    return page.locator(".cnnvis-view-title")


def value_at(page: Page, row: int, column: int, shape: tuple[int, int]) -> float:
    """What the page says of a cell that the mouse points at."""
    box = page.locator(".cnnvis-view-pane").first.bounding_box()
    assert box
    x = box["x"] + (column + 0.5) / shape[1] * box["width"]
    page.mouse.move(x, box["y"] + (row + 0.5) / shape[0] * box["height"])
    return read(page, row, column)


def read(page: Page, row: int, column: int) -> float:
    line = page.locator(".cnnvis-view-read")
    expect(line).to_contain_text(f"Row {row}, column {column}: ")
    words = re.match(r"Row \d+, column \d+: (\S+?)(?:,|$)", line.inner_text())
    assert words
    mantissa, _, power = words[1].replace("−", "-").partition("×10")
    exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(mantissa) * 10 ** int(exponent or 0)


def kernel_map(page: Page) -> tuple[np.ndarray, str]:
    """The values in the kernel, and the title of the map."""
    code = "(explorer.view.heatmap.hex(), explorer.view.shape, explorer.view.title)"
    content, shape, words = ast.literal_eval(in_kernel(page, code))
    return np.frombuffer(bytes.fromhex(content), "<f4").reshape(shape), words


def keep(page: Page, count: int) -> None:
    page.get_by_role("button", name="Keep this map").click()
    expect(page.locator(".cnnvis-kept-map")).to_have_count(count)


def figures(page: Page) -> None:
    """The same button saves figures that Python draws."""
    for format_, start in (("SVG", b"<?xml"), ("PDF", b"%PDF")):
        page.get_by_label("Format of a saved picture").select_option(format_)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save picture").click()
        assert download.value.suggested_filename.endswith(f".{format_.lower()}")
        assert Path(download.value.path()).read_bytes().startswith(start)
    page.get_by_label("Format of a saved picture").select_option("PNG")


def saved(page: Page, to: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as page").click()
    assert download.value.suggested_filename.endswith(".html")
    download.value.save_as(to)
    return to


def test_a_page_saved_from_the_explorer_works_without_a_network(
    voila_page, offline, tmp_path: Path, screenshot
) -> None:
    page = voila_page(CELLS)
    expect(title(page)).to_contain_text("Saliency map", timeout=ANSWER)
    maps = {}
    for method, name in (
        ("saliency", "Saliency map"),
        ("integrated_gradients", "Integrated gradients"),
        ("occlusion", "Occlusion"),
    ):
        in_kernel(page, f"explorer.methods.value = {method!r}")
        expect(title(page)).to_contain_text(name, timeout=ANSWER)
        expect(page.locator(".cnnvis-view-work")).to_be_hidden(timeout=ANSWER)
        values, words = kernel_map(page)
        maps[words] = values
        keep(page, len(maps))
    screenshot(page, "kept-maps")
    figures(page)
    in_kernel(page, "explorer.methods.value = 'grad_cam'")
    expect(title(page)).to_contain_text("Grad-CAM", timeout=ANSWER)
    expect(page.locator(".cnnvis-trust-line button").nth(2)).to_be_visible(timeout=ANSWER)
    values, words = kernel_map(page)
    maps = {words: values, **maps}
    code = ast.literal_eval(in_kernel(page, "explorer.view.code"))
    path = saved(page, tmp_path / "maps.html")
    assert path.stat().st_size < 500_000

    # From here on there is neither a kernel nor a network.
    alone = offline(path)
    expect(alone.get_by_role("heading", level=1)).to_contain_text("4 maps")
    buttons = alone.locator(".cnnvis-kept-map")
    expect(buttons).to_have_count(4)
    screenshot(alone, "saved-page")
    places = [(3, 5), (40, 11), (20, 61), (63, 0)]
    for number, (words, values) in enumerate(maps.items()):
        buttons.nth(number).click()
        expect(title(alone)).to_have_text(words)
        assert values.shape == (64, 64)
        for row, column in places:
            shown = value_at(alone, row, column, values.shape)
            assert shown == pytest.approx(float(values[row, column]), rel=6e-4, abs=1e-12)

    # By keys: the choice among the maps, and the values.
    buttons.first.focus()
    alone.keyboard.press("ArrowRight")
    second = list(maps)[1]
    expect(title(alone)).to_have_text(second)
    expect(buttons.nth(1)).to_be_focused()
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    alone.keyboard.press("End")
    expect(title(alone)).to_have_text(list(maps)[3])
    alone.keyboard.press("Home")
    expect(title(alone)).to_have_text(next(iter(maps)))
    alone.keyboard.press("ArrowRight")
    alone.locator(".cnnvis-view-pane").first.focus()
    alone.keyboard.press("m")
    row, column = np.unravel_index(np.abs(maps[second]).argmax(), (64, 64))
    strongest = read(alone, int(row), int(column))
    assert strongest == pytest.approx(float(maps[second][row, column]), rel=6e-4)

    looks(alone, maps[second])
    told(alone, buttons, code)


def looks(page: Page, values: np.ndarray) -> None:
    """Opacity, threshold, modes: the pixels are those that Python draws."""
    scale = Scale.of(values, percentile=99.5)
    map_alone = rendering.colorize(values, scale)
    picture = pixels(canvas(choose_in(page, "Picture")))
    choose(page, "Heatmap")
    near(pixels(canvas(page)), map_alone, 1)
    choose(page, "Overlay")
    slide(page, "Opacity of the map", 0.25)
    expected = rendering.overlay(picture, values, scale, opacity=0.25)
    near(pixels(canvas(page)), expected, 2)
    slide(page, re.compile("^Threshold"), 0.9)
    cut = np.sort(np.abs(values).ravel())[int(0.9 * values.size)]
    shown = pixels(canvas(page))
    under = np.abs(values) < cut
    assert 0.85 < under.mean() < 0.95
    near(shown[under], rendering.overlay(picture, values, scale, opacity=0)[under], 2)
    near(shown[~under], expected[~under], 2)
    message = page.get_by_role("slider", name=re.compile("^Threshold")).get_attribute(
        "aria-valuetext"
    )
    assert message
    assert message.startswith("90 % of the pixels: below ")
    assert float(message.rpartition(" ")[2]) == pytest.approx(float(cut), rel=6e-3)
    choose(page, "Contours")
    assert page.locator(".cnnvis-view-line").count() >= 3
    choose(page, "Side by side")
    expect(page.locator(".cnnvis-view-pane:visible")).to_have_count(2)
    choose(page, "Overlay")


def choose_in(page: Page, mode: str) -> Page:
    choose(page, mode)
    return page


def canvas(page: Page) -> Locator:
    return page.locator(".cnnvis-view-pane canvas").first


def slide(page: Page, name: str | re.Pattern[str], value: float) -> None:
    page.get_by_role("slider", name=name).fill(str(value))


def told(page: Page, buttons: Locator, code: str) -> None:
    """Caption, checks and code are those of the map that is shown."""
    buttons.first.click()
    facts = page.locator(".cnnvis-page-facts")
    expect(facts).to_contain_text("Mini VGG")
    expect(facts).to_contain_text("Grad-CAM: Selvaraju")
    expect(facts).to_contain_text("block4_conv2")
    expect(facts).to_contain_text("method=grad_cam")
    expect(page.locator(".cnnvis-trust-line button")).to_have_count(3)
    expect(page.locator(".cnnvis-trust .cnnvis-unseen").first).to_have_css("position", "absolute")
    expect(page.locator(".cnnvis-trust a")).to_have_count(0)  # there is no lesson to go to
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator(".cnnvis-view-code pre")).to_have_text(code, use_inner_text=False)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save values").click()
    assert np.load(download.value.path()).shape == (64, 64)


def test_the_values_that_a_page_saves_are_exact_and_its_picture_carries_its_state(
    offline, tmp_path: Path, maps_file: tuple[Path, list[np.ndarray]]
) -> None:
    path, maps = maps_file
    page = offline(path)
    for number, values in enumerate(maps):
        page.locator(".cnnvis-kept-map").nth(number).click()
        expect(page.locator(".cnnvis-kept-map").nth(number)).to_have_attribute(
            "aria-pressed", "true"
        )
        with page.expect_download() as download:
            page.get_by_role("button", name="Save values").click()
        assert np.load(download.value.path()).tobytes() == values.astype("<f4").tobytes()


@pytest.fixture(scope="module")
def maps_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """A page from Python alone: signed maps of unequal sides, one constant, one of zeros."""
    from cnnvis_widgets.rendering import choose_colormap, lookup
    from cnnvis_widgets.widgets.explorer.explanation_state import heatmap_state
    from cnnvis_widgets.widgets.explorer.page_data import PageMap
    from cnnvis_widgets.widgets.explorer.saved_page import page as written

    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    signed = rng.normal(size=(20, 30)).astype(np.float32)
    maps = [signed, 2 * signed[:10, :15], np.full((20, 30), 0.5, np.float32), 0 * abs(signed)]
    held = []
    for number, values in enumerate(maps):
        scale = Scale.of(values)
        table = lookup(choose_colormap(scale.kind))
        made = heatmap_state(picture, values, table, scale.low, scale.high, scale.kind)
        words = {"title": f"map {number}", "alt": f"the map {number}", "notes": ["A note."]}
        words |= {"warnings": ["Not as published."], "unit": "u", "code": "", "filename": "f"}
        facts = (("Network", "a network of ours"), ("Seed", str(number)))
        held.append(PageMap({**made, **words}, facts))
    path = tmp_path_factory.mktemp("page") / "maps.html"
    path.write_text(written(held), "utf-8")
    return path, maps


def test_the_script_of_an_own_picture_is_whole_in_a_page(offline, tmp_path: Path) -> None:
    import cnnvis_widgets as cnnvis

    picture = np.random.default_rng(4).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    explained = cnnvis.explain(cnnvis.load_network("mini_vgg"), picture, method="saliency")
    page = offline(cnnvis.save_page(explained, tmp_path / "own.html"))
    expect(page.locator(".cnnvis-kept")).to_have_count(0)  # nothing to choose from
    page.get_by_role("button", name="Show the code").click()
    shown = page.locator(".cnnvis-view-code pre").evaluate("(pre) => pre.textContent")
    assert "b64decode" in shown
    assert shown == explained.code()


def test_one_scale_for_all_maps_of_a_unit(
    offline, maps_file: tuple[Path, list[np.ndarray]]
) -> None:
    path, maps = maps_file
    page = offline(path)
    choose(page, "Heatmap")
    own, shared = Scale.of(maps[0]), Scale.of(maps[0], maps[1])
    assert shared.high > own.high
    near(pixels(canvas(page)), rendering.colorize(maps[0], own), 1)
    page.get_by_role("checkbox", name="one scale for all maps").check()
    expect(page.locator(".cnnvis-view-ticks")).to_contain_text(
        rendering.scales.format_value(shared.high)
    )
    near(pixels(canvas(page)), rendering.colorize(maps[0], shared), 1)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (1920, 1080)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    offline, maps_file: tuple[Path, list[np.ndarray]], width: int, height: int, scheme: str
) -> None:
    page = offline(
        maps_file[0],
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        bypass_csp=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    low = page.locator(".cnnvis-view-pane").first.bounding_box()
    assert low
    if width > 1000:  # all of the picture is in sight
        assert low["y"] + low["height"] <= height
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")


def test_by_touch(offline, maps_file: tuple[Path, list[np.ndarray]]) -> None:
    page = offline(maps_file[0], has_touch=True, viewport={"width": 390, "height": 844})
    box = page.locator(".cnnvis-view-pane").first.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 7.5 / 30 * box["width"], box["y"] + 4.5 / 20 * box["height"])
    assert read(page, 4, 7) == pytest.approx(float(maps_file[1][0][4, 7]), rel=6e-4)
