"""Decoders: built for any code and picture, kept in a file, refused where they do not fit."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.decoders import decoder_file
from cnnvis_widgets.backend.decoders.decoder_file import DecoderFacts, StoredDecoder
from cnnvis_widgets.errors import FileError, UnsuitableError

SHAPE = (22, 15, 3)
RNG = np.random.default_rng(4)


@pytest.mark.parametrize(
    ("code", "picture", "ups"),
    [
        ((7, 7, 320), (224, 224, 3), 5),
        ((8, 8, 2048), (299, 299, 3), 5),  # 256, then resized
        ((11, 8, 6), (22, 15, 3), 1),
        ((22, 15, 4), (22, 15, 1), 0),
        ((3, 30, 5), (24, 30, 3), 3),  # rows alone
        ((40, 50, 2), (20, 30, 3), 0),  # a code larger than the picture
        ((10,), (64, 64, 3), 4),
        ((9, 12), (30, 20, 1), 2),  # neither rows and columns nor a list: taken as numbers
        ((6,), (3, 2, 3), 0),
    ],
)
def test_a_decoder_for_any_code_and_picture(code: Any, picture: Any, ups: int) -> None:
    from cnnvis_widgets.backend.decoders.decoder import build, draw_weights

    model = build(code, picture, 8)
    assert model.output_shape == (None, *picture)
    assert sum(type(layer).__name__ == "Conv2DTranspose" for layer in model.layers) == ups
    draw_weights(model, 3)
    first = model.get_weights()
    draw_weights(model, 3)
    for one, other in zip(first, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    made = model(RNG.normal(size=(2, *code)).astype(np.float32)).numpy()
    assert np.isfinite(made).all() and made.std() > 0


def test_a_small_decoder_is_a_small_file(tmp_path: Path) -> None:
    """What comes along with the mini networks: float16, under 250 kB."""
    from cnnvis_widgets.backend.decoders.decoder import build, draw_weights

    model = build((8, 8, 128), (64, 64, 3), 32)
    draw_weights(model, 0)
    facts = FACTS._replace(code_shape=(8, 8, 128), input_shape=(64, 64, 3), width=32)
    weights = tuple(model.get_weights())
    unit = np.ones(128, np.float32)
    decoder_file.write(tmp_path / "d.npz", StoredDecoder(facts, weights, unit, unit, unit))
    assert (tmp_path / "d.npz").stat().st_size < 250_000


FACTS = DecoderFacts(
    network="tiny", layer="c", code_shape=(11, 8, 4), input_shape=SHAPE, bounds=(-0.5, 0.5),
    width=6, pictures=12, steps=30, batch=4, rate=0.001, seed=0, loss=0.04,
)  # fmt: skip


def tiny(seed: int = 0, **changes: Any) -> Any:
    import keras

    from cnnvis_widgets.backend.network import Network

    choice = {"shape": SHAPE, "layer": "c", "units": 4, "preprocess": lambda p: p / 255 - 0.5}
    choice |= changes
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(choice["shape"]),
            layers.Conv2D(choice["units"], 3, 2, "same", activation="relu", name=choice["layer"]),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, name="head"),
        ]
    )
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return Network(model, choice["preprocess"], name="tiny")


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, StoredDecoder]:
    """A decoder with drawn weights, for `tiny()`."""
    from cnnvis_widgets.backend.decoders.decoder import build, draw_weights, fingerprint

    model = build(FACTS.code_shape, SHAPE, FACTS.width)
    draw_weights(model, 1)
    mean, scale = RNG.normal(size=4).astype("f4"), RNG.uniform(1, 2, 4).astype("f4")
    weights = tuple(w.astype(np.float16).astype(np.float32) for w in model.get_weights())
    made = StoredDecoder(FACTS, weights, mean, scale, fingerprint(tiny(), "c"))
    path = tmp_path / "made.npz"
    decoder_file.write(path, made)
    return path, made


def test_what_is_written_is_read(stored: tuple[Path, StoredDecoder]) -> None:
    path, made = stored
    decoder = decoder_file.read(path)
    assert decoder.facts == FACTS == decoder_file.read_facts(path)
    for name in ("mean", "scale", "print"):
        np.testing.assert_array_equal(getattr(decoder, name), getattr(made, name))
    for one, other in zip(decoder.weights, made.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    (path.parent / "other.npz").write_bytes(b"no decoder")
    assert decoder_file.decoders(path.parent) == {"c": path}
    assert decoder_file.decoders(None) == decoder_file.decoders(path / "no") == {}
    assert len(list(path.parent.iterdir())) == 2  # nothing is left beside it


def test_a_decoder_computes_what_its_file_says(stored: tuple[Path, StoredDecoder]) -> None:
    """One 3 × 3 convolution, one up-convolution of stride 2, one 3 × 3, in loops."""
    from cnnvis_widgets.backend.decoders.decoder import load_decoder

    path, made = stored
    code = RNG.normal(size=FACTS.code_shape).astype(np.float32)
    picture = load_decoder(tiny(), path).reconstruct(code)
    first, bias1, up, bias2, last, bias3 = made.weights

    def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        rows, columns = x.shape[:2]
        taps = [(a, b) for a in range(3) for b in range(3)]
        return bias + sum(padded[a : a + rows, b : b + columns] @ kernel[a, b] for a, b in taps)

    def leaky(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x, 0.2 * x)

    x = leaky(convolve((code - made.mean) / made.scale, first, bias1))
    large = np.zeros((22 + 2, 16 + 2, up.shape[2]))  # one row and column beyond each border
    for i, j in np.ndindex(11, 8):
        for a, b in np.ndindex(4, 4):
            large[2 * i + a, 2 * j + b] += up[a, b] @ x[i, j]
    x = leaky(large[1:-1, 1:-1] + bias2)
    # 16 columns to 15: half-pixel centres
    place = (np.arange(15) + 0.5) * 16 / 15 - 0.5
    left = np.floor(place).astype(int)
    part = (place - left)[None, :, None]
    x = x[:, left] * (1 - part) + x[:, np.minimum(left + 1, 15)] * part
    np.testing.assert_allclose(picture, convolve(x, last, bias3), rtol=1e-4, atol=1e-5)
    assert picture.std() > 0


def test_a_decoder_of_something_else_is_refused(stored: tuple[Path, StoredDecoder]) -> None:
    from cnnvis_widgets.backend.decoders.decoder import load_decoder

    path, _ = stored
    assert load_decoder(tiny(), path).facts == FACTS
    for network, why in [
        (tiny(shape=(22, 17, 3)), r"pictures of \(22, 15, 3\); tiny takes \(22, 17, 3\)"),
        (tiny(layer="other"), "a layer 'c', which tiny does not have"),
        (tiny(units=5), r"codes of \(11, 8, 4\); that layer's here is \(11, 8, 5\)"),
        (tiny(seed=1), "other weights"),
        (tiny(preprocess=None), "another preprocessing"),
    ]:
        with pytest.raises(UnsuitableError, match=f"made.npz.*'c' of tiny.*{why}") as error:
            load_decoder(network, path)
        assert "train_decoder" in str(error.value) and "network_inversion" in str(error.value)


def test_a_file_that_is_no_decoder_is_told_as_one_that_is_absent(
    stored: tuple[Path, StoredDecoder], tmp_path: Path
) -> None:
    path, made = stored
    whole = path.read_bytes()
    damaged = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"hello",
        "other": _npz({"a": np.zeros(3)}),
        "pickle": _npz({"facts": np.array([{"a": 1}], object)}),
        "format": _npz({"facts": _text({"format": 99})}),
        "sizes": _npz({"facts": _text({"format": 1, **FACTS._asdict(), "width": 10**9})}),
    }
    for name, content in damaged.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "dir.npz").mkdir()
    message = set()
    for name in [*damaged, "absent", "pipe", "dir"]:
        with pytest.raises(FileError, match=f"no decoder in .*{name}.npz") as error:
            decoder_file.read(tmp_path / f"{name}.npz")
        message.add(str(error.value).replace(name, ""))
        with pytest.raises(FileError, match="no decoder"):
            decoder_file.read_facts(tmp_path / f"{name}.npz")
    assert len(message) == 1  # the message does not tell which files there are

    from cnnvis_widgets.backend.decoders.decoder import load_decoder

    decoder_file.write(path, made._replace(weights=made.weights[:-1]))
    with pytest.raises(FileError, match="damaged"):
        load_decoder(tiny(), path)


def _text(facts: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(facts).encode(), np.uint8)


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()
