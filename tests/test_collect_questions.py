"""What a question quotes is found by running what it depends on, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnvis_widgets.course.questions import notebook_questions
from scripts import collect_questions
from scripts.collect_questions import main, needed, values

CELLS = (
    "import math\nimport numpy as np",
    "raise RuntimeError('nothing depends on this statement')",
    "random = np.random.default_rng(3)\nx = [1.0]",
    "unused = 1 / 0\nx.append(2.0)\nfirst = random.random(5)",
    "def double(values):\n    return [2 * one for one in values]\n\n\ny = 7",
    "grid([[1 / 0]], x)\nx.plot(1 / 0)\nPicture(x, 1 / 0)",
    "y = double(x)\nfor place, one in enumerate(y):\n    x[place] += one\ntwice = sum(y)",
    'Quiz(f"{twice:.1f}?", ["a", f"{x}"], int(twice > 5), picture=1 / 0)\ny = 1 / 0',
    "x = {'a': random.random()}\nx['b'] = math.pi",
    "import time\nstart = time.perf_counter()\ntime.sleep(0.02)\n"
    "took = time.perf_counter() - start",
    'Quiz("Slow?", ["a", "b"], int(took < 0.02))',
    'Quiz("Now?", ["a", "b"], 0, because=f"{x[\'a\']:.6f}, {x[\'b\']:.2f}")',
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "03_08_some.ipynb"
    cells = [nbformat.v4.new_markdown_cell("# Some: what?")]
    cells += [nbformat.v4.new_code_cell(text) for text in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_values_are_those_of_a_full_run(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notebook.parent)
    # By hand: y = [2, 4], so x = [3, 6]; the generator has given five numbers before the sixth;
    # what is timed is not left out, though nothing depends on it.
    sixth = np.random.default_rng(3).random(6)[5]
    assert values(notebook) == [
        {"twice:.1f": "6.0", "x": "[3.0, 6.0]", "int(twice > 5)": "1"},
        {"int(took < 0.02)": "0"},
        {"x['a']:.6f": f"{sixth:.6f}", "x['b']:.2f": "3.14"},
    ]
    assert len(needed(notebook, notebook_questions(notebook))) == 16


def test_only_the_lessons_named_are_written_anew(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(notebook.parent)
    kept = notebook.with_name("computed.json")
    kept.write_text('{"01_other": [{"a": "1"}], "03_08_some": []}')
    monkeypatch.setattr(collect_questions, "COMPUTED", kept)
    monkeypatch.setattr(collect_questions, "NOTEBOOKS", notebook.parent)
    main(["03_08_some"])
    written = json.loads(kept.read_text("utf-8"))
    assert written["01_other"] == [{"a": "1"}] and len(written["03_08_some"]) == 3
    assert "03_08_some 3" in capsys.readouterr().out
