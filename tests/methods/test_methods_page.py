"""docs/methods.md is what the methods declare."""

from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.methods import all_methods

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_methods_declare() -> None:
    page = (ROOT / "docs" / "methods.md").read_text("utf-8")
    for method in all_methods().values():
        assert f"| [`{method.name}`](#{method.name}) | {method.title} |" in page
        assert method.paper in page
        assert method.weaknesses in page
        for parameter in method.parameters:
            assert f"| `{parameter.name}` | `" in page
