"""Prints a page of HTML as PDF with an installed browser.

Why a browser: the lessons have formulas. The PDF libraries (fpdf2, ReportLab) cannot typeset
formulas, Matplotlib's mathtext has neither braces nor matrices (a fifth of the lessons' formulas),
and WeasyPrint needs Pango from the system and has no MathML. Chromium, Chrome and Edge print from
the command line, offline and without a driver; Firefox does not, but can print the page by hand.
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


def browser(requested: str | None = None) -> str:
    """The path of a browser that prints from the command line.

    Args:
        requested: a path or a name; by default the first of Chromium, Chrome and Edge.

    Raises:
        FileError: there is none.
    """
    browser = (
        shutil.which(requested) if requested else next(filter(None, map(shutil.which, NAMES)), None)
    )
    if not browser and not requested:
        browser = next((path for path in PLACES if Path(path).is_file()), None)
    if browser:
        return browser
    raise FileError(
        (
            f"There is no browser {requested!r}."
            if requested
            else "No Chromium, Chrome or Edge was found."
        )
        + " Install one of them, or give its path with --browser; or write the page itself (an "
        "output file that ends in .html) and print it from any browser."
    )


def print_pdf(page: str, out: Path, program: str) -> None:
    """Write a page of HTML as a PDF.

    Args:
        page: self-contained HTML.
        out: the file to write.
        program: the browser, as `browser` finds it.

    Raises:
        FileError: the browser failed, or the file could not be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, pdf = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, "utf-8")
        command = [
            *(program, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"),
            *(f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}"),
            *(
                ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
            ),  # Chromium refuses the sandbox as root
            source.as_uri(),
        ]
        try:
            process = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FileError(f"{program} did not print: {error}") from error
        if not pdf.is_file():
            message = process.stderr.strip().splitlines()[-1:] or [
                f"exit code {process.returncode}"
            ]
            raise FileError(f"{program} wrote no PDF: {message[0]}")
        try:
            shutil.copyfile(pdf, out)
        except OSError as error:
            raise FileError(f"{out} could not be written: {error.strerror or error}") from error
