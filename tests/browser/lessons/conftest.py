"""`lesson`: the notebook after which a test file is named, as `cnnvis app` serves it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe import violations
from jupyter_servers import in_kernel
from kept_questions import ASKED, changed
from playwright.sync_api import Page, expect
from served_pages import DRAWN, WARNINGS, WITHOUT_WORDS

ROOT = Path(__file__).parents[3]
NOTEBOOKS = ROOT / "notebooks"
LOADS_TENSORFLOW = re.findall(
    r"^\| `(\w+)` \|", (ROOT / "docs" / "class.md").read_text("utf-8"), re.M
)
SECONDS = 600  # until all cells have run, while other tests use the machine


@pytest.fixture
def lesson(lesson_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page once all of its cells have run; `test_03_07_cam.py` gets `03_07_cam.ipynb`.

    Its questions are those that `cnnvis questions` exports. After the test the page is gone through
    to its end: no cell has warned, nothing could not be shown, each picture has words, nothing is
    wider than the page, axe-core finds nothing serious. Its kernel has loaded TensorFlow where
    docs/class.md says so, and only there.
    """
    name = request.path.stem.removeprefix("test_")
    page = lesson_page(NOTEBOOKS / f"{name}.ipynb", timeout=SECONDS, bypass_csp=True)
    loaded = in_kernel(page, "'tensorflow' in __import__('sys').modules")
    assert changed(name, ast.literal_eval(in_kernel(page, ASKED))) == []
    yield page
    for _ in range(40):
        page.mouse.wheel(0, 1200)
    page.get_by_role("heading", level=2).last.scroll_into_view_if_needed()
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator(WITHOUT_WORDS).filter(visible=True).count() == 0
    assert page.locator(WARNINGS).all_inner_texts() == []
    drawn = page.locator(DRAWN).evaluate_all("(pictures) => pictures.map(({ alt }) => alt)")
    assert [words for words in drawn if len(words) <= 20] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    assert loaded == str(name in LOADS_TENSORFLOW)
