from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.zoo.loading import architectures

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_networks_declare() -> None:
    page = (ROOT / "docs" / "networks.md").read_text("utf-8")
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
        assert facts["weights"] in ("bundled", "extra", "fetched", "none")
        assert (facts["file"] is not None) == (facts["weights"] == "fetched")
        assert all(facts[k] for k in ("title", "paper", "note", "parameters", "input_shape"))
        assert len(facts["note"]) < 80
