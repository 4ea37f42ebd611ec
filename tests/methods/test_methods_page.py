"""docs/methods.md is what the methods declare."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from cnnvis_widgets.methods import all_methods

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_methods_declare() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_methods_page", ROOT / "scripts" / "make_methods_page.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (ROOT / "docs" / "methods.md").read_text("utf-8")
    assert page == script.page(), "python scripts/make_methods_page.py"
    for found in all_methods().values():
        assert f"| [`{found.name}`](#{found.name}) | {found.title} |" in page
        assert found.paper in page
        assert found.weaknesses in page
        for parameter in found.parameters:
            assert f"| `{parameter.name}` | `" in page
