"""How long a visitor waits: `make bench-page` opens the explorer as `make app` serves it.

It starts `cnnvis app`, opens the page in Chromium, and prints the seconds from opening to the
controls and to the first picture, and then the milliseconds from a click on another class to the
new picture on the screen, for each method that answers within a few passes.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from machine import machine
from playwright.sync_api import Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
METHODS = ("Saliency map", "DeconvNet", "Guided backpropagation", "Grad-CAM", "Guided Grad-CAM")
# Resolves with the time of the first frame after the title tells of another class.
NEXT_PICTURE = """(before) => new Promise((resolve) => {
  const title = document.querySelector(".cnnvis-view-title");
  const look = () => (title.textContent === before ? requestAnimationFrame(look)
    : requestAnimationFrame(() => resolve(performance.now())));
  look();
})"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/page.py", description=__doc__)
    parser.add_argument("--clicks", type=int, default=20, help="for each method")
    options = parser.parse_args()
    for name, value in machine().items():
        print(f"- {name}: {value}")
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        start = time.monotonic()
        page.goto(url, wait_until="commit")
        page.locator(".cnnvis-bar-parts button").last.wait_for(timeout=120_000)
        print(f"- controls in sight: {time.monotonic() - start:.1f} s after opening")
        page.locator(".cnnvis-view-title", has_text="Egyptian cat").wait_for(timeout=240_000)
        print(f"- first picture: {time.monotonic() - start:.1f} s after opening")
        page.locator(".cnnvis-header-work").wait_for(state="hidden")
        page.wait_for_timeout(15_000)  # the other methods are compiled meanwhile
        print("\n| method | click to picture, ms (median) | middle half |\n| - | -: | -: |")
        turns = itertools.cycle((1, 2))  # never the class that is shown
        for method in METHODS:
            page.get_by_role("button", name=re.compile("^Method")).click()
            page.get_by_role("radio", name=method).first.click()
            page.locator(".cnnvis-view-title", has_text=method).wait_for()
            page.wait_for_timeout(1000)
            waits = [clicked(page, next(turns)) for _ in range(options.clicks + 1)][1:]
            low, middle, high = statistics.quantiles(waits, n=4)
            print(f"| {method} | {middle:.0f} | {low:.0f}–{high:.0f} |", flush=True)
        browser.close()
    return 0


def clicked(page: Page, place: int) -> float:
    """Milliseconds from a click on the class at a place to the frame that shows its picture."""
    before = page.locator(".cnnvis-view-title").text_content()
    option = page.get_by_role("group", name="Class", exact=True).get_by_role("option")
    handle = option.nth(place).element_handle()
    start = page.evaluate(
        "(element) => { const now = performance.now(); element.click(); return now; }", handle
    )
    return page.evaluate(NEXT_PICTURE, before) - start


@contextmanager
def served() -> Iterator[str]:
    """`cnnvis app` at a free port, with the kernel ready that it keeps for the next visitor."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnvis_widgets.cli", "app", "--no-browser", f"--port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(10)  # as on a server that has been up for a while
        yield f"http://localhost:{port}/voila/render/explorer.ipynb"
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
