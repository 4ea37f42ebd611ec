"""Every notebook runs from top to bottom, offline, and keeps the manner.

A new notebook is found by itself. Solutions and apps are run here; a lesson is run by the visit to
its page (`tests/browser/lessons`), which asks the same of its outputs. It has to keep, besides
running without an error or a warning:

- code cells of at most 15 lines (median 6), a sentence before each, that also holds with the code
  hidden; no outputs, under 60 KB; no installing, no shell, no path of one machine;
- one title first, headings in order, links between notebooks that lead somewhere;
- alternative text for every picture, those that it draws included;
- [Author year] for what it takes from others, listed under *Sources*;
- a slide mark (metadata: slideshow.slide_type) on each markdown cell;
- a lesson (`03_08_name.ipynb`): Time, You should know and You will learn to in its first cell; at
  its end Predict before you look, What can go wrong, Summary, Exercises (with *Check:* numbers) and
  Sources; `solutions/` under the same name.

`notebook_style.py` has one function for each of these.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from notebook_style import CHECKS, Book

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(p for p in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
NAMES = [str(p.relative_to(FOLDER)) for p in NOTEBOOKS]
CELL_SECONDS = 240  # TensorFlow alone may need a minute while other tests use the machine

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
NO_LESSONS = [path for path in NOTEBOOKS if not Book.read(path).is_lesson]


def test_there_are_notebooks():
    assert {"explorer.ipynb", "03_08_grad_cam.ipynb"} <= set(NAMES)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@each_notebook
def test_manner(path: Path, check: Callable[[Book], Iterator[str]]):
    assert list(check(Book.read(path))) == []


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelManager]:
    """One kernel for all, so that TensorFlow is loaded once; emptied for each notebook.

    It is this interpreter under the name python3, and has no way to the internet.
    """
    home = tmp_path_factory.mktemp("jupyter")
    spec = home / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "", "language": "python"}))
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    proxies = dict.fromkeys(names, "http://127.0.0.1:9")  # nobody answers there
    specs = KernelSpecManager(kernel_dirs=[str(home / "kernels")])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(env={**os.environ, **proxies, "IPYTHONDIR": str(home / "ipython")})
    yield manager
    manager.shutdown_kernel(now=True)


def emptied(kernel: KernelManager, folder: Path) -> None:
    """Forget what the last notebook left, and change to the next one's folder."""
    code = (
        "import os, warnings\nfrom ipywidgets import Widget\nWidget.close_all()\n"
        f"os.chdir({str(folder)!r})\nwarnings.resetwarnings()\nget_ipython().reset()"
    )
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=CELL_SECONDS)
    reply = client.execute_interactive(code, timeout=CELL_SECONDS, output_hook=lambda _: None)
    client.stop_channels()
    assert reply["content"]["status"] == "ok", reply["content"]


@pytest.mark.parametrize("path", NO_LESSONS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_runs_offline_and_every_picture_has_words(path: Path, kernel: KernelManager):
    notebook = nbformat.read(path, as_version=4)
    emptied(kernel, path.parent)
    client = NotebookClient(notebook, km=kernel, timeout=CELL_SECONDS)
    client.execute()  # raises with the traceback of the cell that failed
    ran = [c for c in notebook.cells if c.cell_type == "code" and c.source]
    assert all(cell.execution_count for cell in ran)
    for i, cell in enumerate(ran):
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"code cell {i} warns: {output.text}"
            if "image/png" in output.get("data", {}):
                words = output.metadata.get("image/png", {}).get("alt", "")
                assert len(words) > 20, f"the picture of code cell {i} has no alternative text"


# The checks themselves: each finds what it is there for


def book(tmp_path: Path, *cells: str, name: str = "some.ipynb", **metadata: object) -> Book:
    """A notebook of cells "m slide: text" (markdown) or "c: code"."""
    made = []
    for cell in cells:
        kind, _, source = cell.partition(": ")
        if kind == "c":
            made.append(nbformat.v4.new_code_cell(source))
        else:
            slide = {"slideshow": {"slide_type": kind.partition(" ")[2] or "slide"}}
            made.append(nbformat.v4.new_markdown_cell(source, metadata=slide))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=made, metadata={**kernel, **metadata})
    path = tmp_path / name
    nbformat.write(notebook, path)
    return Book(path, notebook)


GOOD = ("m: # Title", "m: This is what comes of it.", "c: x = 1", "m: ## Part", "m -: ### Piece")


def complaints(made: Book) -> set[str]:
    """The names of the checks that complain."""
    return {check.__name__ for check in CHECKS if list(check(made))}


def test_a_good_notebook_passes(tmp_path: Path):
    assert complaints(book(tmp_path, *GOOD)) == set()


@pytest.mark.parametrize(
    ("cells", "check"),
    [
        (
            (*GOOD, "m: What follows is long, but not too long.", "c: " + "x = 1\n" * 16),
            "code_cells_are_short",
        ),
        ((*GOOD, "c: y = 2"), "code_is_introduced"),
        ((*GOOD, "c: y = 2", "c: z = 3"), "code_is_introduced"),
        ((*GOOD, "m: Run the cell below to see it."), "text_stands_without_the_code"),
        ((*GOOD, "m: Here it is at last:", "c: open('/home/me/x')"), "code_runs_anywhere"),
        ((*GOOD, "m: Here it is at last:", "c: !ls"), "code_runs_anywhere"),
        ((*GOOD, "m: Here it is at last:", "c: get('https://a.example')"), "code_runs_anywhere"),
        ((*GOOD, "m: # Another title"), "headings_are_in_order"),
        ((*GOOD, "m: ## Next\n\n#### Deep"), "headings_are_in_order"),
        ((*GOOD, "m: ## Part"), "headings_are_in_order"),
        (GOOD[1:], "headings_are_in_order"),
        ((*GOOD, "m: See [there](there.ipynb)."), "links_lead_somewhere"),
        ((*GOOD, "m: ![](some.png)"), "pictures_have_words"),
        ((*GOOD, 'm: <img src="x.png">'), "pictures_have_words"),
        ((*GOOD, "m: As shown [Who et al. 2017, §2]."), "sources_are_given"),
        ((*GOOD, "m: ## Sources\n\n- [Who 2017] Who."), "sources_are_given"),
        ((*GOOD, "m nonsense: Words."), "slides_are_marked"),
    ],
)
def test_what_is_not_kept_is_found(tmp_path: Path, cells: tuple[str, ...], check: str):
    (tmp_path / "some.png").touch()
    assert check in complaints(book(tmp_path, *cells))


def test_what_a_run_leaves_is_found(tmp_path: Path):
    made = book(tmp_path, *GOOD)
    made.notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="1")]
    assert complaints(made) == {"nothing_is_left_of_a_run"}
    assert complaints(book(tmp_path, *GOOD, widgets={})) == {"nothing_is_left_of_a_run"}
    assert complaints(book(tmp_path, *GOOD, "m: " + "word " * 13_000)) == {
        "nothing_is_left_of_a_run"
    }


def test_another_kernel_is_found(tmp_path: Path):
    kernel = {"name": "mine", "display_name": "Mine"}
    assert complaints(book(tmp_path, *GOOD, kernelspec=kernel)) == {"format_is_current"}


def test_many_long_cells_are_found(tmp_path: Path):
    cells = [c for i in range(4) for c in ("m: This is what comes of it.", "c: " + "x = 1\n" * 8)]
    assert complaints(book(tmp_path, *GOOD, *cells)) == {"code_cells_are_short"}


def test_a_cited_source_and_a_lesson_that_is_whole_pass(tmp_path: Path):
    first = "m: # Title\n\nTime: 1. You should know: 2. You will learn to: 3 [Who et al. 2017, §2]."
    parts = [
        f"m: ## {name}" for name in ("Predict before you look", "What can go wrong", "Summary")
    ]
    exercises = "m: ## Exercises\n\n1. A *Check: 1.*\n2. B *Check: 2.*\n3. C *Check: 3.*"
    sources = "m: ## Sources\n\n- [Who et al. 2017] Who."
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "03_08_some.ipynb").touch()
    cells = (first, *parts, exercises, sources)
    assert complaints(book(tmp_path, *cells, name="03_08_some.ipynb")) == set()
    for left_out in range(6):
        fewer = [cell for i, cell in enumerate(cells) if i != left_out]
        assert "lessons_are_whole" in complaints(book(tmp_path, *fewer, name="03_08_some.ipynb"))
    assert "lessons_are_whole" in complaints(book(tmp_path, *cells, name="03_09_other.ipynb"))
