"""docs/metrics.md is what the metrics declare."""

from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.study import all_metrics

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_metrics_declare() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    for metric in all_metrics().values():
        assert f"| [`{metric.name}`](#{metric.name}) | {metric.summary} |" in page
        assert metric.paper in page
        assert metric.sensitive in page
        for parameter in metric.parameters:
            assert f"| `{parameter.name}` | `" in page
