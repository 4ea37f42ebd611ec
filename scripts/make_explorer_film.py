"""Film a visit to the explorer for the docs: docs/images/explorer.webp, and a still as PNG.

python scripts/make_explorer_film.py            # takes about a minute and a half
python scripts/make_explorer_film.py --keep DIR # keeps every frame as a PNG as well

It starts `cnnvis app`, opens the explorer in Chromium, and photographs the page after each step of
`visit`. The pointer and the line of words at the bottom are added to the page; all else is real.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FILM = IMAGES / "explorer.webp"
STILL = IMAGES / "explorer.png"
VIEWPORT = (1280, 800)
SIZE = (960, 600)  # of the film
LOADING, ANSWER = 240_000, 60_000  # ms; the first kernel loads TensorFlow
MOVE = 90  # ms that a frame of a moving pointer is shown
READ = 3600  # ms that a result is shown
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]

STAGE = """
const pointer = document.createElement("div");
pointer.id = "film-pointer";
pointer.innerHTML = `<svg width="26" height="30" viewBox="0 0 26 30"><path d="M3 2v21l5.6-5 3.6 8.4
  3.8-1.7-3.6-8.1 7.6-.4z" fill="#111" stroke="#fff" stroke-width="2"/></svg>`;
Object.assign(pointer.style, { position: "fixed", zIndex: 99999, pointerEvents: "none" });
const words = document.createElement("div");
words.id = "film-words";
Object.assign(words.style, { position: "fixed", left: 0, right: 0, bottom: 0, zIndex: 99998,
  padding: "11px 20px", font: "600 21px system-ui, sans-serif", color: "#fff",
  background: "#123a66", pointerEvents: "none", textAlign: "center" });
document.body.append(words, pointer);
"""


@dataclass
class Film:
    """The frames so far, each with the milliseconds that it is shown."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    at: tuple[float, float] = (640, 330)

    def open(self) -> None:
        """Put the pointer and the line of words onto the page."""
        self.page.evaluate(STAGE)
        self._point(*self.at)

    def say(self, words: str) -> None:
        """Change the line of words."""
        self.page.evaluate(
            "(words) => document.getElementById('film-words').textContent = words", words
        )

    def take(self, duration: int) -> None:
        """A frame of the page as it is now; one that looks like the last prolongs it."""
        with Image.open(io.BytesIO(self.page.screenshot())) as shot:
            frame = shot.convert("RGB")
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] += duration
        else:
            self.frames.append(frame)
            self.durations.append(duration)

    def go(self, target: Locator, x: float = 0.5, y: float = 0.5) -> None:
        """Move the pointer to a place in an element, given as shares of its width and height."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box, f"{target} is not on the page"
        end = (box["x"] + x * box["width"], box["y"] + y * box["height"])
        start, steps = self.at, 4
        for step in range(1, steps + 1):
            share = step / steps
            self._point(*(a + share * (b - a) for a, b in zip(start, end, strict=True)))
            self.take(MOVE)

    def click(self, target: Locator, words: str) -> None:
        """Say what comes, move to an element and click it; the answer is taken by `settle`."""
        self.say(words)
        self.go(target)
        self.page.mouse.click(*self.at)

    def settle(self, title: str, duration: int = READ) -> None:
        """Wait until the answer with these words in its title is drawn, and show it."""
        expect(self.page.locator(".cnnvis-view-title")).to_contain_text(title, timeout=ANSWER)
        for place in ("header", "view"):
            expect(self.page.locator(f".cnnvis-{place}-work")).to_be_hidden(timeout=ANSWER)
        self.page.wait_for_timeout(250)
        self.take(duration)

    def _point(self, x: float, y: float) -> None:
        self.at = (x, y)
        self.page.mouse.move(x, y)
        self.page.evaluate(
            "([x, y]) => Object.assign(document.getElementById('film-pointer').style,"
            " { left: `${x - 3}px`, top: `${y - 2}px` })",
            [x, y],
        )


def visit(film: Film) -> None:
    """What the film shows, step by step."""
    page = film.page

    def group(name: str) -> Locator:
        return page.get_by_role("group", name=name, exact=True)

    def opened(name: str, words: str) -> Locator:
        film.click(page.get_by_role("button", name=re.compile(f"^{name}")), words)
        film.take(READ // 3)
        return group(name)

    def method(name: str, words: str) -> None:
        film.click(opened("Method", words).get_by_role("radio", name=name).first, words)
        film.settle(name)

    def tool(name: str) -> Locator:
        tools = page.get_by_role("radiogroup", name="Touch the picture")
        return tools.get_by_role("radio", name=name)

    film.say("A picture, a network, a class: Grad-CAM shows where the network looks")
    film.take(READ)
    film.click(group("Class").get_by_role("option", name="tiger cat"), "Another class")
    film.settle("tiger cat")
    method("Guided backpropagation", "Another method: guided backpropagation")
    method("Grad-CAM", "Back to Grad-CAM")
    strip = page.locator(".cnnvis-trust button")
    expect(strip.first).to_be_visible(timeout=ANSWER)
    film.say("Can it be trusted? The checks below the picture answer")
    film.go(strip.first)
    film.take(READ)
    film.click(tool("Patch"), "What would change? Drag a grey patch over the picture")
    drag(film, page.locator("svg.cnnvis-touch").first, [(0.2, 0.3), (0.45, 0.45), (0.55, 0.6)])
    film.click(tool("Values"), "Back to the values")
    looks = page.get_by_role("radiogroup", name="How to show it").get_by_role("radio")
    film.click(looks.filter(has_text="Split"), "Picture and map, with a divider to drag")
    film.take(READ // 2)
    for _ in range(8):
        page.locator(".cnnvis-view-divider").press("ArrowLeft")
        film.take(200)
    film.click(looks.filter(has_text="Overlay"), "Point at the picture to read raw values")
    canvas = page.locator(".cnnvis-view canvas").first
    for x, y in ((0.3, 0.35), (0.5, 0.8), (0.85, 0.2)):
        film.go(canvas, x, y)
        film.take(READ // 2)
    words = "Another picture, or your own"
    film.click(opened("Picture", words).get_by_role("radio", name="espresso"), words)
    film.settle("tiger cat")
    film.click(group("Class").get_by_role("option", name="espresso"), "Its own class")
    film.settle("espresso")
    opened("Layer", "Any neuron of any layer, the most active first")
    page.get_by_placeholder("filter by name").fill("block4b_add")
    film.click(page.get_by_role("treeitem", name="block4b_add").last, "Any neuron of any layer")
    film.settle("of block4b_add")
    units = group("Neuron").get_by_role("radio", name="unit")
    film.click(units.nth(2), "Any neuron of any layer, the most active first")
    film.settle("of block4b_add")
    words = "Another network; your own Keras model works as well"
    film.click(opened("Network", words).get_by_role("option", name="Mini VGG"), words)
    film.settle("Mini VGG", 2 * READ)


def drag(film: Film, target: Locator, places: list[tuple[float, float]]) -> None:
    """Drag over an element, from place to place; see `Film.go`. Each time wait for the answer."""
    mouse = film.page.mouse
    film.go(target, *places[0])
    mouse.down()
    for place in places[1:]:
        film.go(target, *place)
        expect(film.page.locator(".cnnvis-touch-status")).not_to_contain_text(
            "Asking", timeout=ANSWER
        )
        film.page.wait_for_timeout(500)
        film.take(READ // 2)
    mouse.up()


def main() -> int:
    """Film the visit and write the two files."""
    parser = argparse.ArgumentParser(prog="scripts/make_explorer_film.py", description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep every frame as a PNG")
    parser.add_argument("--quality", type=int, default=55, help="of WebP (default: %(default)s)")
    options = parser.parse_args()
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        page = browser.new_page(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]})
        page.goto(url, wait_until="commit")
        expect(page.locator(".cnnvis-view-title")).to_contain_text("Egyptian cat", timeout=LOADING)
        expect(page.locator(".cnnvis-header-work")).to_be_hidden(timeout=ANSWER)
        film = Film(page)
        page.wait_for_timeout(15_000)  # the other methods are compiled meanwhile
        page.screenshot(path=STILL)
        film.open()
        visit(film)
        browser.close()
    write(film, options.quality)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(film.frames):
            frame.save(options.keep / f"{number:03}.png")
    print(
        f"{FILM.name}: {len(film.frames)} frames, {sum(film.durations) / 1000:.0f} s, "
        f"{FILM.stat().st_size / 1000:.0f} kB"
    )
    return 0


def write(film: Film, quality: int) -> None:
    """Write the frames as an animated WebP that starts anew when it has ended."""
    small = [frame.resize(SIZE, Image.Resampling.LANCZOS) for frame in film.frames]
    film_file = (
        io.BytesIO()
    )  # it takes half a minute; the old film stays until the new one is whole
    small[0].save(
        film_file,
        "WebP",
        save_all=True,
        append_images=small[1:],
        duration=film.durations,
        loop=0,
        quality=quality,
        method=6,
        allow_mixed=True,
        minimize_size=True,
    )
    FILM.write_bytes(film_file.getvalue())


@contextmanager
def served() -> Iterator[str]:
    """`cnnvis app` for the explorer on a free port; yields the page's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnvis_widgets.cli", "app", "explorer", "--no-browser"]
    server = subprocess.Popen(
        [*command, f"--port={port}", "--host=127.0.0.1"], stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 180
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/voila/render/explorer.ipynb"
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    sys.exit(main())
