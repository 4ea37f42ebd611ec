"""`cnnvis study`: a whole study from the command line, in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: Any) -> Path:
    """A small model in a file."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((20, 30, 3)),
            keras.layers.Conv2D(3, 5, strides=2, activation="relu", name="c1"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4),
        ],
        name="toy",
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    path = tmp_path_factory.mktemp("models") / "toy.keras"
    model.save(path)
    return path


def test_run_table_report(model: Path, tmp_path: Path, capsys: Any) -> None:
    path = str(tmp_path / "study")
    words = ["study", "run", path, "--networks", str(model), "--images", "cat", "coffee",
             "--methods", "saliency", "grad_cam", "lime", "--neurons", "output", "c1"]  # fmt: skip
    small = [w for w in words if w != "lime"]
    assert main(small) == 0
    assert "8 runs computed now, 8 there" in capsys.readouterr().out
    assert main(["study", "run", path]) == 0  # what was begun in that folder
    assert "0 runs computed now, 8 there" in capsys.readouterr().out
    assert main(["study", "table", path, "--metrics", "relevance_mass", "sparseness"]) == 0
    shown = capsys.readouterr().out
    assert f"## {model}" in shown
    assert "| method | relevance_mass | sparseness |" in shown
    for name in ("saliency", "grad_cam", "centre"):
        assert f"| {name} | 0." in shown
    assert main(["study", "report", path, "--baselines", "noise"]) == 0
    report = (tmp_path / "study" / "report.md").read_text("utf-8")
    assert "| noise | 0." in report
    assert "centre" not in report


def test_what_is_wrong_is_told_in_a_line(model: Path, tmp_path: Path, capsys: Any) -> None:
    path = str(tmp_path / "study")
    assert main(["study", "table", path]) == 2
    assert "error: There is no study in" in capsys.readouterr().err
    assert main(["study", "run", path, "--networks", str(model), "--methods", "saliency"]) == 2
    assert "also needs --images" in capsys.readouterr().err
    words = ["--networks", str(model), "--images", "cat", "--methods", "cam"]
    assert main(["study", "run", path, *words, "--neurons", "c1"]) == 0
    assert "not suited: cam on" in capsys.readouterr().out
    assert main(["study", "table", path, "--metrics", "pointing"]) == 2
    assert "pointing_game" in capsys.readouterr().err
