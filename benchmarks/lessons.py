"""How long a lesson keeps its reader waiting: `make bench-lessons`.

It starts `cnnvis app`, opens every lesson in Chromium, one after the other, and prints the seconds
from opening the address until its text is there, until its network has been loaded, until its first
widget is there and until all its cells have run, and then how long that widget takes to answer.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable

from machine import machine
from page import ARGUMENTS, served
from playwright.sync_api import Browser, Locator, sync_playwright

SECONDS = 240
WAITING = ".voila-skeleton-container"
"""Stands under each cell that has yet to run."""

WIDGETS = ".cnnvis-explorer, .cnnvis-comparer-all, #rendered_cells .cnnvis"
"""The first two are made of several."""

LOADED = f"""() => {{
  const cells = [...document.querySelectorAll("#rendered_cells .jp-CodeCell")];
  const load = cells.find((cell) => cell.textContent.includes("load_network("));
  return !load?.parentElement.querySelector("{WAITING}");
}}"""

Step = Callable[[Locator], object]


def slider(name: str, key: str) -> Step:
    """Press a key on one of the widget's sliders."""
    return lambda widget: widget.get_by_role("slider", name=name).first.press(key)


def radio(name: str) -> Step:
    """Choose one of the widget's options."""
    return lambda widget: widget.get_by_role("radio", name=name).first.click()


def last_link(widget: Locator) -> None:
    """Go to the last of the widget's steps."""
    widget.get_by_role("radio").first.focus()
    widget.page.keyboard.press("End")


def says(text: str) -> Step:
    """Wait until the widget says so."""
    return lambda widget: widget.get_by_text(text).first.wait_for()


def titled(text: str) -> Step:
    """Wait until the explorer shows a picture of that title."""
    return lambda widget: widget.locator(".cnnvis-view-title", has_text=text).wait_for()


def button(name: str, key: str = "Enter") -> Step:
    """Press one of the widget's buttons."""
    return lambda widget: widget.get_by_role("button", name=name).first.press(key)


def cell_reads(table: str, place: int, text: str) -> Step:
    """Wait until a cell of one of the widget's tables holds a number."""

    def step(widget: Locator) -> None:
        cells = widget.get_by_role("table", name=table, exact=True).locator("td")
        cells.nth(place).filter(has_text=text).wait_for()

    return step


def fill(name: str, number: str) -> Step:
    """Write a number into one of the widget's fields."""
    return lambda widget: widget.get_by_role("spinbutton", name=name).fill(number)


# For each lesson, what a reader does with its first widget, and what is to be seen then.
FIRST: dict[str, tuple[Step, Step]] = {
    "01_introduction": (radio("Saliency map"), titled("Saliency map")),
    "02_1_machine_learning": (
        lambda widget: widget.get_by_role("option").last.press("Shift+ArrowUp"),
        says("return 1.891 * x + 31.84"),
    ),
    "02_2_neural_networks": (button("One step"), says("601 steps")),
    "02_3_convolutional_networks": (
        lambda widget: widget.get_by_role("combobox").first.select_option("leave as it is"),
        lambda widget: (
            widget.get_by_role("grid", name="result")
            .locator("[role=row]", has_text="00111")
            .first.wait_for()
        ),
    ),
    "02_3b_architectures": (
        lambda widget: widget.get_by_role("option", name="C3").click(),
        says("a place sees 16 × 16 pixels"),
    ),
    "02_4_training": (button("thesis, as printed"), says("· 10³⁸")),
    "02_4b_optimizers": (button("Ten steps"), says("After 10 steps")),
    "02_5_tools": (radio("about as long"), says("here, just now.")),
    "03_01_visualizing_cnns": (radio("VisualBackProp"), titled("VisualBackProp")),
    "03_02_activation_maximization": (
        slider("Picture on the way", "Home"),
        says("After 0 steps:"),
    ),
    "03_03_deconvnet": (fill("the map, row 0, column 0", "9"), cell_reads("unpooled", 0, "9")),
    "03_04_saliency_maps": (slider("", "Home"), says("mean slope from the start –")),
    "03_05_guided_backpropagation": (
        fill("into the ReLU, row 0, column 0", "-2"),
        cell_reads("backpropagation", 0, "0"),
    ),
    "03_06_deep_taylor": (last_link, says("the picture: 224 × 224 places hold")),
    "03_07_cam": (slider("how many channels", "End"), says("overlap with the whole map: 100 %")),
    "03_08_grad_cam": (
        slider("how many channels", "End"),
        says("overlap with the whole map: 100 %"),
    ),
    "03_09_guided_grad_cam": (
        slider("how much of the mask is applied", "Home"),
        lambda widget: widget.locator("input[aria-valuetext='guided backprop']").wait_for(),
    ),
    "03_10_lime": (
        button("the point to be explained", "Shift+ArrowRight"),
        lambda widget: widget.get_by_role("button", name="x₁ 0.1, x₂ −0.2").wait_for(),
    ),
    "03_11_visual_backprop": (last_link, says("Link 6 of 6, the picture")),
    "03_12_network_inversion": (last_link, says("no decoder")),
    "03_13_theoretical_comparison": (
        lambda widget: widget.get_by_role(
            "combobox", name="only rows whose resolution is"
        ).select_option("low"),
        says("4 of 15 rows"),
    ),
    "04_1_experimental_setup": (button("1: yes", "1"), says("1 of 8 judged")),
    "04_2_results": (
        lambda widget: widget.locator("[role=gridcell][tabindex='0']").press("Enter"),
        lambda widget: widget.page.locator(".cnnvis-view-title", has_text="DeconvNet").wait_for(),
    ),
    "04_2b_agreement": (
        lambda widget: widget.locator("[role=gridcell][tabindex='0']").press("Enter"),
        lambda widget: widget.page.locator(".cnnvis-view-title", has_text="Saliency").wait_for(),
    ),
    "04_3_summary": (button("1: yes", "1"), says("1 of 9 judged")),
    "04_4_other_results": (slider("Picture on the way", "Home"), says("After 0 steps:")),
    "05_conclusions": (slider("random layers", "ArrowRight"), says("1 of 8 layers random")),
    "06_since_2019": (slider("threshold", "Home"), says("recall 100.0 %")),
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/lessons.py", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="all of them by default")
    chosen = parser.parse_args().lessons or sorted(FIRST)
    for name, value in machine().items():
        print(f"- {name}: {value}")
    print("\n| lesson | text, s | network, s | first widget, s | all, s | answer, ms |")
    print("| - | -: | -: | -: | -: | -: |")
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for name in chosen:
            address = f"{url.rpartition('/')[0]}/{name}.ipynb"
            text, network, widget, everything, answer = waits(browser, address, *FIRST[name])
            print(
                f"| {name} | {text:.1f} | {network} | {widget:.1f} | {everything:.1f} "
                f"| {1000 * answer:.0f} |",
                flush=True,
            )
        browser.close()
    return 0


def waits(
    browser: Browser, address: str, act: Step, answered: Step
) -> tuple[float, str, float, float, float]:
    """Seconds from opening to text, network, first widget and the last cell; from act to answer.

    Those of the network are in words: "–" where the lesson loads none.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(SECONDS * 1000)
    start = time.monotonic()

    def since() -> float:
        return time.monotonic() - start

    page.goto(address, wait_until="commit")
    page.get_by_role("heading", level=1).first.wait_for()
    text = since()
    page.locator(WAITING).first.wait_for(state="attached")
    network = "–"
    if page.locator(".jp-CodeCell", has_text="load_network(").count():
        page.wait_for_function(LOADED)
        network = f"{since():.1f}"
    first = page.locator(WIDGETS).filter(visible=True).first
    first.wait_for()
    widget = since()
    page.wait_for_function(f"!document.querySelector('{WAITING}')")
    everything = since()
    page.wait_for_timeout(3000)  # what goes on in the background of other widgets
    first.scroll_into_view_if_needed()
    start = time.monotonic()
    act(first)
    answered(first)
    answer = since()
    page.close()
    return text, network, widget, everything, answer


if __name__ == "__main__":
    sys.exit(main())
