"""Explanations as one HTML file: what it holds, and what it may do."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnvis_widgets as cnnvis
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.widgets.explorer.page_data import PageMap
from cnnvis_widgets.widgets.explorer.saved_page import page, page_map


class Elements(html.parser.HTMLParser):
    """Every element that begins, and the text of the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def explanations() -> list[cnnvis.Explanation]:
    network = cnnvis.load_network("mini_vgg")
    image = cnnvis.load_image("scene:17")
    neuron = cnnvis.Neuron("block2_conv2", 5, "max")
    return [
        cnnvis.explain(network, image, method="grad_cam"),
        cnnvis.explain(network, image, method="smoothgrad", neuron=3, samples=4, seed=9),
        cnnvis.explain(network, image, method="saliency", neuron=neuron),
        cnnvis.explain(network, image, method="activation_maximization", neuron=1, steps=2),
    ]


def test_a_page_is_one_file_that_may_fetch_nothing(
    explanations: list[cnnvis.Explanation], tmp_path: Path
) -> None:
    path = cnnvis.save_page(explanations, tmp_path / "maps.html", title="Four <maps> & more")
    assert list(tmp_path.iterdir()) == [path]
    text = path.read_text("utf-8")
    parsed = Elements(text)
    # No file elsewhere is named.
    for _, attributes in parsed.elements:
        for name in ("src", "href", "srcset", "action"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "@import" not in text
    assert "<h1>Four &lt;maps&gt; &amp; more</h1>" in text
    # The browser runs that one script, by its digest, and opens no connection.
    data, script = parsed.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for _, a in parsed.elements if "http-equiv" in a)
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    )
    held = json.loads(data)
    assert [one["state"]["title"] for one in held["maps"]] == [e.title for e in explanations]
    assert "<" not in data


def test_a_page_says_how_each_map_was_made(explanations: list[cnnvis.Explanation]) -> None:
    maps = [dict(page_map(one).facts) for one in explanations]
    assert maps[0]["Network"] == "Mini VGG"
    assert maps[0]["Layer"] == "output, before softmax"
    assert maps[0]["Maps of layer"] == "block4_conv2"
    assert maps[0]["Coverage"].startswith("every layer as published")
    assert maps[1]["Seed"] == "9"
    assert "4" in re.findall(r"samples (\d+)", maps[1]["Parameters"])
    assert maps[2]["Layer"] == "block2_conv2"
    assert "unit 5" in maps[2]["Neuron"]
    assert "max" in maps[2]["Neuron"]
    for explained, facts in zip(explanations, maps, strict=True):
        assert facts["Method"].startswith(f"{explained.method.title}: ")
        made = explained.image if explained.image is not None else explained.heatmap()
        digest = hashlib.sha256(np.ascontiguousarray(made).tobytes()).hexdigest()
        assert facts["Array"].endswith(f"SHA-256 {digest}")
        assert f"numpy {np.__version__}" in facts["Versions"]


def test_what_was_not_treated_is_said(explanations: list[cnnvis.Explanation]) -> None:
    from dataclasses import replace

    from cnnvis_widgets.backend.coverage import Coverage

    odd = replace(explanations[0], coverage=Coverage(untreated={"swish": "no ReLU"}))
    assert dict(page_map(odd).facts)["Coverage"].startswith("Not as published: 1 layer")


def test_titles_say_what_maps_have_in_common(explanations: list[cnnvis.Explanation]) -> None:
    maps = [page_map(one) for one in explanations[:1]]
    assert f"<title>{explanations[0].title}</title>" in page(maps)
    other = PageMap({**maps[0].state, "title": "Other · striped disc · Mini VGG"})
    assert "<title>2 maps · striped disc · Mini VGG</title>" in page([*maps, other])


def test_script_in_a_label_does_not_end_the_data(explanations: list[cnnvis.Explanation]) -> None:
    bad = "</script><script>alert(1)</script><!--"
    one = page_map(explanations[0])
    text = page([PageMap({**one.state, "title": bad, "notes": [bad]})])
    parsed = Elements(text)
    assert len(parsed.scripts) == 2
    assert json.loads(parsed.scripts[0])["maps"][0]["state"]["title"] == bad
    assert bad not in text


def test_six_maps_of_224_pixels_take_less_than_2_mb() -> None:
    """White noise cannot be packed: nothing that a method gives takes more."""
    rng = np.random.default_rng(3)
    picture = cnnvis.load_image("cat")[:224, :224]
    from cnnvis_widgets.rendering import Scale, choose_colormap, lookup
    from cnnvis_widgets.widgets.explorer.explanation_state import heatmap_state

    maps = []
    for _ in range(6):
        values = rng.normal(size=(224, 224)).astype(np.float32)
        scale = Scale.of(values)
        made = heatmap_state(
            picture, values, lookup(choose_colormap(scale.kind)), scale.low, scale.high, scale.kind
        )
        words = {"title": "noise", "alt": "", "notes": [], "warnings": [], "unit": "", "code": ""}
        maps.append(PageMap({**made, **words, "filename": "f"}))
    assert len(page(maps).encode()) < 2_000_000


@pytest.mark.parametrize("name", ["maps.png", "maps", "maps.pdf"])
def test_another_ending_is_refused(
    explanations: list[cnnvis.Explanation], name: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValueError, match=r"ends with \.html"):
        cnnvis.save_page(explanations[0], tmp_path / name)


def test_none_too_many_and_a_folder_that_is_not_there(
    explanations: list[cnnvis.Explanation], tmp_path: Path
) -> None:
    with pytest.raises(InvalidValueError, match="1 to 12 maps; got 0"):
        cnnvis.save_page([], tmp_path / "a.html")
    with pytest.raises(InvalidValueError, match="got 13"):
        cnnvis.save_page(explanations[:1] * 13, tmp_path / "a.html")
    with pytest.raises(FileError, match="could not be written"):
        cnnvis.save_page(explanations[0], tmp_path / "no" / "a.html")
