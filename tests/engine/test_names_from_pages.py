"""A request's picture is an array or a name of ours; no text of a page's is taken for a path."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from cnnvis_widgets import policy
from cnnvis_widgets.engine import listings
from cnnvis_widgets.engine.requests import Explain, Library, Neurons, Predict
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.explorer.explorer_records import offered_parameters
from cnnvis_widgets.zoo.images import load_image, load_named


@pytest.fixture
def private(tmp_path: Path) -> str:
    path = tmp_path / "private.png"
    Image.new("RGB", (40, 30), "red").save(path)
    return str(path)


@pytest.mark.parametrize("request_of", [
    lambda name: Predict("mini_vgg", name),
    lambda name: Neurons("mini_vgg", name, "block1_conv1"),
    lambda name: Explain("mini_vgg", name, "saliency"),
])  # fmt: skip
def test_a_path_in_a_request_is_an_unknown_name(request_of, private: str) -> None:
    assert load_image(private).shape == (30, 40, 3)  # in a notebook of one's own it is read
    for text in (private, "~/x.png", "/", "", "no/such.png"):
        with pytest.raises(UnknownNameError, match="There is no picture"):
            request_of(text).perform(Library(), lambda done, total: None)


def test_names_and_drawn_pictures_are_read() -> None:
    assert load_named("cat").shape == (300, 451, 3)
    assert load_named("scene:17").shape == load_image("scene:17").shape


def test_visitors_of_a_served_page_name_no_decoder_file(monkeypatch: pytest.MonkeyPatch) -> None:
    method = next(m for m in listings.methods() if m["name"] == "upconvnet")
    here = [p["name"] for p in offered_parameters(method, [])]
    assert here == ["layer", "decoder"]
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    assert [p["name"] for p in offered_parameters(method, [])] == ["layer"]
