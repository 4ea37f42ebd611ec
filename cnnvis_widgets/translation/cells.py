"""What of a notebook's cells is text, and the same cells with other texts.

A markdown cell is one message. Of a code cell, its comments and the strings that a reader may see
are messages; a formatted string is one message with its fields in it, ``"{share:.0%} of it"``. A
single lower-case word is taken for a name, ``"grad_cam"``, unless it is where only texts are: in
`print`, as a label. The code itself stays as it is: all languages run the same cells.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cnnvis_widgets.errors import InvalidValueError

_WORD = re.compile(r"[^\W\d_]{2,}")
_NAME = re.compile(r"[a-z0-9_./:-]+$")
# Arguments that are texts by their place in the call: of any call by name, of these by place.
_SHOWN_BY_KEYWORD = {"label", "alt", "title", "unit", "caption", "because", "row_labels"}
_SHOWN_BY_PLACE = {"print": range(100), "Panel": (2, 3, 5), "Quiz": (0, 1, 3, 5)}


class Message(NamedTuple):
    """One text of a notebook.

    Attributes:
        text: markdown, a comment without its "# ", a string, or a formatted string's template.
        cell: the id of the cell that it is first in.
        kind: "markdown", "comment", "string" or "format".
    """

    text: str
    cell: str
    kind: str


class _Piece(NamedTuple):
    """A message within a cell's source, from one (row, column in UTF-8) to another."""

    text: str
    kind: str
    start: tuple[int, int]
    end: tuple[int, int]


def messages(notebook: Any) -> list[Message]:
    """All texts of a notebook, each once, in their order.

    Args:
        notebook: as `nbformat.read` gives it.

    Example:
        >>> import nbformat
        >>> v4 = nbformat.v4
        >>> cells = [v4.new_markdown_cell("# Maps"), v4.new_code_cell("print(f'{1 + 1} maps')")]
        >>> [m.text for m in messages(v4.new_notebook(cells=cells))]
        ['# Maps', '{1 + 1} maps']
    """
    texts: dict[str, Message] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts.setdefault(cell.source, Message(cell.source, cell.id, "markdown"))
        elif cell.cell_type == "code":
            for piece in _pieces(cell.source):
                texts.setdefault(piece.text, Message(piece.text, cell.id, piece.kind))
    return list(texts.values())


def translate(notebook: Any, translation: Callable[[str], str]) -> Any:
    """A copy of a notebook with other texts.

    Args:
        notebook: as `nbformat.read` gives it.
        translation: text → the text in the other language.

    Raises:
        InvalidValueError: a translation of a formatted string has other fields than it.

    Example:
        >>> import nbformat
        >>> cell = nbformat.v4.new_code_cell("print('Two maps')  # A note")
        >>> spanish = {"Two maps": "Dos mapas", "A note": "Una nota"}
        >>> print(translate(nbformat.v4.new_notebook(cells=[cell]), spanish.get).cells[0].source)
        print('Dos mapas')  # Una nota
    """
    translated = copy.deepcopy(notebook)
    for cell in translated.cells:
        if cell.cell_type == "markdown":
            cell.source = translation(cell.source)
        elif cell.cell_type == "code":
            cell.source = _code(cell.source, translation)
    return translated


def fields(template: str) -> list[str]:
    """The fields of a formatted string's template, sorted: ``["{share:.0%}"]``."""
    tree = ast.parse(_format_literal(template), mode="eval").body
    if not isinstance(tree, ast.JoinedStr):
        return []
    return sorted(_field(v) for v in tree.values if isinstance(v, ast.FormattedValue))


def _code(source: str, translation: Callable[[str], str]) -> str:
    lines = source.encode().splitlines(keepends=True)
    for piece in reversed(_pieces(source)):
        text = translation(piece.text)
        if piece.kind == "format" and fields(text) != fields(piece.text):
            raise InvalidValueError(
                f"The translation {text!r} was expected to have the fields of {piece.text!r}: "
                f"{fields(piece.text)}, and has {fields(text)}."
            )
        literal = {"comment": f"# {text}", "string": repr(text)}
        new = literal.get(piece.kind) or _format_literal(text)
        (row, column), (last, end) = piece.start, piece.end
        after = lines[last - 1][end:]
        lines[row - 1 : last] = [lines[row - 1][:column] + new.encode() + after]
    return b"".join(lines).decode()


def _pieces(source: str) -> list[_Piece]:
    """The messages of a code cell, in their order."""
    return sorted([*_strings(source), *_comments(source)], key=lambda piece: piece.start)


def _strings(source: str) -> Iterator[_Piece]:
    tree = ast.parse(source)
    shown = {text for call in ast.walk(tree) for text in _arguments_that_are_texts(call)}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr):
            text, kind = _template(node), "format"
            words = " ".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text, kind, words = node.value, "string", node.value
        else:
            waiting += ast.iter_child_nodes(node)
            continue
        if _WORD.search(words) and (node in shown or not _NAME.fullmatch(words)):
            end = node.end_lineno or 0, node.end_col_offset or 0
            yield _Piece(text, kind, (node.lineno, node.col_offset), end)


def _arguments_that_are_texts(node: ast.AST) -> Iterator[ast.expr]:
    """Arguments that are read for their place, even a word that looks like the name of a layer."""
    if not isinstance(node, ast.Call):
        return
    function = getattr(node.func, "id", getattr(node.func, "attr", ""))
    places = _SHOWN_BY_PLACE.get(function, ())
    shown = [argument for place, argument in enumerate(node.args) if place in places]
    shown += [keyword.value for keyword in node.keywords if keyword.arg in _SHOWN_BY_KEYWORD]
    for value in shown:
        yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def _comments(source: str) -> Iterator[_Piece]:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and _WORD.search(token.string):
            row = token.start[0]
            column = len(lines[row - 1][: token.start[1]].encode())
            end = column + len(token.string.encode())
            yield _Piece(token.string.lstrip("# "), "comment", (row, column), (row, end))


def _template(node: ast.JoinedStr) -> str:
    """The text between the quotes of a formatted string, quotes and escapes resolved."""
    return "".join(
        str(value.value).replace("{", "{{").replace("}", "}}")
        if isinstance(value, ast.Constant)
        else _field(value)
        for value in node.values
    )


def _field(value: Any) -> str:
    form = "" if value.format_spec is None else ":" + _template(value.format_spec)
    mark = "" if value.conversion < 0 else "!" + chr(value.conversion)
    return "{" + ast.unparse(value.value) + mark + form + "}"


def _format_literal(template: str) -> str:
    """A formatted string with this template, whatever quotes its fields have."""
    escaped = template.replace("\n", "\\n").replace("\t", "\\t")
    for quote in ('"', "'", '"""', "'''"):
        literal = f"f{quote}{escaped}{quote}"
        if quote in template or template.endswith(quote[0]):
            continue
        try:
            ast.parse(literal, mode="eval")
        except SyntaxError:
            continue
        return literal
    raise InvalidValueError(f"Not a formatted string's template: {template!r}.")
