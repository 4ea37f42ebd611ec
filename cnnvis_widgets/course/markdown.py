"""The lessons' Markdown as HTML, formulas included."""

from __future__ import annotations

import functools
import re

import mistune
from latex2mathml import converter

MATHJAX, MATHML = "MathJax", "MathML"
"""How formulas are written: for a page that has MathJax, between its brackets, or as MathML."""

_PLUGINS = ["math", "table", "strikethrough"]
_BIG_FLOOR = re.compile(r"\\[bB]igg?[lr]?(?=\\[lr]floor)")


def to_html(text: str, formulas: str = MATHJAX) -> str:
    r"""HTML of a text in Markdown; HTML within it is shown as text.

    Args:
        text: Markdown with formulas between dollars.
        formulas: how they are written.

    Examples:
        >>> to_html("*Why* $x < 1$?")
        '<p><em>Why</em> <span class="math">\\(x &lt; 1\\)</span>?</p>\n'
    """
    return str(_renderer(formulas)(text))


@functools.cache
def _renderer(formulas: str) -> mistune.Markdown:
    made = mistune.create_markdown(escape=True, plugins=_PLUGINS)
    renderer = made.renderer
    if formulas == MATHML and renderer is not None:
        renderer.register("inline_math", lambda _, text: _mathml(text, "inline"))
        renderer.register("block_math", lambda _, text: _mathml(text, "block"))
    return made


def _mathml(formula: str, display: str) -> str:
    """MathML; what latex2mathml does not know (a sized floor, arg) is written differently."""
    known = _BIG_FLOOR.sub("", formula).replace(r"\arg\max", r"\operatorname{argmax}")
    return str(converter.convert(known, display=display))
