"""The decoders that come along: small, for these very weights, and better than a guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnvis_widgets.backend.decoders.decoder_file import decoders
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
def test_they_fit_and_tell_more_than_plain_grey(name: str) -> None:
    """On pictures that they have not seen, with and without snow."""
    network = load_network(name)
    kinds = ("none", "background")
    pictures = [s.picture for kind in kinds for s in scenes(6, seed=4242, shortcut=kind)]
    grey = np.mean([np.square(p - 132.0).mean() for p in pictures])  # the mean of very many
    codes, known = [], decoders(network.decoders)
    for layer in [info.name for info in network.layers if info.name in known]:
        details = [explain(network, p, "upconvnet", layer=layer).details for p in pictures]
        assert all(d["decoder"]["layer"] == layer for d in details)
        assert np.mean([d["pixel_error"] ** 2 for d in details]) < grey
        codes.append(np.mean([d["relative_error"] for d in details]))
    assert codes == sorted(codes)  # the deeper, the less there is left to decode
    assert codes[0] < 0.1


def test_they_belong_to_the_published_weights_alone() -> None:
    published = load_network("mini_vgg")
    assert published.decoders == DECODERS / "mini_vgg"
    file = str(Path(next(iter(decoders(published.decoders).values()))))
    for other in (load_network("mini_vgg", "random"), load_network("mini_vgg:cheating")):
        assert other.decoders is None
        with pytest.raises(UnsuitableError, match="network with other weights"):
            explain(other, "cat", "upconvnet", decoder=file)
