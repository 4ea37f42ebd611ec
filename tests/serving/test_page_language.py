"""In which language a page is sent, and what of it changes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import own_loop
import pytest

from cnnvis_widgets import wording
from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.course.pages import prepare
from cnnvis_widgets.rendering.figures import Panel, grid
from cnnvis_widgets.serving import page_language
from cnnvis_widgets.serving.page_language import MARK, in_language, in_page, language_of, words
from cnnvis_widgets.translation import phrases

FOLDER = str(notebooks_folder())
HEAD = f'<!DOCTYPE html><html lang="en"><head>{MARK}</head>'


async def parts(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


def sent(language: str, *texts: str, notebook: Path | None = None) -> list[str]:
    async def collected() -> list[str]:
        return [part async for part in in_page(parts(*texts), language, notebook)]

    return own_loop.run(collected())


def catalogue(page: str) -> dict:
    text = re.search(r'id="cnnvis-messages">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    parsed: dict = json.loads(text[1])
    return parsed


@pytest.mark.parametrize(
    ("path", "wanted", "language"),
    [
        ("glossary.ipynb", "es", "es"),
        ("glossary.ipynb", "en", "en"),
        ("glossary.ipynb", "", "en"),
        ("glossary.ipynb", "../es", "en"),
        ("glossary.ipynb", "es\x00", "en"),
        ("02_1_machine_learning.ipynb", "es", "en"),
        ("solutions/glossary.ipynb", "es", "en"),
        ("../notebooks/glossary.ipynb", "es", "en"),
        ("/etc/glossary.ipynb", "es", "en"),
        (None, "es", "en"),
    ],
)
def test_which_language_a_page_is_sent_in(path: str | None, wanted: str, language: str) -> None:
    assert language_of(FOLDER, path, wanted) == language


def test_a_notebook_of_the_same_name_and_other_texts_stays_english(tmp_path: Path) -> None:
    path = tmp_path / "glossary.ipynb"
    shutil.copyfile(Path(FOLDER) / "glossary.ipynb", path)
    assert language_of(str(tmp_path), path.name, "es") == "es"
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source += " And one more sentence."
    nbformat.write(notebook, path)
    assert language_of(str(tmp_path), path.name, "es") == "en"
    path.write_text("{}", "utf-8")
    assert language_of(str(tmp_path), path.name, "es") == "en"


def test_an_english_page_is_sent_as_it_is() -> None:
    texts = [HEAD, "<body>", "</body>"]
    assert sent("en", *texts) == texts


def test_a_spanish_page_has_its_language_and_its_messages_before_its_body() -> None:
    cut = HEAD.index("<head>")
    head, *rest = sent("es", HEAD[:cut], HEAD[cut:], "<body>", "</body>")
    assert rest == ["<body>", "</body>"]
    assert head.startswith('<!DOCTYPE html><html lang="es"><head><script')
    assert MARK not in head
    assert "export" not in head.split("<script>")[1]
    messages = catalogue(head)
    assert messages["language"] == "es"
    assert messages["exact"]["All lessons"] == "Todas las lecciones"
    assert messages["exact"]["Egyptian cat"] == "Egyptian cat"  # as the network prints it
    assert "cells" not in messages


def test_nothing_in_a_message_ends_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = {"exact": {"a": "</script><script>alert(1)"}, "patterns": []}
    monkeypatch.setattr(page_language.interface, "compiled", lambda _: evil)
    page_language._catalogue.cache_clear()
    try:
        page = page_language.script("es")
    finally:
        page_language._catalogue.cache_clear()
    assert page.count("</script>") == 2
    assert catalogue(page)["exact"]["a"] == "</script><script>alert(1)"


def test_the_cells_of_a_page_that_stood_ready_come_along() -> None:
    (head,) = sent("es", HEAD, notebook=Path(FOLDER) / "explorer.ipynb")
    ((english, spanish),) = catalogue(head)["cells"].items()
    assert english.startswith("ExplorerWhatdoesaneuronofaconvolutionalnetworkrespondto?")
    assert spanish.startswith("<h1>Explorador</h1>")
    assert words("<h1>A&amp;b<a>¶</a></h1>\n<p>c  d</p>") == "A&bcd"


def test_a_translated_notebook_keeps_its_place_in_the_course() -> None:
    notebook = nbformat.read(Path(FOLDER) / "glossary.ipynb", 4)
    assert in_language(notebook, "glossary", "en") is notebook
    spanish = in_language(notebook, "glossary", "es")
    assert spanish.cells[0].source.startswith("# Glosario")
    _, resources = prepare(spanish, {"metadata": {"name": "glossary"}})
    page = resources["cnnvis"]
    assert (page["title"], page["command"]) == ("Glossary", "cnnvis lab glossary")
    assert [language["name"] for language in page["languages"]] == ["English", "Español"]
    _, resources = prepare(
        nbformat.read(Path(FOLDER) / "02_5_tools.ipynb", 4), {"metadata": {"name": "02_5_tools"}}
    )
    assert resources["cnnvis"]["languages"] == []


def test_the_labels_of_a_figure_follow_the_page() -> None:
    panel = Panel(heatmap=[[0.0, 1.0]], label="Saliency map", unit="weighted activation")

    def labels() -> set[str]:
        figure = grid([[panel]], title="My own")
        axes = figure.axes
        return {axes[0].get_title(), axes[1].get_ylabel(), str(figure.get_suptitle())}

    assert phrases.of_query("lang=en") is None
    assert phrases.of_query("lang=..%2Fes&x=1") is None
    assert labels() == {"Saliency map", "weighted activation", "My own"}
    wording.set_translation(phrases.of_query("theme=light&lang=es"))
    try:
        assert labels() == {"Mapa de saliencia", "activación ponderada", "My own"}
    finally:
        wording.set_translation(None)
    assert wording.translated("Saliency map") == "Saliency map"
