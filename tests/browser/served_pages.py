"""Notebooks opened in a browser, from one server, for one test."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from jupyter_servers import JupyterServer, PageLog, write_notebook
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

SCREENSHOTS = Path(__file__).parent / "screenshots"
FAILED = pytest.StashKey[bool]()
WITHOUT_WORDS = "img:not([alt]), img[alt='']:not(button img)"
"""Pictures that a screen reader cannot tell of; one beside a button's words is decoration."""
WARNINGS = "[data-mime-type='application/vnd.jupyter.stderr']"
"""What cells have written to the error stream."""
DRAWN = ".jp-RenderedImage img"
"""Pictures that cells have put out."""

# A cell that raises ends the run, in Voilà as in Lab.
UP_OR_FAILED = """() =>
  (window.cnnvisKernel && !document.querySelector(".voila-skeleton-container"))
  || [...document.querySelectorAll(".jp-OutputArea-output pre")]
    .some((text) => text.textContent.includes("Traceback (most recent call last)"))"""
LAB_READY = """() => {
  const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return Boolean(context?.isReady && kernel?.connectionStatus === "connected"
    && kernel.status === "idle" && !document.querySelector(".jp-Dialog"));
}"""
POLLING = 100  # ms; Playwright's own way, once a frame, takes a third of a core from the kernel
_numbers = itertools.count(1)


class Pages:
    """Opens notebooks in one server; made anew for each test.

    Attributes:
        server: the server that the pages come from.
    """

    def __init__(
        self,
        browser: Browser,
        server: JupyterServer,
        start: Callable[[Page, JupyterServer, str, str], None],
        leave: Callable[[Page, JupyterServer], None],
        title: str,
        own_names: bool = False,
    ) -> None:
        self._own_names = own_names
        self.server = server
        self._browser = browser
        self._start = start
        self._leave = leave
        self._title = title
        self._logs: dict[Page, PageLog] = {}

    def __call__(
        self,
        notebook: Sequence[str] | str | Path,
        *,
        query: str = "",
        allow: dict[str, str] | None = None,
        timeout: float = 90,
        wait: bool = True,
        **context: Any,
    ) -> Page:
        """Open a notebook and return its page once every cell has run.

        Args:
            notebook: code cells, one text each, or the path of an .ipynb (a copy is served). A last
                cell is added for `jupyter_servers.in_kernel(page, code)`.
            query: the part of the address after the question mark ("theme=dark" in Voilà).
            allow: pattern -> reason: console errors or addresses that this one test expects.
            timeout: seconds until all cells must have run.
            wait: False returns as soon as the address has been opened.
            **context: options of Playwright's `new_context`: viewport (1280 × 800 unless told),
                device_scale_factor, color_scheme, reduced_motion, has_touch …
        """
        cells = Path(notebook) if isinstance(notebook, str | Path) else notebook
        number = next(_numbers)
        name = f"page{number}.ipynb"
        if self._own_names and isinstance(cells, Path):
            name = f"page{number}/{cells.name}"
        write_notebook(self.server.root / name, cells)
        options = {"viewport": {"width": 1280, "height": 800}, "accept_downloads": True, **context}
        opened = self._browser.new_context(**options)
        opened.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.server.url)
        page = opened.new_page()
        log = self._logs[page] = PageLog()
        log.allowed.update(allow or {})
        log.listen(opened, page)
        self._start(page, self.server, name, query)
        if wait:
            try:
                page.wait_for_function(UP_OR_FAILED, timeout=timeout * 1000, polling=POLLING)
                assert page.evaluate("Boolean(window.cnnvisKernel)")
            except (PlaywrightError, AssertionError):
                shown = page.locator("body").inner_text()[-3000:]
                raise AssertionError(
                    f"Not every cell has run within {timeout:g} s. The page shows:\n{shown}\n"
                    f"Errors: {log.errors}\nThe server's log ends:\n{self.server.tail()}"
                ) from None
        return page

    def log(self, page: Page) -> PageLog:
        """Console errors and requests off this machine so far."""
        return self._logs[page]

    def close(self, failed: bool) -> None:
        """Close all pages; their kernels end. Anything unexpected in their logs is an error."""
        for number, page in enumerate(self._logs):
            if failed and not page.is_closed():
                SCREENSHOTS.mkdir(exist_ok=True)
                page.screenshot(path=SCREENSHOTS / f"FAILED-{self._title}-{number}.png")
        contexts = {page.context for page in self._logs}
        try:
            for context in contexts:
                for page in context.pages:
                    self._leave(page, self.server)
            # Before their contexts are closed, which may drop what a page sends last.
            self.server.await_no_kernels()
        finally:
            for context in contexts:
                context.close()
        unexpected = [line for log in self._logs.values() for line in log.unexpected()]
        assert not unexpected, "The browser complained:\n" + "\n".join(unexpected)


def open_voila(page: Page, server: JupyterServer, name: str, query: str) -> None:
    page.goto(f"{server.url}/voila/render/{name}?{query}", wait_until="commit", timeout=60_000)


def open_lab(page: Page, server: JupyterServer, name: str, query: str) -> None:
    workspace = name.removesuffix(".ipynb")  # a workspace of its own: nothing is restored
    page.goto(f"{server.url}/lab/workspaces/{workspace}/tree/{name}?reset&{query}", timeout=60_000)
    _run_all(page)


def open_notebook(page: Page, server: JupyterServer, name: str, query: str) -> None:
    page.goto(f"{server.url}/notebooks/{name}?{query}", timeout=60_000)
    _run_all(page)


def _run_all(page: Page) -> None:
    # The menu's "Run all" is forgotten, or answered with a question for a kernel, while the kernel
    # comes up; so the application itself is asked, once the kernel is there and has nothing to do.
    page.wait_for_function(LAB_READY, timeout=120_000, polling=POLLING)
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")


def leave_voila(page: Page, server: JupyterServer) -> None:
    settings = page.locator("#jupyter-config-data")
    if settings.count() and not page.evaluate("Boolean(window.cnnvisKernel)"):
        kernel = json.loads(settings.text_content() or "{}").get("kernelId")
        page.request.post(f"{server.url}/voila/api/shutdown/{kernel}")  # it was never whole
    page.goto("about:blank")  # Voilà ends the kernel when a whole page is left


def leave_lab(page: Page, server: JupyterServer) -> None:
    for _ in range(20):  # a kernel that is just being started anew cannot be ended yet
        sessions = page.request.get(f"{server.url}/api/sessions").json()
        for session in sessions:
            page.request.delete(f"{server.url}/api/sessions/{session['id']}")
        if not sessions:
            return
        page.wait_for_timeout(300)


def pages(
    chromium: Browser,
    server: JupyterServer,
    start: Callable[[Page, JupyterServer, str, str], None],
    leave: Callable[[Page, JupyterServer], None],
    request: pytest.FixtureRequest,
    own_names: bool = False,
) -> Iterator[Pages]:
    title = re.sub(r"\W+", "-", request.node.name)
    opened = Pages(chromium, server, start, leave, title, own_names)
    yield opened
    opened.close(failed=request.node.stash.get(FAILED, False))
