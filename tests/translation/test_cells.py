"""The texts of a notebook's cells: which they are, and that code stays code."""

from __future__ import annotations

import ast

import nbformat
import pytest

from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.translation.cells import fields, messages, translate

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
CODE = """\
share, name = 0.25, "grad_cam"
print("A map", f"{share:.0%} of “it” isn't {name!r}, {{1}}", sep="\\t")  # Über one line
Panel(label="eye", note=(f"{share:{3}.1f} is "
    "a part"))"""


def notebook(*cells: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_strings_and_comments_that_are_read_are_texts() -> None:
    texts = [(message.kind, message.text) for message in messages(notebook(CODE))]
    assert texts == [
        ("string", "A map"),
        ("format", "{share:.0%} of “it” isn't {name!r}, {{1}}"),
        ("comment", "Über one line"),
        ("format", "{share:{3}.1f} is a part"),
    ]


def test_a_translated_cell_prints_the_translation(capsys: pytest.CaptureFixture[str]) -> None:
    spanish = {
        "A map": 'Un "mapa"',
        "{share:.0%} of “it” isn't {name!r}, {{1}}": (
            "{name!r}: {share:.0%} del 'mapa' \"así\", {{2}}"
        ),
        "Über one line": "Una línea",
        "{share:{3}.1f} is a part": "Una parte: {share:{3}.1f}",
    }
    (cell,) = translate(notebook(CODE), spanish.__getitem__).cells
    assert "# Una línea" in cell.source
    panels: list[dict[str, str]] = []
    exec(cell.source, {"Panel": lambda **given: panels.append(given)})
    assert capsys.readouterr().out == "Un \"mapa\"\t'grad_cam': 25% del 'mapa' \"así\", {2}\n"
    assert panels == [{"label": "eye", "note": "Una parte: 0.2"}]


def test_a_translation_with_other_fields_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"fields.*'\{share:.0%\}'"):
        translate(notebook('print(f"{share:.0%} of it")'), lambda text: "{share:.1%} de ello")
    assert fields("{b!r:>{n}}, {a}, {{c}}") == ["{a}", "{b!r:>{n}}"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_same_texts_give_the_same_code(path: object) -> None:
    source = nbformat.read(path, 4)
    again = translate(source, lambda text: text)
    for one, other in zip(source.cells, again.cells, strict=True):
        if one.cell_type == "code":
            assert ast.dump(ast.parse(other.source)) == ast.dump(ast.parse(one.source))
        else:
            assert other.source == one.source
    assert all(message.text.strip() for message in messages(source))
