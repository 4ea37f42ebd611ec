"""The site around the lessons, served by `cnnvis app` and by a Jupyter server as on Binder."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_servers import JupyterServer, app_server
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
LESSON = nbformat.read(ROOT / "notebooks/03_08_grad_cam.ipynb", as_version=4)
CELLS = sum(cell.cell_type == "code" for cell in LESSON.cells)
RUNNING = re.compile(rf"Running: [1-9]\d* of {CELLS}")  # the first cells may be done at once


@pytest.fixture
def app(course: JupyterServer) -> str:
    """The address of the pages as `cnnvis app` serves them."""
    return f"{course.url}/voila/render"


def test_from_the_home_page_through_a_lesson_and_back(app: str, page: Page, screenshot) -> None:
    page.goto(f"{app}/00_index.ipynb", wait_until="commit")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "What does a network see?¶", timeout=60_000
    )
    cards = page.locator(".cnnvis-course-card")
    expect(cards.filter(has_text="3.8 Grad-CAM")).to_contain_text("30 minutes")
    expect(page.get_by_text("Go on with")).to_have_count(0)
    screenshot(page, "course-index")
    cards.filter(has_text="2.1 Machine learning").click()

    page.wait_for_url("**/02_1_machine_learning.ipynb")
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Machine learning", timeout=120_000
    )
    assert page.title() == "2.1 Machine learning"
    code = page.get_by_text("import numpy as np")
    expect(code).to_be_hidden()
    page.get_by_role("button", name="Show the code").press("Enter")
    expect(code).to_be_visible()
    expect(page.get_by_role("button", name="Show the code")).to_have_attribute(
        "aria-pressed", "true"
    )

    word = page.locator("a.cnnvis-term", has_text="gradient descent").first
    word.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("small steps against its gradient")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    here = page.url
    word.click()  # the lesson stays; what the word means can be pointed at
    page.get_by_role("tooltip").hover()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the glossary").click()
    opened.value.close()
    assert page.url == here
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()

    page.get_by_text("Open in JupyterLab").click()
    expect(page.get_by_text("cnnvis lab 02_1_machine_learning")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("cnnvis lab 02_1_machine_learning")).to_be_hidden()

    page.get_by_role("button", name="Mark as done").last.click()
    expect(page.get_by_role("button", name="Done")).to_have_count(2)
    page.get_by_role("navigation", name="What comes next").get_by_role("link", name="All").click()
    expect(page.get_by_text("1 of ")).to_contain_text("lessons done", timeout=60_000)
    expect(cards.filter(has_text="2.1 Machine learning")).to_contain_text("✓ done")
    expect(page.get_by_text("Go on with")).to_be_visible()


def test_what_was_done_before_a_lesson_was_cut_stays_done(app: str, page: Page) -> None:
    page.goto(f"{app}/00_index.ipynb", wait_until="commit")
    cards = page.locator(".cnnvis-course-card")
    expect(cards.first).to_be_visible(timeout=60_000)
    kept = {"done": ["02_3_convolutional_networks"], "last": "02_4_training"}
    page.evaluate("(kept) => localStorage.setItem('cnnvis-course', JSON.stringify(kept))", kept)
    page.reload(wait_until="commit")
    expect(page.get_by_text("1 of ")).to_contain_text("Go on with 2.4 Training", timeout=60_000)
    expect(cards.filter(has_text="2.3 Convolutional networks")).to_contain_text("✓ done")
    part = cards.filter(has_text="2.3b Architectures")
    expect(part).not_to_contain_text("✓ done")
    assert part.evaluate("(a) => a.href") == f"{app}/02_3b_architectures.ipynb"


def test_a_word_leads_to_its_place_in_the_glossary(app: str, page: Page, screenshot) -> None:
    page.goto(f"{app}/glossary.ipynb#softmax", wait_until="commit")
    asked = page.locator(".cnnvis-glossary-asked")
    expect(asked).to_contain_text("probabilities that add up to 1", timeout=60_000)
    expect(asked).to_be_in_viewport()
    expect(asked).to_be_focused()
    expect(asked.get_by_role("link", name="3.8 Grad-CAM")).to_have_attribute(
        "href", "03_08_grad_cam.ipynb"
    )
    screenshot(page, "glossary")
    page.get_by_role("searchbox", name="Find a word").fill("max")
    expect(page.locator(".cnnvis-glossary li:visible")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("2 of")


def test_a_lesson_can_be_read_and_used_while_its_cells_run(
    app: str, page: Page, course: JupyterServer, screenshot
) -> None:
    start, others = time.monotonic(), len(course.kernels())
    closed: list[str] = []
    page.on("websocket", lambda line: line.on("close", lambda line: closed.append(line.url)))
    page.goto(f"{app}/03_08_grad_cam.ipynb", wait_until="commit")
    running = page.get_by_role("status").filter(has_text="Running:")
    expect(running).to_contain_text(f" of {CELLS}", timeout=60_000)
    expect(page.get_by_role("heading", name="What can go wrong")).to_be_attached()
    assert int(running.inner_text().split()[1]) < 5
    screenshot(page, "lesson-while-it-runs")
    waiting = page.locator(".jp-CodeCell + .voila-skeleton-container")
    sums = page.locator(".cnnvis").first
    sums.get_by_role("slider", name="how many channels").press("End", timeout=120_000)
    expect(sums.get_by_text("overlap with the whole map: 100 %")).to_be_visible()
    expect(waiting).not_to_have_count(0)  # the rest of the lesson is still to come
    expect(waiting).to_have_count(0, timeout=120_000)
    expect(page.locator(".cnnvis-running")).to_be_hidden()
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img[alt*='Heatmap of']").filter(visible=True).count() >= 9
    # Jupyter's pings, every 30 s, do not end the kernel's line.
    page.wait_for_timeout(max(0, 35 - (time.monotonic() - start)) * 1000)
    assert ["/voila/execution/" in url for url in closed] == [True]
    page.goto("about:blank")
    _await_kernels(course, others)


def test_outputs_beside_a_widget_are_kept(page: Page, tmp_path) -> None:
    lesson = nbformat.read(ROOT / "notebooks/02_5_tools.ipynb", as_version=4)
    cell = """
from IPython.display import display
from cnnvis_widgets.widgets import Quiz
print("before it")
display(Quiz("Which?", ["one", "two"], 0))
print("behind it")
display(Quiz("And then?", ["one", "two"], 1))
"""
    lesson.cells = [lesson.cells[0], nbformat.v4.new_code_cell(cell)]
    nbformat.write(lesson, tmp_path / "02_5_tools.ipynb")
    own = app_server(tmp_path / "home", str(tmp_path / "02_5_tools.ipynb"))
    try:
        page.goto(f"{own.url}/voila/render/02_5_tools.ipynb", wait_until="commit")
        expect(page.get_by_text("behind it", exact=True)).to_be_visible(timeout=60_000)
        expect(page.locator(".cnnvis-quiz")).to_have_count(2)
        order = page.locator(".cnnvis-quiz, .jp-OutputArea-output pre").all_inner_texts()
        words = [next(w for w in ("Which", "then", "before", "behind") if w in t) for t in order]
        assert words == ["before", "Which", "behind", "then"]
    finally:
        page.goto("about:blank")
        own.stop()


def test_a_line_that_breaks_is_told_of_and_a_page_left_early_ends_its_kernel(
    app: str, page: Page, course: JupyterServer
) -> None:
    others = len(course.kernels())
    page.add_init_script("""const Line = window.WebSocket; window.lines = [];
      window.WebSocket = class extends Line {
        constructor(...all) { super(...all); lines.push(this); } };""")
    page.goto(f"{app}/03_08_grad_cam.ipynb", wait_until="commit")
    expect(page.locator(".cnnvis-running")).to_contain_text(RUNNING, timeout=60_000)
    page.evaluate("lines.find((line) => line.url.includes('/voila/execution/')).close()")
    stopped = page.get_by_role("status").filter(has_text="the line to the server broke")
    expect(stopped).to_contain_text(f"of {CELLS}")
    stopped.get_by_role("button", name="Load the page again").click()
    expect(page.locator(".cnnvis-running")).to_contain_text(RUNNING, timeout=60_000)
    page.goto("about:blank")
    _await_kernels(course, others)
    assert "Error at server" not in course.tail(400)
    assert "Uncaught exception" not in course.tail(400)


def _await_kernels(course: JupyterServer, count: int) -> None:
    """Wait until no more kernels run than `count`."""
    end = time.monotonic() + 20
    while len(course.kernels()) > count:
        assert time.monotonic() < end, f"{len(course.kernels())} kernels, {count} expected."
        time.sleep(0.1)


def test_widgets_are_found_however_busy_the_page_is(app: str, page: Page) -> None:
    # Where the widget manager looks for a widget every 100 ms for 2 s (ipywidgets from 8.1.9 on),
    # it looks once, sleeps while all widgets arrive, and gives up: as on a busy machine, surely.
    page.add_init_script("""const soon = window.setTimeout;
      window.setTimeout = (f, ms, ...rest) => soon(f, ms === 100 ? 4000 : ms, ...rest);""")
    page.goto(f"{app}/glossary.ipynb", wait_until="commit")
    expect(page.locator(".cnnvis-glossary")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(5000)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)


def test_the_explorer_has_a_way_to_the_lessons(app: str, page: Page) -> None:
    page.goto(f"{app}/explorer.ipynb", wait_until="commit")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Explorer", timeout=60_000)
    link = page.get_by_role("link", name="All lessons")
    assert link.evaluate("(a) => a.href") == f"{app}/00_index.ipynb"
    assert page.get_by_role("button", name="Mark as done").count() == 0
    solutions = f"{app}/solutions/03_08_grad_cam.ipynb"
    response = page.request.get(solutions, timeout=200_000)
    assert 'href="../00_index.ipynb"' in response.text()
    assert "Back to <span>3.8 Grad-CAM</span>" in response.text()


@pytest.mark.parametrize("twice", [False, True])
def test_in_jupyterlab_links_lead_to_lab(lab_page, twice: bool) -> None:
    cell = "from cnnvis_widgets.widgets import CourseIndex, Glossary\nCourseIndex()"
    page = lab_page([cell, *([cell] if twice else []), "Glossary()"])
    card = page.locator(".cnnvis-course-card", has_text="3.8 Grad-CAM")
    expect(card).to_have_count(2 if twice else 1)
    lab = f"{lab_page.server.url}/lab/tree/03_08_grad_cam.ipynb"
    assert card.first.evaluate("(a) => a.href") == lab
    page.get_by_role("searchbox").fill("relu")
    expect(page.locator(".cnnvis-glossary li:visible")).to_have_count(1)


def test_on_binder_the_index_is_a_page_with_a_way_to_jupyterlab(
    tmp_path: Path, chromium: Browser
) -> None:
    """What postBuild puts in place, in front of a Jupyter server over the whole repository."""
    command = [
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--port={port}",
        "--ServerApp.ip=127.0.0.1",
    ]
    command += [f"--ServerApp.root_dir={ROOT}", "--IdentityProvider.token="]
    config = tmp_path / "server" / "config"
    config.mkdir(parents=True)
    written = (ROOT / "binder" / "jupyter_server_config.py").read_text("utf-8")
    (config / "jupyter_server_config.py").write_text(written)
    server = JupyterServer(tmp_path / "server", command, "/api/status").wait()
    try:
        page = chromium.new_page()
        page.goto(f"{server.url}/voila/render/notebooks/00_index.ipynb", wait_until="commit")
        expect(page.locator(".cnnvis-course-card").first).to_be_visible(timeout=60_000)
        expect(page.get_by_role("link", name="Open in JupyterLab")).to_have_attribute(
            "href", "/lab/tree/notebooks/00_index.ipynb"
        )
        expect(page.get_by_role("link", name="Glossary").first).to_be_visible()
        page.close()
    finally:
        server.stop()


def test_the_binder_folder_opens_the_index() -> None:
    readme = (ROOT / "binder" / "README.md").read_text("utf-8")
    assert "?urlpath=voila/render/notebooks/00_index.ipynb" in readme
    post = ROOT / "binder" / "postBuild"
    assert post.stat().st_mode & 0o111
    assert "jupyter_server_config.py" in post.read_text("utf-8")
    assert json.loads((ROOT / "notebooks" / "00_index.ipynb").read_text("utf-8"))["cells"]
