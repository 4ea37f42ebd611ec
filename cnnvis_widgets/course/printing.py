"""A page of HTML as PDF, by a browser that is already there.

Why a browser: the lessons' formulas need one. Of the libraries that write PDF by themselves
(fpdf2, ReportLab) none sets formulas, Matplotlib's own setter knows neither braces nor matrices (a
fifth of the lessons' formulas), and WeasyPrint needs Pango from the system and has no MathML.
Chromium, Chrome and Edge print from the command line, without the internet and without a driver;
Firefox does not, but prints the same page by hand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cnnvis_widgets.errors import FileError

SECONDS = 300
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def browser(given: str | None = None) -> str:
    """The path of a browser that prints from the command line.

    Args:
        given: a path or a name; by default the first of Chromium, Chrome and Edge.

    Raises:
        FileError: it is not there.
    """
    browser = shutil.which(given) if given else next(filter(None, map(shutil.which, NAMES)), None)
    if not browser and not given:
        browser = next((place for place in PLACES if Path(place).is_file()), None)
    if browser:
        return browser
    raise FileError(
        (f"There is no browser {given!r}." if given else "No Chromium, Chrome or Edge was found.")
        + " Install one of them, or give its path with --browser; or write the page itself (an "
        "output file that ends in .html) and print it from any browser."
    )


def print_pdf(page: str, out: Path, program: str) -> None:
    """Write a page of HTML as a PDF.

    Args:
        page: all of it; nothing is fetched.
        out: the file to write.
        program: the browser, as `browser` finds it.

    Raises:
        FileError: the browser failed, or the file could not be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, "utf-8")
        command = [
            *(program, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"),
            *(f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"),
            *(
                ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
            ),  # root has none
            source.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FileError(f"{program} did not print: {error}") from error
        if not made.is_file():
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise FileError(f"{program} wrote no PDF: {said[0]}")
        try:
            shutil.copyfile(made, out)
        except OSError as error:
            raise FileError(f"{out} could not be written: {error.strerror or error}") from error
