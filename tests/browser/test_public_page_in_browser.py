"""`cnnvis app --public` in a real browser: under the strictest headers, under a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_servers import JupyterServer, in_kernel, write_notebook
from playwright.sync_api import Browser, Page, expect
from served_pages import Pages, leave_voila, open_voila, pages
from test_explorer_in_browser import ANSWER, CELLS, first_picture, panel, png, settled, title

LESSON = Path(__file__).parents[2] / "notebooks" / "02_1_machine_learning.ipynb"


class UnderPrefix(JupyterServer):
    """A server all of whose addresses begin with /course."""

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"{super().url}/course"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    home = tmp_path_factory.mktemp("public")
    (home / "notebooks").mkdir()
    write_notebook(home / "notebooks/start.ipynb", ["print('up')"], remote=False)
    options = [
        "-m",
        "cnnvis_widgets.cli",
        "app",
        "{root}/start.ipynb",
        "--no-browser",
        "--no-preheat",
    ]
    options += ["--port={port}", "--host=127.0.0.1", "--public", "--base-url=/course/"]
    options += ["--memory-per-visitor=1800"]
    running = UnderPrefix(home, options, "/course/voila/static/voila.js").wait()
    yield running
    running.stop()


@pytest.fixture
def public_page(
    chromium: Browser, server: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Pages]:
    yield from pages(chromium, server, open_voila, leave_voila, request, own_names=True)


def test_a_visit(public_page: Pages, server: JupyterServer) -> None:
    page = public_page(CELLS)
    before = first_picture(page)
    page.get_by_role("button", name=re.compile("^Network")).click()
    expect(page.get_by_role("option", name="Mini VGG")).to_be_visible()
    expect(page.get_by_role("button", name="Open a Keras file")).to_be_hidden()
    page.keyboard.press("Escape")
    # An upload is decoded in a process of its own.
    picker = panel(page, "Picture")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": png()})
    expect(page.get_by_role("radio", name="your picture")).to_have_attribute(
        "aria-checked", "true", timeout=ANSWER
    )
    expect(title(page)).not_to_contain_text("Egyptian cat", timeout=ANSWER)
    assert settled(page) != before
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"not one"})
    expect(picker.get_by_role("alert")).to_contain_text("bad.png", timeout=ANSWER)
    assert in_kernel(page, "explorer.pictures.uploads['upload-1'].shape") == "(90, 130, 3)"


def test_a_lesson(public_page: Pages) -> None:
    page = public_page(LESSON)
    expect(page.locator(".cnnvis-field").first).to_be_visible(timeout=60_000)
    home = page.get_by_role("link", name=re.compile("all lessons|home|course", re.I)).first
    assert "/course/voila/render/" in page.evaluate("(link) => link.href", home.element_handle())


def test_a_page_whose_kernel_was_ended_says_why(public_page: Pages) -> None:
    page = public_page(
        ["print('small')"],
        allow={"": "JupyterLab tells its console at length of the kernel that is gone"},
    )
    page.evaluate("void window.cnnvisKernel('kept = b\"x\" * 2_000_000_000')")
    status = page.locator("#cnnvis-ended")
    expect(status).to_contain_text("more than a visitor may have", timeout=60_000)
    expect(status).to_contain_text("Load the page again")


def test_no_other_site_shows_the_page_in_a_frame(chromium: Browser, server: JupyterServer) -> None:
    page: Page = chromium.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.set_content(f'<iframe src="{server.url}/voila/render/start.ipynb"></iframe>')
    page.wait_for_timeout(3000)
    assert any("frame" in text for text in told), told
    page.close()
    server.await_no_kernels(90)  # nobody ever came to that page
