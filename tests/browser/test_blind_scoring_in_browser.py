"""Two raters in a real browser, each by a link of their own, against `cnnvis app rating`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_studies import PICTURES, rated_study
from jupyter_servers import JupyterServer, app_server
from playwright.sync_api import Browser, Page, expect

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.study.people import People
from cnnvis_widgets.study.raters import STUDY_VARIABLE, raters

LOADING = 120_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rated_study(tmp_path_factory.mktemp("rated") / "study", ["grad_cam", "deconvnet"], 0.5)


@pytest.fixture(scope="module")
def server(
    cluster: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JupyterServer]:
    """What `cnnvis app rating --study PATH` starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STUDY_VARIABLE, str(folder))
        started = app_server(tmp_path_factory.mktemp("home"), "rating", cluster)
    yield started
    started.stop()


def opened(browser: Browser, server: JupyterServer, key: str, width: int = 1280) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800 if width > 400 else 844})
    page.goto(f"{server.url}/voila/render/rating.ipynb?rater={key}", wait_until="commit")
    return page


def score(page: Page, points: list[str]) -> list[str]:
    """Give verdicts by keys; returns what was said of each map."""
    messages = []
    words = page.locator(".cnnvis-scoreboard-words")
    page.get_by_role("button", name="0: no").focus()
    for point in points:
        messages.append(words.inner_text())
        page.keyboard.press(point)
        expect(words).not_to_have_text(messages[-1])
    return messages


def test_two_raters_by_their_links(
    chromium: Browser, server: JupyterServer, folder: Path, screenshot
) -> None:
    ana, ben = raters(folder)
    pages = [opened(chromium, server, one.key) for one in (ana, ben)]
    for page, one in zip(pages, (ana, ben), strict=True):
        expect(page.get_by_text(f"You score as {one.name}.")).to_be_visible(timeout=LOADING)
        expect(page.get_by_text(re.compile(r"^Map 1 of \d+:"))).to_be_visible(timeout=LOADING)
        text = page.locator("body").inner_text() + page.locator(".cnnvis-scoreboard").inner_html()
        for method in ("grad-cam", "grad_cam", "deconvnet"):
            assert method not in text.lower()
        assert page.get_by_role("button", name="Show the table").count() == 0
    screenshot(pages[0], "blind-scoring")
    first = score(pages[0], ["1", "0", "1"])
    other = score(pages[1], ["0", "?"])
    for page in pages:
        shown = page.locator(".cnnvis-scoreboard-pair img").nth(1)
        assert shown.evaluate("(i) => i.decode().then(() => i.naturalWidth)") == 10
    pages[0].reload(wait_until="commit")  # goes on where they were
    expect(pages[0].get_by_text(re.compile(r"^Map 4 of \d+:"))).to_be_visible(timeout=LOADING)
    counts = [int(re.findall(r"of (\d+):", message[0])[0]) for message in (first, other)]
    expect(pages[0].get_by_text(f"3 of {counts[0]} judged")).to_be_visible()
    score(pages[0], ["1"] * (counts[0] - 3))
    expect(pages[0].get_by_text("All maps are judged.")).to_be_visible()
    score(pages[1], ["1"] * (counts[1] - 2))
    for page in pages:
        page.close()
    people = People(cnnvis.Study.open(folder))
    assert list(people.raters) == ["Ana", "Ben"]
    maps = len(PICTURES) * 2
    assert people.agreement()["Ana, Ben"].items == maps
    assert people.self_agreement()["Ana"].items == counts[0] - maps
    assert sorted(people.raters["Ana"].points.values()) == [0, *[1] * (maps - 1)]
    assert "undecided" in people.raters["Ben"].points.values()
    assert main(["study", "people", str(folder), "--metrics", "sparseness"]) == 0


def test_no_key_and_a_wrong_one(
    chromium: Browser, server: JupyterServer, folder: Path, screenshot
) -> None:
    page = opened(chromium, server, "nobody", 390)
    expect(page.get_by_text("This key is nobody's.")).to_be_visible(timeout=LOADING)
    assert page.locator(".cnnvis-scoreboard").count() == 0
    page.get_by_label("Your key").fill(raters(folder)[1].key)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("You score as Ben.")).to_be_visible(timeout=LOADING)
    expect(page.locator(".cnnvis-scoreboard")).to_be_visible(timeout=LOADING)
    expect(page.get_by_text("This key is nobody's.")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "blind-scoring-phone", full_page=True)
    page.close()
