"""UpConvNet: the picture and its errors recomputed; which decoder is taken, which refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import FileError, UnsuitableError
from cnnvis_widgets.methods import method

SHAPE = (16, 12, 3)
RNG = np.random.default_rng(9)


def pictures(shape: tuple[int, ...], count: int = 12) -> list[np.ndarray]:
    """Uint8 pictures of four plain fields each."""
    rows, columns = shape[:2]
    small = RNG.integers(0, 256, (count, 2, 2, 3), dtype=np.uint8)
    return [s.repeat(-(-rows // 2), 0).repeat(-(-columns // 2), 1)[:rows, :columns] for s in small]


def equip(network: Any, folder: Path) -> None:
    """Give the contract's network what the method needs: tiny decoders for its convolutions."""
    from cnnvis_widgets.engine.decoders import train_decoder

    chosen: dict[str, Any] = {"steps": 3, "batch": 4, "width": 4}
    for layer in ("c1", "c2"):
        given = pictures(network.input_shape)
        train_decoder(network, layer, given, folder / f"{layer}.npz", **chosen)
    network.decoders = folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import keras

    from cnnvis_widgets.backend.network import Network

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(name="p1"),
            layers.Conv2D(7, 3, padding="same", activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(4, name="head"),
        ],
        name="own",
    )
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(0, 0.35, w.shape) for w in model.get_weights()])
    network = Network(model, lambda p: p / 127.5 - 1)
    folder = tmp_path_factory.mktemp("decoders")
    from cnnvis_widgets.engine.decoders import train_decoder

    chosen: dict[str, Any] = {"batch": 8, "width": 16, "rate": 0.01}
    given = pictures(SHAPE, 40)
    train_decoder(network, "c1", given, folder / "any name.npz", steps=150, **chosen)
    train_decoder(network, "gap", given, folder / "b.npz", steps=2, **chosen)
    network.decoders = folder
    return network


PICTURE = pictures(SHAPE, 1)[0]


def test_picture_and_errors(own: Any) -> None:
    from cnnvis_widgets.backend.decoders.decoder import load_decoder

    explanation = explain(own, PICTURE, "upconvnet", layer="c1")
    code = own.activations(PICTURE, "c1")
    made = load_decoder(own, own.decoders / "any name.npz").reconstruct(code)
    np.testing.assert_array_equal(explanation.image, np.rint(np.clip(made, 0, 1) * 255))
    assert explanation.image.dtype == np.uint8 and explanation.image.shape == SHAPE

    off = np.clip(made, 0, 1).astype(float) * 255 - PICTURE
    wanted = float(np.sqrt((off**2).mean()))
    assert explanation.details["pixel_error"] == pytest.approx(wanted, rel=1e-4)
    grey = float(np.sqrt(((127.5 - PICTURE.astype(float)) ** 2).mean()))
    assert wanted < 0.6 * grey  # it has learned something
    again = own.activations(explanation.image, "c1").astype(float)
    error = ((again - code) ** 2).sum() / (code.astype(float) ** 2).sum()
    assert explanation.details["relative_error"] == pytest.approx(error, rel=1e-4)
    assert error < 0.2
    assert f"Off by {wanted:.3g} of 255" in explanation.notes[0]
    assert f"own code: {error:.3g}" in explanation.notes[1]
    facts = explanation.details["decoder"]
    assert facts["pictures"] == 40 and facts["steps"] == 150 and facts["file"] == "any name.npz"
    assert f"by {255 * facts['loss'] ** 0.5:.3g} on the pictures" in explanation.notes[0]
    assert 'layer="c1"' in explanation.code().replace("'", '"')


def test_which_decoder_is_taken(own: Any) -> None:
    def made(neuron: Any = None, **options: Any) -> Any:
        return explain(own, PICTURE, "upconvnet", neuron, **options)

    assert made().layer == made(2).layer == made(("head", 1)).layer == "gap"  # the deepest
    assert made(("c1", 3)).layer == "c1"
    assert "any of its 6 neurons" in made(("c1", 3)).notes[-1]
    named = str(own.decoders / "any name.npz")
    assert made(decoder=named).layer == made(("c2", 0), decoder=named).layer == "c1"
    assert made(decoder=named, layer="c1").layer == "c1"
    with pytest.raises(UnsuitableError, match="is for 'c1'; layer= says 'gap'"):
        made(decoder=named, layer="gap")
    with pytest.raises(UnsuitableError, match=r"no decoder for 'c2' of own.*for: c1, gap"):
        made(("c2", 0))
    with pytest.raises(FileError, match=r"no decoder in 'nowhere\.npz'"):
        made(decoder="nowhere.npz")


def test_a_float_input_is_compared_by_its_colours(own: Any) -> None:
    given = own.prepare(PICTURE).input
    one, other = (explain(own, p, "upconvnet", layer="c1") for p in (PICTURE, given))
    np.testing.assert_array_equal(one.image, other.image)
    assert other.picture is None
    assert other.details["pixel_error"] == pytest.approx(one.details["pixel_error"], rel=1e-4)


def test_a_network_without_decoders(own: Any) -> None:
    from cnnvis_widgets.backend.network import Network

    bare = Network(own.model, own.preprocess, name="bare")
    assert method("upconvnet").unsuited(own) == ""
    why = method("upconvnet").unsuited(bare)
    assert "No decoder for bare" in why and "network_inversion" in why and "train_decoder" in why
    with pytest.raises(UnsuitableError, match="No decoder for bare"):
        explain(bare, PICTURE, "upconvnet")
    # it is the weights that a decoder is for, not the name
    named = str(own.decoders / "any name.npz")
    explanation = explain(bare, PICTURE, "upconvnet", decoder=named)
    np.testing.assert_array_equal(
        explanation.image, explain(own, PICTURE, "upconvnet", layer="c1").image
    )
