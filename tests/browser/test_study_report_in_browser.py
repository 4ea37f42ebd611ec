"""A study's report opened as a file, offline: nothing is asked for, everything is to be seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from drawn_studies import drawn_study
from playwright.sync_api import Browser, expect

from cnnvis_widgets.study.human_scores import EyeScores, rater_file
from cnnvis_widgets.study.report import write_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "grid"
    made = drawn_study(path, methods=["saliency", "deep_taylor", "grad_cam"])
    made.run()
    groups = {name: "ImageNet" if name in ("p0", "p1") else "other" for name in made.pictures}
    made.store.settle({"groups": groups})
    for name in ("ana", "ben"):
        scores = EyeScores(made, path / rater_file(name), len(name) + ord(name[0]), 0.3)
        for place, line in enumerate(scores.lines):
            scores.judge(place, int(line["method"] == "grad_cam" or place % 3 == 0))
    return write_report(made, ["sparseness", "complexity"])


def test_the_report_opens_offline(report: Path, chromium: Browser, screenshot: Any) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", name="grid", level=1)).to_be_visible()
    screenshot(page, "study-report")
    for name in ("Settings", "Metrics", "Coherence between methods", "People",
                 "Groups of pictures", "Maps", "How to repeat it"):  # fmt: skip
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_in_viewport()
        screenshot(page, f"study-report-{name.split(' ')[0].lower()}")
    for details in page.locator("details").all():
        details.evaluate("(one) => { one.open = true; }")
    images = page.locator("img")
    assert images.count() == 5 + 1 + 2 * 5 * (3 + 1)
    images.evaluate_all("all => Promise.all(all.map((i) => i.decode()))")
    assert images.evaluate_all("all => all.every((i) => i.naturalWidth)")
    button = page.get_by_role("button", name="Copy Table 2: points, of the maps judged as LaTeX")
    button.click()
    expect(button).to_have_text(re.compile("Copied|Selected"))
    assert r"\begin{table}" in page.evaluate("getSelection().toString()")
    assert page.locator("th[scope=row]", has_text="VGG-16").first.is_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "study-report-phone")
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert [url for url in asked if url.startswith("file:")] == [report.as_uri()]
    assert wrong == []
    context.close()
