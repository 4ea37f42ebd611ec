"""The glossary: terms, their first use in each lesson, and links to them."""

from __future__ import annotations

import functools
import html
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from cnnvis_widgets.course.catalogue import Lesson
from cnnvis_widgets.translation.catalogues import SOURCE
from cnnvis_widgets.translation.interface import texts as translations

FILE = "glossary.ipynb"
FORMS = "; "
"""Separates the forms of a word in one message: languages have different numbers of them."""

# Not running text: code, formulas, links, citations, tags, the thesis, headings, "in class".
_NO_TEXT = r"""
    ```.*?``` | `[^`\n]*` | \$\$.*?\$\$ | \$[^$]+\$
  | !?\[[^\]]*\]\([^)]*\) | \[[^\]]*\] | <!--.*?--> | <summary>.*?</summary> | <[^>]+>
  | ^\#+[ ][^\n]*$ | ^\|[ ]\*\*(?:Time|Tiempo)\*\*[^\n]*$ | \b(?:in|to)\s+class\b
  | \ben\s+clase\b | \*Visualizando\s[^*]*\*
"""


class Term(NamedTuple):
    """A term of the glossary.

    Attributes:
        name: the term.
        also: other forms and synonyms.
        means: its definition, two sentences.
    """

    name: str
    also: tuple[str, ...]
    means: str

    @property
    def anchor(self) -> str:
        """The part of its address after the #."""
        return re.sub(r"\W+", "-", self.name.lower())


@functools.cache
def terms() -> tuple[Term, ...]:
    """All terms, in alphabetical order."""
    entries = tomllib.loads(Path(__file__).with_name("terms.toml").read_text("utf-8"))
    listed = [Term(name, tuple(e.get("also", ())), e["means"]) for name, e in entries.items()]
    return tuple(sorted(listed, key=lambda term: term.name.lower()))


@functools.cache
def _translated_terms(language: str) -> tuple[tuple[Term, Term], ...]:
    """The terms in a language, each with the English one, which gives its address."""
    messages = translations(language, "glossary")

    def translated(text: str) -> str:
        return messages.get(" ".join(text.split()), text)

    def forms(term: Term) -> tuple[str, ...]:
        return tuple(form for form in translated(FORMS.join(term.also)).split(FORMS) if form)

    return tuple((Term(translated(t.name), forms(t), translated(t.means)), t) for t in terms())


@functools.cache
def _pattern(language: str) -> tuple[re.Pattern[str], dict[str, tuple[Term, Term]]]:
    """A pattern for non-text or a form of a term, the longest first; and each form's terms."""
    pairs = _translated_terms(language)
    forms = {form.lower(): pair for pair in pairs for form in (pair[0].name, *pair[0].also)}
    longest = sorted(forms, key=len, reverse=True)
    words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest)
    pattern = rf"(?:{_NO_TEXT}) | (?<![\w-])(?P<word>{words})(?![\w-])"
    return re.compile(pattern, re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE), forms


def link(
    texts: Iterable[str], folder: str = "", language: str = SOURCE
) -> tuple[list[str], list[Term]]:
    """Link the first use of each term.

    Args:
        texts: Markdown, cell after cell. From a heading "Sources" on, nothing is linked.
        folder: the relative path to the glossary: "../" for a notebook in a subfolder.
        language: of the texts.

    Returns:
        The texts with links, and the English terms in order of first use.
    """
    pattern, forms = _pattern(language)
    found: dict[str, Term] = {}

    def replace(match: re.Match[str]) -> str:
        word = match["word"]
        pair = forms[re.sub(r"\s+", " ", word.lower())] if word else None
        if pair is None or pair[1].name in found:
            return match[0]
        spoken, term = pair
        found[term.name] = term
        meaning = html.escape(spoken.means)
        address = f"{folder}{FILE}#{term.anchor}"
        return f'<a class="cnnvis-term" href="{address}" data-means="{meaning}">{word}</a>'

    linked = []
    in_sources = False
    for text in texts:
        in_sources = in_sources or text.startswith(("## Sources", "## Fuentes"))
        linked.append(text if in_sources else pattern.sub(replace, text))
    return linked, list(found.values())


def where_met(course: Sequence[Lesson]) -> dict[str, list[Lesson]]:
    """The lessons that use each term, in order; without apps."""
    lessons_of: dict[str, list[Lesson]] = {term.name: [] for term in terms()}
    for lesson in course:
        if lesson.chapter:
            for term in _terms_in(lesson.text):
                lessons_of[term.name].append(lesson)
    return lessons_of


@functools.lru_cache(maxsize=128)
def _terms_in(texts: tuple[str, ...]) -> tuple[Term, ...]:
    return tuple(link(texts)[1])
