"""The lessons' Markdown as HTML, formulas included."""

from __future__ import annotations

import functools
import re

import mistune
from latex2mathml import converter

MATHJAX, MATHML = "MathJax", "MathML"
"""How formulas are written: in MathJax's brackets, or as MathML."""

_PLUGINS = ["math", "table", "strikethrough"]
_BIG_FLOOR = re.compile(r"\\[bB]igg?[lr]?(?=\\[lr]floor)")


def to_html(text: str, formulas: str = MATHJAX) -> str:
    r"""HTML of a text in Markdown; HTML in it is escaped.

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
    markdown = mistune.create_markdown(escape=True, plugins=_PLUGINS)
    renderer = markdown.renderer
    if formulas == MATHML and renderer is not None:
        renderer.register("inline_math", lambda _, text: _mathml(text, "inline"))
        renderer.register("block_math", lambda _, text: _mathml(text, "block"))
    return markdown


def _mathml(formula: str, display: str) -> str:
    """MathML; commands that latex2mathml lacks (a sized floor, arg) are rewritten."""
    convertible = _BIG_FLOOR.sub("", formula).replace(r"\arg\max", r"\operatorname{argmax}")
    return str(converter.convert(convertible, display=display))
