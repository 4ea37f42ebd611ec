from __future__ import annotations

import importlib.util
from pathlib import Path

from cnnvis_widgets.zoo.loading import architectures

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_networks_declare() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_networks_page", ROOT / "scripts" / "make_networks_page.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (ROOT / "docs" / "networks.md").read_text("utf-8")
    assert page == script.page(), "python scripts/make_networks_page.py"
    for architecture in architectures().values():
        assert f"| `{architecture.name}` | {architecture.title} |" in page
        assert architecture.paper in page
        if architecture.file is not None:
            assert architecture.file.address + architecture.file.name in page
            assert architecture.file.md5 in page


def test_facts_are_plain_and_complete() -> None:
    orders = [a.order for a in architectures().values()]
    assert orders == sorted(set(orders))
    for name, architecture in architectures().items():
        facts = architecture.facts()
        assert facts["name"] == name
        assert facts["weights"] in ("bundled", "fetched", "none")
        assert (facts["file"] is not None) == (facts["weights"] == "fetched")
        assert all(facts[k] for k in ("title", "paper", "note", "parameters", "input_shape"))
        assert len(facts["note"]) < 80
