"""Each translated notebook is whole and has the code, links, formulas and tables of its source."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.translation.catalogues import languages, path_of, read, translated, untranslated

FILES = [
    (language, path.stem)
    for language in languages()
    for path in sorted(path_of(language, "any").parent.glob("*.po"))
]
MARKS = {
    "formulas": r"\$",
    "links": r"\]\(([^)]*)\)",
    "headings": r"^#+ ",
    "items": r"^ *(?:-|\d+\.) ",
    "tables": r"^\|",
    "separators": r"^\|[ :|-]+\|$",
    "paragraphs": r"\n\n",
    "code": r"`[^`]+`",
    "sources": r"\[[A-Z][^]]* \d{4}\]",
    "html": r"<[^>]+>",
}
WORDS_OF_A_NAME = 6


@functools.cache
def source_of(name: str) -> Any:
    return nbformat.read(notebooks_folder() / f"{name}.ipynb", 4)


def pairs(language: str, name: str, kind: str) -> Iterator[tuple[str, str]]:
    """The sources of each cell of a kind, in English and translated."""
    source = source_of(name)
    cells = translated(source, name, language).cells
    for english, translation in zip(source.cells, cells, strict=True):
        if english.cell_type == kind:
            yield english.source, translation.source


def marks(text: str) -> dict[str, list[str]]:
    """What a translation must not change; the order of the words of a sentence it may."""
    return {
        name: sorted(re.findall(pattern, text, re.MULTILINE)) for name, pattern in MARKS.items()
    }


def shape(code: str, texts: set[str]) -> list[str]:
    """A cell's code without the texts in it; a formatted string is its fields in any order."""

    class WithoutTexts(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.Constant("text") if node.value in texts else node

        def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.List:
            fields = [value for value in node.values if isinstance(value, ast.FormattedValue)]
            return ast.List(sorted(fields, key=ast.dump), ast.Load())

    return [ast.dump(statement) for statement in WithoutTexts().visit(ast.parse(code)).body]


@pytest.mark.parametrize(("language", "name"), FILES)
def test_nothing_is_missing(language: str, name: str) -> None:
    assert untranslated(source_of(name), name, language) == []


@pytest.mark.parametrize(("language", "name"), FILES)
def test_sentences_are_not_left_as_they_were(language: str, name: str) -> None:
    catalogue = read(path_of(language, name))
    same = [m.id for m in catalogue if m.id and m.id == m.string]
    assert [text for text in same if len(text.split()) > WORDS_OF_A_NAME] == []


@pytest.mark.parametrize(("language", "name"), FILES)
def test_a_code_cell_differs_in_its_texts_alone(language: str, name: str) -> None:
    catalogue = read(path_of(language, name))
    texts = {str(message.id) for message in catalogue if message.id}
    translated_texts = {str(message.string) for message in catalogue if message.id}
    for english, translation in pairs(language, name, "code"):
        assert shape(translation, translated_texts) == shape(english, texts)


@pytest.mark.parametrize(("language", "name"), FILES)
def test_markdown_keeps_its_links_formulas_and_tables(language: str, name: str) -> None:
    for english, translation in pairs(language, name, "markdown"):
        assert marks(translation) == marks(english), translation[:80]


def words_in_fields(code: str) -> list[str]:
    """Texts that a formatted string has inside a field, where no translation reaches them."""
    inside = []
    for field in ast.walk(ast.parse(code)):
        if isinstance(field, ast.FormattedValue):
            nodes = list(ast.walk(field.value))
            keys = [n.slice for n in nodes if isinstance(n, ast.Subscript)]
            values = [n.value for n in nodes if isinstance(n, ast.Constant) and n not in keys]
            texts = [value for value in values if isinstance(value, str)]
            inside += [text for text in texts if re.search(r"[^\W\d_]{2,}", text)]
    return inside


@pytest.mark.parametrize(("language", "name"), FILES)
def test_no_word_is_inside_a_field(language: str, name: str) -> None:
    for _, translation in pairs(language, name, "code"):
        assert words_in_fields(translation) == []


def test_a_word_inside_a_field_is_seen() -> None:
    code = """print(f"{place or 'pixels':12} {' and '.join(off)} {made['cat']} {n:{3}}")"""
    assert words_in_fields(code) == ["pixels", " and "]


def test_the_code_cannot_change_unseen() -> None:
    english = shape('grid(f"{share:.0%} of it", "A map", "grad_cam")', {"A map"})
    translation = 'grid(f"el {share:.0%}", "Un mapa", "grad_cam")'
    assert shape(translation, {"Un mapa"}) == english
    for code in ("grad_cam", "{share:.0%}", "grid"):
        assert shape(translation.replace(code, "changed"), {"Un mapa"}) != english


def test_there_are_translations() -> None:
    assert ("es", "03_08_grad_cam") in FILES
