"""The decoders that come along: small, for these very weights, and better than a guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnvis_widgets.backend.decoder_file import decoders
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.zoo.evidence import scenes
from cnnvis_widgets.zoo.loading import DECODERS, load_network

MINIS = ("mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet")


def test_three_layers_of_each_mini_network() -> None:
    assert sorted(p.name for p in DECODERS.iterdir()) == sorted(MINIS)
    for name in MINIS:
        files = list((DECODERS / name).iterdir())
        assert len(decoders(DECODERS / name)) == len(files) == 3
        assert max(p.stat().st_size for p in files) < 250_000


@pytest.mark.parametrize("name", MINIS)
def test_they_fit_and_see_more_than_a_mean_colour(name: str) -> None:
    network = load_network(name)
    pictures = [scene.picture for scene in scenes(6, seed=4242)]
    shapes = {info.name: info.output_shape for info in network.layers}
    found = {
        layer: [explain(network, p, "upconvnet", layer=layer).details for p in pictures]
        for layer in decoders(network.decoders)
    }
    finest = max(found, key=lambda layer: shapes[layer][0] or 0)
    off = np.mean([d["pixel_error"] for d in found[finest]])
    plain = np.mean([np.sqrt(np.square(p - p.mean((0, 1))).mean()) for p in pictures])
    assert off < plain
    for layer, details in found.items():
        assert all(d["decoder"]["layer"] == layer for d in details)
        # a grey picture's code is as far off as no code at all, or further
        assert np.mean([d["relative_error"] for d in details]) < 1


def test_they_belong_to_the_published_weights_alone() -> None:
    published = load_network("mini_vgg")
    assert published.decoders == DECODERS / "mini_vgg"
    file = str(Path(next(iter(decoders(published.decoders).values()))))
    for other in (load_network("mini_vgg", "random"), load_network("mini_vgg:cheating")):
        assert other.decoders is None
        with pytest.raises(UnsuitableError, match="network with other weights"):
            explain(other, "cat", "upconvnet", decoder=file)
