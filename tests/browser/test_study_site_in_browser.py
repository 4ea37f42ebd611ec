"""A study's site opened as files: swapping, comparing, reading out, with nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.study.site import Options, write_site
from cnnvis_widgets.study.site.map_files import blocks

SIZE = (90, 120)  # rows, columns: numbers are read out in blocks of 2 × 2


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> cnnvis.Study:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            layers.Conv2D(3, 5, strides=4, padding="same", activation="relu", name="c1"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    networks = {"toy": Network(model)}
    made = cnnvis.Study(
        networks,
        ["cat", "coffee", "rocket"],
        ["saliency", "grad_cam", "lime"],
        ["output", "c1"],
        tmp_path_factory.mktemp("study") / "study",
    )
    made.run()
    write_site(made, made.store.path / "site", Options(2, 2, "Pages"))
    return made


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that complains at the end of errors and of what it asked of anything but files."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    wrong: list[str] = []
    page.on("request", lambda r: None if r.url.startswith("file:") else wrong.append(r.url))
    page.on("requestfailed", lambda r: wrong.append(r.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    yield page
    page.close()
    assert not [what for what in wrong if not what.startswith("data:")]


def heads(page: Page, where: str) -> list[str]:
    return page.locator(f"{where} th").all_inner_texts()


def test_from_the_grid_to_two_maps(study: cnnvis.Study, page: Page, screenshot: Any) -> None:
    site = study.store.path / "site"
    page.goto((site / "index.html").as_uri())
    expect(page.locator("td img")).to_have_count(9)
    assert heads(page, "thead")[1:] == ["Saliency map", "Grad-CAM", "LIME"]
    page.get_by_role("button", name="Swap rows and columns").click()
    assert heads(page, "tbody") == ["Saliency map", "Grad-CAM", "LIME"]
    assert [t.strip() for t in heads(page, "thead")[1:]] == ["cat", "coffee", "rocket"]
    page.get_by_label("neuron", exact=True).select_option(label="c1")
    expect(page.locator("td img")).to_have_count(6)
    assert "LIME explains output units only" in (
        page.locator("td[title]").first.get_attribute("title") or ""
    )
    page.get_by_label("down", exact=True).select_option("neuron")
    assert heads(page, "tbody") == ["output", "c1"]
    address = page.url
    page.goto("about:blank")
    page.goto(address)  # the address holds what was chosen
    assert heads(page, "tbody") == ["output", "c1"]
    screenshot(page, "study_site_grid")
    page.get_by_role("link", name="Saliency map of").first.click()
    expect(page.locator("h1")).to_contain_text("Saliency map of")


def place(page: Page, selector: str, x: float, y: float) -> None:
    box = page.locator(selector).bounding_box()
    assert box
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def wanted(study: cnnvis.Study, picture: str, method: str, row: int, column: int) -> float:
    line = next(
        x
        for x in study.runs()
        if (x["picture"], x["method"], x["neuron"]) == (picture, method, "output")
    )
    heatmap = study.heatmap(line)
    assert heatmap is not None and heatmap.shape == SIZE
    return float(blocks(heatmap)[0][row // 2, column // 2])


def numbers(text: str) -> list[tuple[int, int, float]]:
    matches = re.findall(r"row (\d+), column (\d+): (-?[\d.e+-]+)", text)
    return [(int(row), int(column), float(value)) for row, column, value in matches]


def test_hovering_reads_the_map_s_values(study: cnnvis.Study, page: Page) -> None:
    folder = study.store.path / "site" / "maps" / "toy" / "coffee" / "output"
    page.goto((folder / "grad_cam.html").as_uri())
    for x, y in ((0.31, 0.72), (0.66, 0.2)):
        place(page, "figure[data-map] img", x, y)
        expect(page.locator("[data-value]")).to_contain_text(f"column {int(x * 120)}")
        ((row, column, value),) = numbers(page.locator("[data-value]").inner_text())
        assert (row, column) == (int(y * 90), int(x * 120))
        most = 1e-3 * abs(wanted(study, "coffee", "grad_cam", row, column)) + 1e-6
        assert value == pytest.approx(wanted(study, "coffee", "grad_cam", row, column), abs=most)


def test_any_two_maps_under_a_slider(study: cnnvis.Study, page: Page, screenshot: Any) -> None:
    folder: Path = study.store.path / "site" / "maps" / "toy" / "coffee" / "output"
    page.goto((folder / "grad_cam.html").as_uri())
    page.get_by_role("link", name="Compare it with another map").click()
    second = page.get_by_role("group", name="Right of it")
    second.get_by_label("picture", exact=True).select_option("rocket")
    second.get_by_label("method", exact=True).select_option(label="Saliency map")
    assert page.url.endswith("b=maps%2Ftoy%2Frocket%2Foutput%2Fsaliency")
    over = page.locator(".cnnvis-stage img").nth(1)
    expect(over).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
    page.get_by_role("slider").press("Home")
    page.get_by_role("slider").press("ArrowRight")
    expect(over).to_have_css("clip-path", "inset(0px 0px 0px 1%)")
    place(page, ".cnnvis-stage", 0.5, 0.5)
    expect(page.locator("output")).to_contain_text("|")
    first, other = numbers(page.locator("output").inner_text())
    for (row, column, value), of in (
        (first, ("coffee", "grad_cam")),
        (other, ("rocket", "saliency")),
    ):
        known = wanted(study, *of, row, column)
        assert value == pytest.approx(known, rel=2e-3, abs=1e-5)
    screenshot(page, "study_site_compare")
    second.get_by_label("neuron", exact=True).select_option("c1")
    second.get_by_label("method", exact=True).select_option("LIME")
    expect(page.locator("main")).to_contain_text("The second map is not there: LIME explains")


def test_layers_and_units(study: cnnvis.Study, page: Page) -> None:
    page.goto((study.store.path / "site" / "networks" / "toy" / "index.html").as_uri())
    page.get_by_role("link", name="c1", exact=True).click()
    page.get_by_role("link", name=re.compile("unit")).first.click()
    expect(page.locator("h2").first).to_have_text("A picture that it likes best")
    images = page.locator("main img")
    assert images.count() >= 1 + 2 * 3  # its own, and three pictures with their maps
    assert images.evaluate_all("all => all.every((i) => i.complete && i.naturalWidth > 0)")
