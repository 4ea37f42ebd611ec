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
        ("string", "eye"),
        ("format", "{share:{3}.1f} is a part"),
    ]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ('print("score", value, "of", file="log", end="stop")', ["score", "of"]),
        ('print(f"given{value:5.1f}", "block5c_add".upper())', ["given{value:5.1f}"]),
        ('plots.Panel("cat", "map", "eye", "score", "scale", "face")', ["eye", "score", "face"]),
        ('Panel(cat, label="photo", unit="score", alt="face")', ["photo", "score", "face"]),
        ('grid(rows, mode="heatmap", row_labels=["top", "bottom"])', ["top", "bottom"]),
        ('grid(rows, share="all", title="maps", caption="both")', ["maps", "both"]),
        (
            'Quiz("which", ["one", "none"], 1, "why", alt="map")',
            ["which", "one", "none", "why", "map"],
        ),
        ('Quiz(asked, answers, 0, because="yes", label="first")', ["yes", "first"]),
        ('explain(network, "cat", "saliency", layer="block2")', []),
        ('print(looks["cam"].value, f"{3}: {ok}", "12")', []),
    ],
)
def test_a_word_is_a_text_where_it_is_shown(code: str, shown: list[str]) -> None:
    assert [message.text for message in messages(notebook(code))] == shown


def test_a_key_stays_where_a_label_of_the_same_name_is_translated() -> None:
    code = 'Panel(made["decoder"], label="decoder")'
    (cell,) = translate(notebook(code), {"decoder": "decodificador"}.__getitem__).cells
    assert cell.source == "Panel(made[\"decoder\"], label='decodificador')"


def test_a_translated_cell_prints_the_translation(capsys: pytest.CaptureFixture[str]) -> None:
    spanish = {
        "A map": 'Un "mapa"',
        "{share:.0%} of “it” isn't {name!r}, {{1}}": (
            "{name!r}: {share:.0%} del 'mapa' \"así\", {{2}}"
        ),
        "Über one line": "Una línea",
        "eye": "ojo",
        "{share:{3}.1f} is a part": "Una parte: {share:{3}.1f}",
    }
    (cell,) = translate(notebook(CODE), spanish.__getitem__).cells
    assert "# Una línea" in cell.source
    panels: list[dict[str, str]] = []
    exec(cell.source, {"Panel": lambda **given: panels.append(given)})
    assert capsys.readouterr().out == "Un \"mapa\"\t'grad_cam': 25% del 'mapa' \"así\", {2}\n"
    assert panels == [{"label": "ojo", "note": "Una parte: 0.2"}]


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
