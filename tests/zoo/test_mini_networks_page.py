"""The log of the networks trained here: made from the record, and it keeps its promises."""

from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.zoo.bundled_weights import TrainedHere
from cnnvis_widgets.zoo.loading import all_names, architectures
from cnnvis_widgets.zoo.minis import Mini
from scripts import measure_minis

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_was_measured() -> None:
    page = (ROOT / "docs" / "mini_networks.md").read_text("utf-8")
    ours = [n for n in all_names() if isinstance(architectures()[n.split(":")[0]], TrainedHere)]
    assert set(measure_minis.read_record()) == set(ours)
    assert all(f"| `{name}` |" in page for name in ours)


def test_what_was_measured_is_what_was_promised() -> None:
    for name, record in measure_minis.read_record().items():
        plain, _, version = name.partition(":")
        architecture = architectures()[plain]
        assert record["parameters"] == architecture.parameters
        assert record["kilobytes"] == round(architecture.path(version).stat().st_size / 1024)
        assert record["conservation"] < 1e-3
        assert record["milliseconds"] < 15
        if not isinstance(architecture, Mini):
            assert record["accuracy"] >= 0.98
            assert set(record["methods"]) == set(measure_minis.METHODS) - {"cam"}
            continue
        assert record["methods"] == list(measure_minis.METHODS)
        if version:
            assert record["class with"] > 0.95
            assert record["class without"] < record["class with"] - 0.3
            assert record["on snow"] > record["on object"]
        else:
            assert min(record[group] for group in ("plain", "snow", "mark")) >= 0.97
            assert record["on snow"] < record["on object"]
