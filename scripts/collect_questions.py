"""Keep the values that the lessons' questions quote, in the package's computed.json.

python -m scripts.collect_questions              # all lessons: minutes
python -m scripts.collect_questions 03_10_lime   # some

Of a lesson's code only the statements run that a quoted value depends on. Texts are read from the
notebooks. `tests/course/test_questions.py` names a value that is missing or that no question quotes
any more; the visits to the lessons' pages (`tests/browser/lessons`), which run all of a lesson,
name one that has changed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnvis_widgets.course.questions import COMPUTED, NotebookQuestion, chosen, notebook_questions

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SHOWS = {"grid", "curves", "print", "plot"}
"""Calls that only show something, as do those of classes (widgets, panels)."""

_OWN_NAMES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)


def needed(notebook: Path, questions: list[NotebookQuestion]) -> list[ast.stmt | NotebookQuestion]:
    """The statements that the questions' values depend on, and the questions among them."""
    steps = _steps(notebook, questions)
    random = {
        name
        for step in steps
        if isinstance(step, ast.Assign) and "default_rng" in ast.unparse(step.value)
        for name in _targets(step)
    }
    wanted: set[str] = set()
    kept: list[ast.stmt | NotebookQuestion] = []
    for step in reversed(steps):
        if isinstance(step, NotebookQuestion):
            for code in step.expressions().values():
                wanted |= _loads(ast.parse(code))
        elif (_changes(step) | (_loads(step) & random)) & wanted:
            wanted = (wanted - _targets(step)) | _loads(step)
        else:
            continue
        kept.append(step)
    return kept[::-1]


def _steps(notebook: Path, questions: list[NotebookQuestion]) -> list[ast.stmt | NotebookQuestion]:
    """All statements of all cells; a question in place of the one that asks it."""
    by_cell = {one.cell: one for one in questions}
    steps: list[ast.stmt | NotebookQuestion] = []
    for place, cell in enumerate(json.loads(notebook.read_text("utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            body = ast.parse(source := "".join(cell["source"])).body
            if "perf_counter" in source:  # what is timed belongs to the time: all of it or nothing
                body = [ast.fix_missing_locations(ast.If(ast.Constant(True), body, []))]
            for statement in body:
                asks = isinstance(statement, ast.Expr) and _called(statement.value) == "Quiz"
                steps.append(by_cell[place] if asks else statement)
    return steps


def _called(node: ast.AST) -> str:
    """The last word of what is called: "plot" of `look.plot()`."""
    function = node.func if isinstance(node, ast.Call) else None
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _loads(node: ast.AST) -> set[str]:
    """The names whose values are used, by `total += 1` too."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    names += [
        n.target
        for n in ast.walk(node)
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    ]
    return {n.id for n in names}


def _targets(step: ast.stmt) -> set[str]:
    """The names that a statement gives a new value, whatever they held before."""
    if isinstance(step, ast.FunctionDef | ast.ClassDef):
        return {step.name}
    if isinstance(step, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in step.names}
    nodes = step.targets if isinstance(step, ast.Assign) else []
    names = [n for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _changes(step: ast.stmt) -> set[str]:
    """The names whose value a statement may change, in part or as a whole."""
    names = _targets(step)
    for node in _walk(step):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names |= _loads(node.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = _called(node.value)
            if name not in SHOWS and not name[:1].isupper():
                names |= _loads(node.value)
        elif isinstance(node, ast.Call) and _called(node) == "run":  # a study's, often printed
            names |= _loads(node.func)
    return names


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All within a statement but what has names of its own."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _OWN_NAMES):
            yield from _walk(child)


def values(notebook: Path) -> list[dict[str, str]]:
    """What each question of a lesson quotes; runs what that depends on."""
    room: dict[str, Any] = {"__name__": "__main__"}
    quoted = []
    os.chdir(notebook.parent)
    for step in needed(notebook, notebook_questions(notebook)):
        with contextlib.redirect_stdout(io.StringIO()):
            if isinstance(step, NotebookQuestion):
                quoted.append({name: eval(c, room) for name, c in step.expressions().items()})
            else:
                code = ast.Module([step], type_ignores=[])
                exec(compile(code, str(notebook), "exec"), room)
    return quoted


def main(names: list[str]) -> None:
    """Write the file anew, or the part of it that belongs to some lessons."""
    kept = json.loads(COMPUTED.read_text("utf-8")) if COMPUTED.exists() else {}
    for lesson in chosen(names, NOTEBOOKS):
        kept[lesson.name] = values(NOTEBOOKS / lesson.file)
        text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
        COMPUTED.write_text(text + "\n", "utf-8")
        print(lesson.name, len(kept[lesson.name]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
