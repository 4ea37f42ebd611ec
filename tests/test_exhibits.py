"""docs/exhibits.md: every figure and table of the thesis is alive, and the page tells the truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
WANTED = [*(f"Figure {k}" for k in range(1, 30)), "Table 1", "Table 2"]


class Row(NamedTuple):
    """A line of the page."""

    exhibit: str
    what: str
    notebook: str
    component: str
    test: str


def rows() -> list[Row]:
    """What the page says."""
    lines = (ROOT / "docs" / "exhibits.md").read_text("utf-8").splitlines()
    parted = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines)
    return [Row(*cells) for cells in parted if cells[0].startswith(("Figure ", "Table "))]


def test_no_figure_and_no_table_is_missing():
    assert [row.exhibit for row in rows()] == WANTED


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.exhibit)
def test_each_is_in_its_notebook_with_a_component_and_a_test(row: Row):
    assert all(row)
    book = nbformat.read(ROOT / "notebooks" / f"{row.notebook}.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    assert re.search(rf"\b{row.component}\(", code), "the notebook does not make the component"
    test = (ROOT / row.test).read_text("utf-8")
    named = row.component in test or row.notebook in row.test + test
    assert named, "the test names neither of them"
    assert "def test_" in test
