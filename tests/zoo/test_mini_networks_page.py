"""The log of the networks trained here: made from the record, and it keeps its promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cnnvis_widgets.zoo.bundled_weights import TrainedHere
from cnnvis_widgets.zoo.loading import all_names, architectures
from cnnvis_widgets.zoo.minis import Mini

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "measure_minis.py"
    spec = importlib.util.spec_from_file_location("measure_minis", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_was_measured(script: ModuleType) -> None:
    page = (ROOT / "docs" / "mini_networks.md").read_text("utf-8")
    assert page == script.page(), "python scripts/measure_minis.py"
    ours = [n for n in all_names() if isinstance(architectures()[n.split(":")[0]], TrainedHere)]
    assert set(script.read_record()) == set(ours)
    assert all(f"| `{name}` |" in page for name in ours)


def test_what_was_measured_is_what_was_promised(script: ModuleType) -> None:
    for name, found in script.read_record().items():
        plain, _, version = name.partition(":")
        architecture = architectures()[plain]
        assert found["parameters"] == architecture.parameters
        assert found["kilobytes"] == round(architecture.path(version).stat().st_size / 1024)
        assert found["conservation"] < 1e-3
        assert found["milliseconds"] < 15
        if not isinstance(architecture, Mini):
            assert found["accuracy"] >= 0.98
            assert set(found["methods"]) == set(script.METHODS) - {"cam"}
            continue
        assert found["methods"] == list(script.METHODS)
        if version:
            assert found["class with"] > 0.95
            assert found["class without"] < found["class with"] - 0.3
            assert found["on snow"] > found["on object"]
        else:
            assert min(found[group] for group in ("plain", "snow", "mark")) >= 0.97
            assert found["on snow"] < found["on object"]
