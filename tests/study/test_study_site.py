"""A study's site: every page is there, links lead somewhere, numbers are the maps' own."""

from __future__ import annotations

import base64
import html.parser
import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.site import Options, write_site
from cnnvis_widgets.study.site.addresses import slugs
from cnnvis_widgets.study.site.map_files import blocks

RNG = np.random.default_rng(3)
PICTURES = {
    "a": RNG.integers(0, 256, (30, 22, 3), dtype=np.uint8),
    '../<b>"A"</b>': RNG.integers(0, 256, (25, 31, 3), dtype=np.uint8),
    "A": RNG.integers(0, 256, (40, 22, 3), dtype=np.uint8),
}


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


@pytest.fixture(scope="module")
def study(network: Any, tmp_path_factory: pytest.TempPathFactory) -> cnnvis.Study:
    path = tmp_path_factory.mktemp("site") / "study"
    methods = {"saliency": "saliency", "mine": ("grad_cam", {}), "lime": ("lime", {"samples": 10})}
    made = cnnvis.Study({"toy": network}, PICTURES, methods, ["output", "c1"], path)
    made.run()
    return made


@pytest.fixture(scope="module")
def site(study: cnnvis.Study) -> Path:
    steps: list[tuple[int, int]] = []
    first = write_site(
        study, study.store.path / "site", Options(2, 3, "My <study>"), lambda *n: steps.append(n)
    )
    assert steps[-1][0] == steps[-1][1] == len(steps) - 1
    return first.parent


class Links(html.parser.HTMLParser):
    """Every address in a page, and every element that was opened and not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    # 3 pictures × 2 neurons × 2 methods with maps, lime for outputs alone, and the other pages.
    assert len(list((site / "maps").rglob("*.html"))) == 3 * 2 * 2 + 3
    assert len(pages) > 3 * 2 * 2 + 3 + 2 + 1 + 2
    for page in pages:
        for link in Links(page.read_text("utf-8")).addresses:
            if link == "data:,":
                continue
            assert not re.match(r"[a-z]+:|//|/", link), (page, link)
            target = (page.parent / link.split("#")[0]).resolve()
            assert target.is_file(), (page, link)
            assert target.is_relative_to(site.resolve())


def test_names_are_text_and_never_markup(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "b" not in Links(text).tags
        assert "&lt;study&gt;" in text
    index = (site / "data.js").read_text("utf-8")
    data = json.loads(index.removeprefix("window.cnnvisSite = ").rstrip(";\n"))
    assert [one["name"] for one in data["axes"]["picture"]] == list(PICTURES)
    assert len({one["slug"].lower() for one in data["axes"]["picture"]}) == 3
    assert data["axes"]["method"][1]["title"] == "mine (Grad-CAM)"
    unsuited = {key: why for key, (_, why) in data["cells"].items() if why}
    assert len(unsuited) == 3
    assert all("LIME explains output units only" in why for why in unsuited.values())


def test_the_numbers_are_the_map_s_own(study: cnnvis.Study, site: Path) -> None:
    line = next(x for x in study.runs() if (x["picture"], x["method"]) == ("A", "saliency"))
    stem = site / "maps" / "toy" / "a-2" / "output" / "saliency"
    message = stem.with_suffix(".js").read_text("utf-8")
    address, record = re.fullmatch(r'cnnvisMap\("(.*?)", (.*)\);\n', message).groups()  # type: ignore[union-attr]
    assert address == "maps/toy/a-2/output/saliency"
    numbers = json.loads(record)
    heatmap = study.heatmap(line)
    assert heatmap is not None
    assert (numbers["height"], numbers["width"], numbers["block"]) == (*heatmap.shape, 1)
    content = base64.b64decode(numbers["values"])
    steps = struct.unpack(f"<{heatmap.size}h", content)
    values = np.reshape(steps, heatmap.shape) * numbers["scale"]
    np.testing.assert_allclose(values, heatmap, atol=numbers["scale"])
    assert Image.open(stem.with_suffix(".webp")).size == heatmap.shape[::-1]


def test_blocks_are_means_of_squares() -> None:
    values = RNG.normal(size=(130, 70))
    means, block = blocks(values, 30)
    assert block == 5 and means.shape == (26, 14)
    assert means[3, 13] == pytest.approx(values[15:20, 65:70].mean())
    means, block = blocks(values[:7, :5], 3)
    assert block == 3 and means.shape == (3, 2)
    assert means[2, 1] == pytest.approx(values[6, 3:5].mean())  # smaller at the edge
    assert blocks(values[:9, :4], 9)[0] == pytest.approx(values[:9, :4])


def test_units_have_pages_with_what_excites_them(
    study: cnnvis.Study, network: Any, site: Path
) -> None:
    folder = site / "networks" / "toy" / "c1"
    pages = [path for path in folder.glob("*.html") if path.stem != "index"]
    assert len(pages) == 2
    asked = {x["unit"] for x in study.runs() if x["neuron"] == "c1" and x["method"] == "mine"}
    assert {int(path.stem) for path in pages} <= asked or asked <= {int(p.stem) for p in pages}
    for page in pages:
        unit, text = int(page.stem), page.read_text("utf-8")
        peaks = {n: network.activations(p, "c1")[..., unit].max() for n, p in PICTURES.items()}
        order = sorted(peaks, key=lambda name: -peaks[name])
        places = [text.index(f"{peaks[name]:.4g}") for name in order]
        assert places == sorted(places)
        assert page.with_suffix(".webp").is_file()
        assert (folder / f"{unit}-1.webp").is_file()


def test_a_network_s_page_lists_all_layers(network: Any, site: Path) -> None:
    text = (site / "networks" / "toy" / "index.html").read_text("utf-8")
    rows = re.findall(r'<tr><th scope="row">(\w+)</th><td>(\w+)</td><td>([^<]*)</td></tr>', text)
    assert [name for name, _, _ in rows] == [layer.name for layer in network.model.layers]
    assert rows[0] == ("c1", "Conv2D", "12 × 10 × 6")
    assert rows[-1] == ("head", "Dense", "3")


def test_maximising_pictures_are_kept(study: cnnvis.Study, site: Path, tmp_path: Path) -> None:
    made = sorted((study.store.path / "features").glob("*.npz"))
    before = [path.stat().st_mtime_ns for path in made]
    assert made
    write_site(study, tmp_path, Options(2, 3))
    assert [path.stat().st_mtime_ns for path in made] == before
    page = next((tmp_path / "networks" / "toy" / "c1").glob("[0-9]*.html"))
    same = site / page.relative_to(tmp_path)
    assert page.with_suffix(".webp").read_bytes() == same.with_suffix(".webp").read_bytes()


def test_slugs_are_their_own() -> None:
    addresses = slugs(["x y", "x-y", "x-y-2", "X Y", "..", "/", "ä"])
    assert len(set(addresses.values())) == 7
    assert all(re.fullmatch(r"[a-z0-9_][a-z0-9_.-]*", slug) for slug in addresses.values())


def test_the_command_writes_it(study: cnnvis.Study, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "pages"
    assert main(["study", "site", str(study.store.path), "--units", "0", "--out", str(out)]) == 0
    assert f"wrote {out / 'index.html'}" in capsys.readouterr().out
    assert "study" in (out / "index.html").read_text("utf-8")
    text = (out / "networks" / "toy" / "index.html").read_text("utf-8")
    assert "Layers" not in text and "Guided" not in text


def test_what_does_not_fit_is_refused(network: Any, tmp_path: Path) -> None:
    empty = cnnvis.Study({"toy": network}, PICTURES, "saliency", path=tmp_path / "s")
    with pytest.raises(InvalidValueError, match="no run of the study has a map"):
        write_site(empty, tmp_path / "site")
    assert not (tmp_path / "site").exists()
    with pytest.raises(InvalidValueError, match="from 0; got -1 and 96"):
        Options(units=-1)
