"""A real Chromium in front of a real Voilà and a real JupyterLab.

`voila_page(cells)`, `lab_page(cells)` and `notebook_page(cells)` open a notebook and return a
Playwright page when all its cells have run. At the end of the test they assert that the browser's
console stayed clean and that nothing was asked of the internet.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_servers import (
    CHROMIUM_ARGUMENTS,
    JupyterServer,
    app_server,
    find_chromium,
    lab_server,
    voila_server,
    write_notebook,
)
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from served_pages import (
    FAILED,
    SCREENSHOTS,
    Pages,
    leave_lab,
    leave_voila,
    open_lab,
    open_notebook,
    open_voila,
    pages,
)

from cnnvis_widgets.engine.shared.cluster import Size, start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this directory drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_configure() -> None:
    """A test run that is told to stop takes its servers with it; a busy machine fails no test."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    expect.set_options(timeout=15_000)  # on a busy machine a kernel takes its time to answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let the fixtures know that the test failed, for a last screenshot."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. That there is none is a failure: these tests are the only proof of the page."""
    with sync_playwright() as playwright:
        path = find_chromium()
        try:
            browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        except PlaywrightError as error:
            pytest.fail(f"No Chromium could be started ({path or 'Playwright’s own'}): {error}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """The Voilà server of this test session."""
    server = voila_server(tmp_path_factory.mktemp("voila"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of the scheduler and worker that every `cnnvis app` of this test session uses.

    A server with workers of its own would load TensorFlow and compile every function once more.
    """
    service = start(Size.of_machine(), warm=False)
    yield service.address
    service.stop()


@pytest.fixture(scope="session")
def app(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """`cnnvis app` of this test session, over a directory of notebooks."""
    home = tmp_path_factory.mktemp("app")
    (home / "notebooks").mkdir()
    write_notebook(home / "notebooks/start.ipynb", ["print('up')"])
    server = app_server(home, "{root}/start.ipynb", cluster)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def course(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """`cnnvis app` of this test session, over the lessons that come along."""
    server = app_server(tmp_path_factory.mktemp("course"), scheduler=cluster)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """The JupyterLab server of this test session."""
    server = lab_server(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture
def voila_page(
    chromium: Browser, voila: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Pages]:
    """`voila_page(cells)`: the notebook as a Voilà page."""
    yield from pages(chromium, voila, open_voila, leave_voila, request)


@pytest.fixture
def lesson_page(
    chromium: Browser, app: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Pages]:
    """`lesson_page(path)`: a lesson as `cnnvis app` serves it, when all of its cells have run."""
    yield from pages(chromium, app, open_voila, leave_voila, request, own_names=True)


@pytest.fixture
def lab_page(
    chromium: Browser, lab: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Pages]:
    """`lab_page(cells)`: the notebook in JupyterLab, all of its cells run from the menu."""
    yield from pages(chromium, lab, open_lab, leave_lab, request)


@pytest.fixture
def notebook_page(
    chromium: Browser, lab: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Pages]:
    """`notebook_page(cells)`: the notebook in Jupyter Notebook, all of its cells run."""
    yield from pages(chromium, lab, open_notebook, leave_lab, request)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page; an exception or an error on the console of what it opens fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def screenshot() -> Callable[..., Path]:
    """`screenshot(page_or_locator, name)`: a picture into screenshots/, which git ignores."""

    def take(of: Any, name: str, **options: Any) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        of.screenshot(path=path, **options)
        return path

    return take
