"""The glossary: what the words mean, where a lesson uses them first, and links put there."""

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
"""Between the forms of a word, which are one message: languages have different numbers of them."""

# What is no running text: code, formulas, links, citations, tags, the thesis, headings, "in class".
_NO_TEXT = r"""
    ```.*?``` | `[^`\n]*` | \$\$.*?\$\$ | \$[^$]+\$
  | !?\[[^\]]*\]\([^)]*\) | \[[^\]]*\] | <!--.*?--> | <summary>.*?</summary> | <[^>]+>
  | ^\#+[ ][^\n]*$ | ^\|[ ]\*\*(?:Time|Tiempo)\*\*[^\n]*$ | \b(?:in|to)\s+class\b
  | \ben\s+clase\b | \*Visualizando\s[^*]*\*
"""


class Term(NamedTuple):
    """A word that is explained.

    Attributes:
        name: as it is written.
        also: other forms of it, and other words for it.
        means: two sentences.
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
def _spoken(language: str) -> tuple[tuple[Term, Term], ...]:
    """The terms in a language, each beside the English one, whose address it has."""
    known = translations(language, "glossary")

    def said(text: str) -> str:
        return known.get(" ".join(text.split()), text)

    def forms(term: Term) -> tuple[str, ...]:
        return tuple(form for form in said(FORMS.join(term.also)).split(FORMS) if form)

    return tuple((Term(said(t.name), forms(t), said(t.means)), t) for t in terms())


@functools.cache
def _pattern(language: str) -> tuple[re.Pattern[str], dict[str, tuple[Term, Term]]]:
    """What is no text, or else one of the words, the longest first; and the words' terms."""
    pairs = _spoken(language)
    forms = {form.lower(): pair for pair in pairs for form in (pair[0].name, *pair[0].also)}
    longest = sorted(forms, key=len, reverse=True)
    words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest)
    pattern = rf"(?:{_NO_TEXT}) | (?<![\w-])(?P<word>{words})(?![\w-])"
    return re.compile(pattern, re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE), forms


def link(
    texts: Iterable[str], folder: str = "", language: str = SOURCE
) -> tuple[list[str], list[Term]]:
    """Put a link where each term is used first.

    Args:
        texts: Markdown, cell after cell. From a heading "Sources" on, nothing is linked.
        folder: where the glossary is, seen from the page: "../" for a notebook further down.
        language: of the texts.

    Returns:
        The texts with the links, and the terms, in English, in the order in which they are met.
    """
    pattern, forms = _pattern(language)
    met: dict[str, Term] = {}

    def replace(match: re.Match[str]) -> str:
        word = match["word"]
        pair = forms[re.sub(r"\s+", " ", word.lower())] if word else None
        if pair is None or pair[1].name in met:
            return match[0]
        spoken, term = pair
        met[term.name] = term
        means = html.escape(spoken.means)
        address = f"{folder}{FILE}#{term.anchor}"
        return f'<a class="cnnvis-term" href="{address}" data-means="{means}">{word}</a>'

    linked = []
    ended = False
    for text in texts:
        ended = ended or text.startswith(("## Sources", "## Fuentes"))
        linked.append(text if ended else pattern.sub(replace, text))
    return linked, list(met.values())


def where_met(course: Sequence[Lesson]) -> dict[str, list[Lesson]]:
    """For each term the lessons that use it, in their order; apps do not count."""
    lessons_of: dict[str, list[Lesson]] = {term.name: [] for term in terms()}
    for lesson in course:
        if lesson.chapter:
            for term in _met(lesson.text):
                lessons_of[term.name].append(lesson)
    return lessons_of


@functools.lru_cache(maxsize=128)
def _met(texts: tuple[str, ...]) -> tuple[Term, ...]:
    return tuple(link(texts)[1])
