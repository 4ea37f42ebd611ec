"""A visitor of the explorer in a real Chromium, among those who speak its protocols alone."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from page import ARGUMENTS
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Error as PlaywrightError

PATIENCE = 60_000
"""Milliseconds to wait for anything."""

# Clicks an option; resolves with the milliseconds to the first frame with another title.
CLICK_TO_PICTURE = """(option) => new Promise((resolve) => {
  const title = document.querySelector(".cnnvis-view-title");
  const before = title.textContent;
  const start = performance.now();
  const look = () => (title.textContent === before ? requestAnimationFrame(look)
    : requestAnimationFrame(() => resolve(performance.now() - start)));
  option.click();
  look();
})"""


class BrowserVisitor:
    """One visit in a browser.

    Args:
        address: of the page.

    Attributes:
        controls: seconds from opening to the controls.
        first_picture: seconds from opening to the first explanation on the screen.
        changes: ("class", seconds from the click to the explanation on the screen), each.
        errors: what went wrong, with what the page's console said.
    """

    def __init__(self, address: str) -> None:
        self.controls = self.first_picture = 0.0
        self.changes: list[tuple[str, float]] = []
        self.errors: list[str] = []
        self._address = address

    async def visit(self, browser: Browser, seconds: float, every: float) -> None:
        """Open the page, choose another class every few seconds, and leave."""
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        try:
            start = time.monotonic()
            await page.goto(self._address, wait_until="commit")
            await page.locator(".cnnvis-bar-parts button").last.wait_for()
            self.controls = time.monotonic() - start
            await page.locator(".cnnvis-view-title", has_text=re.compile(r"\w")).wait_for()
            self.first_picture = time.monotonic() - start
            end = time.monotonic() + seconds
            classes = page.get_by_role("group", name="Class", exact=True).get_by_role("option")
            for place in itertools.cycle((1, 2)):  # never the class that is shown
                await asyncio.sleep(every)
                if time.monotonic() > end:
                    break
                option = await classes.nth(place).element_handle()
                changed = page.evaluate(CLICK_TO_PICTURE, option)
                milliseconds = await asyncio.wait_for(changed, PATIENCE / 1000)
                self.changes.append(("class", milliseconds / 1000))
        except (PlaywrightError, TimeoutError) as error:
            self.errors.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
        finally:
            await page.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        yield browser
        await browser.close()
