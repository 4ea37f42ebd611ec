"""`cnnvis study run thesis` and a study of a file, from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.cli import main
from cnnvis_widgets.study import estimate, thesis_grid
from cnnvis_widgets.study.thesis_grid import Choice


@pytest.fixture(scope="module")
def model(tmp_path_factory: Any) -> Path:
    """A small model with two resolutions, in a file."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 14, 3)),
            layers.Conv2D(3, 3, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    path = tmp_path_factory.mktemp("models") / "toy.keras"
    model.save(path)
    return path


@pytest.fixture(autouse=True)
def quick_lime(monkeypatch: pytest.MonkeyPatch) -> None:
    given = thesis_grid.methods()
    monkeypatch.setattr(estimate, "LONG", float("inf"))  # however busy the machine is
    few = {**given, "lime": ("lime", {"samples": 10, "pieces": 4}, given["lime"][2])}
    monkeypatch.setattr(thesis_grid, "methods", lambda: few)


def test_the_grid_is_foretold_run_and_resumed(model: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "grid"
    words = ["study", "run", "thesis", "--networks", str(model), "--out", str(out)]
    assert main([*words, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "10 pictures × 3 neurons × 7 methods (deep_taylor, lime: of output alone): 170" in shown
    assert "were never published; ten that come along replace them" in shown
    match = re.search(r"(\d+) runs left: about .* [MG]B of memory\. (\d+) runs were timed", shown)
    assert match and 156 <= int(match[1]) < 170 and int(match[2]) >= 14
    assert not out.exists()
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert f"{match[1]} runs left: about" in shown
    assert "170 runs computed now, 170 there" in shown
    line = json.loads((out / "estimates.jsonl").read_text("utf-8"))
    assert (
        line["runs"] == int(match[1]) and line["took_seconds"] > 0 and line["foretold_seconds"] > 0
    )
    runs = (out / "runs.jsonl").read_text("utf-8").splitlines()
    (out / "runs.jsonl").write_text("\n".join(runs[:100]) + "\n", "utf-8")
    assert main(words) == 0
    assert "70 runs computed now, 170 there" in capsys.readouterr().out
    (out / "runs.jsonl").write_text("\n".join(runs[:164]) + "\n", "utf-8")
    assert main([*words, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "164 runs are there already" in shown
    assert len((out / "runs.jsonl").read_text("utf-8").splitlines()) == 164
    assert re.search(r"[4-6] runs left: ", shown)
    assert main(words) == 0
    assert "6 runs computed now, 170 there" in capsys.readouterr().out
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "0 runs computed now, 170 there" in shown and ", foretold" not in shown


def test_without_weights_it_says_how_to_bring_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    why = "not downloaded (528 MB). Run `cnnvis models fetch vgg16`"
    monkeypatch.setattr(thesis_grid, "choose", lambda *a, **k: Choice((), {"vgg16": why}))
    assert main(["study", "run", "thesis", "--out", str(tmp_path / "s")]) == 2
    shown = capsys.readouterr()
    assert f"left out: vgg16: {why}" in shown.out and "CNNVIS_WEIGHTS" in shown.out
    assert "cnnvis study run thesis --offline" in shown.err
    assert not (tmp_path / "s").exists()


def test_a_study_of_a_file(model: Path, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "my.toml"
    file.write_text(
        f'networks = ["{model}"]\nimages = ["cat", "coffee"]\nmethods = ["saliency"]\n', "utf-8"
    )
    assert main(["study", "run", str(file)]) == 0
    assert "2 runs computed now, 2 there" in capsys.readouterr().out
    next((tmp_path / "my" / "maps").glob("*.npz")).write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="1 of the study's maps are computed again"):
        assert main(["study", "run", str(file)]) == 0
    assert "1 runs computed now, 2 there" in capsys.readouterr().out
    assert main(["study", "run", str(tmp_path / "my"), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "2 runs are there already" in shown and "0 runs left" in shown
    assert main(["study", "run", str(file), "--dry-run"]) == 0
    assert "2 runs are there already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["thesis", "--methods", "saliency"], "has its own methods"),
        (["thesis", "--images", "a", "b"], "one folder with your own ten photos"),
        (["my.toml", "--images", "cat"], "A TOML file says all"),
        (["folder", "--offline"], '--offline goes with "thesis" alone'),
        (["folder", "--out", "there"], "leave --out out"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    words: list[str], message: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["study", "run", *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
