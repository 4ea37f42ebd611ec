"""Extracts the texts of a notebook's cells, and replaces them.

A markdown cell is one message. In a code cell, comments and strings that a reader may see are
messages; an f-string is one message with its fields, ``"{share:.0%} of it"``. A single lower-case
word counts as a name, ``"grad_cam"``, except where only texts occur: in `print`, or as a label. All
languages run the same code.
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
# Arguments that are always texts: by keyword in any call, by position in these calls
_SHOWN_BY_KEYWORD = {"label", "alt", "title", "unit", "caption", "because", "row_labels"}
_SHOWN_BY_PLACE = {"print": range(100), "Panel": (2, 3, 5), "Quiz": (0, 1, 3, 5)}


class Message(NamedTuple):
    """A text of a notebook.

    Attributes:
        text: markdown, a comment without its "# ", a string, or an f-string's template.
        cell: the id of the first cell with it.
        kind: "markdown", "comment", "string" or "format".
    """

    text: str
    cell: str
    kind: str


class _Piece(NamedTuple):
    """A message in a cell's source, with start and end as (row, column in UTF-8)."""

    text: str
    kind: str
    start: tuple[int, int]
    end: tuple[int, int]


def messages(notebook: Any) -> list[Message]:
    """The unique texts of a notebook in order.

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
    """A copy of a notebook with translated texts.

    Args:
        notebook: as `nbformat.read` gives it.
        translation: from a text to its translation.

    Raises:
        InvalidValueError: the translation of an f-string has different fields.

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
    """The sorted fields of an f-string's template: ``["{share:.0%}"]``."""
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
        literal_text = literal.get(piece.kind) or _format_literal(text)
        (row, column), (end_row, end_column) = piece.start, piece.end
        remainder = lines[end_row - 1][end_column:]
        lines[row - 1 : end_row] = [lines[row - 1][:column] + literal_text.encode() + remainder]
    return b"".join(lines).decode()


def _pieces(source: str) -> list[_Piece]:
    """The messages of a code cell in order."""
    return sorted([*_strings(source), *_comments(source)], key=lambda piece: piece.start)


def _strings(source: str) -> Iterator[_Piece]:
    tree = ast.parse(source)
    displayed = {text for call in ast.walk(tree) for text in _arguments_that_are_texts(call)}
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.JoinedStr):
            text, kind = _template(node), "format"
            words = " ".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text, kind, words = node.value, "string", node.value
        else:
            pending += ast.iter_child_nodes(node)
            continue
        if _WORD.search(words) and (node in displayed or not _NAME.fullmatch(words)):
            end = node.end_lineno or 0, node.end_col_offset or 0
            yield _Piece(text, kind, (node.lineno, node.col_offset), end)


def _arguments_that_are_texts(node: ast.AST) -> Iterator[ast.expr]:
    """Arguments that are texts even if they look like names."""
    if not isinstance(node, ast.Call):
        return
    function = getattr(node.func, "id", getattr(node.func, "attr", ""))
    indices = _SHOWN_BY_PLACE.get(function, ())
    values = [argument for index, argument in enumerate(node.args) if index in indices]
    values += [keyword.value for keyword in node.keywords if keyword.arg in _SHOWN_BY_KEYWORD]
    for value in values:
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
    """The text of an f-string, with quotes and escapes resolved."""
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
    """An f-string with this template, with quotes that its fields do not contain."""
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
