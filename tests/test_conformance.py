"""The files of tests/conformance: we get their maps, and they are what their script writes."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnvis_widgets as cnnvis

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "conformance"
CASES = sorted(path.name for path in FOLDER.iterdir())


def read(name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    case = json.loads((FOLDER / name / "case.json").read_text("utf-8"))
    with np.load(FOLDER / name / "arrays.npz") as arrays:
        return case, dict(arrays)


def test_the_page_names_every_case() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text("utf-8")
    for name in CASES:
        about = read(name)[0]["about"]
        assert f"| `{name}` | {about} |" in page


@pytest.mark.parametrize("name", CASES)
def test_we_get_the_expected_maps(name: str) -> None:
    case, arrays = read(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was not told how to prepare pictures
        network = cnnvis.load_network(FOLDER / name / "model.keras")
    logits = network.outputs(arrays["input"][None])[0][0]
    np.testing.assert_allclose(logits, arrays["logits"], rtol=1e-4, atol=1e-5)
    assert set(case["maps"]) >= {"saliency", "grad_cam"}
    for method in case["maps"]:
        options = {"layer": case["grad_cam_layer"]} if method == "grad_cam" else {}
        explanation = cnnvis.explain(network, arrays["input"], method, case["unit"], **options)
        wanted = arrays[method]
        assert explanation.attribution is not None
        mine = explanation.attribution[..., 0] if method == "grad_cam" else explanation.attribution
        assert np.abs(wanted).max() > 0
        np.testing.assert_allclose(mine, wanted, atol=1e-4 * np.abs(wanted).max())


def test_the_files_are_what_the_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oracles import make_conformance

    monkeypatch.setattr(make_conformance, "FOLDER", tmp_path)
    make_conformance.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == CASES
    for name in CASES:
        assert (tmp_path / name / "case.json").read_bytes() == (
            FOLDER / name / "case.json"
        ).read_bytes()
        with np.load(tmp_path / name / "arrays.npz") as made:
            kept = read(name)[1]
            assert set(made) == set(kept)
            for key in kept:
                np.testing.assert_allclose(made[key], kept[key], rtol=1e-5, atol=1e-6)
        with zipfile.ZipFile(FOLDER / name / "model.keras") as stored:
            assert "config.json" in stored.namelist()
