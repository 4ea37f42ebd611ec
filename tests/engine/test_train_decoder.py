"""Training a decoder: interrupted, killed, cancelled; on a problem whose best answer is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import (
    Cancelled,
    CnnvisError,
    FileError,
    InvalidValueError,
    UnknownNameError,
    UnsuitableError,
)

SHAPE = (12, 10, 3)
RNG = np.random.default_rng(2)
PICTURES = [
    np.asarray(Image.fromarray(RNG.integers(0, 256, (3, 2, 3), dtype=np.uint8)).resize((10, 12), 1))
    for _ in range(11)
]
QUICK: dict[str, Any] = {"steps": 24, "batch": 4, "width": 6, "checkpoint_every": 5}


@pytest.fixture(scope="module")
def network() -> Any:
    import keras

    from cnnvis_widgets.backend.network import Network

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(2, 1, name="two"),
            layers.Conv2D(5, 3, 2, "same", activation="relu", name="c"),
            layers.Conv2D(2, 1, activation="relu", name="dead"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, name="head"),
        ]
    )
    rng = np.random.default_rng(1)
    weights = [rng.normal(0, 0.6, w.shape) for w in model.get_weights()]
    weights[4], weights[5] = weights[4] * 0, weights[5] * 0 - 1
    model.set_weights(weights)
    return Network(model, lambda p: p / 127.5 - 1, name="tiny")


def train(network: Any, path: Path, **options: Any) -> Any:
    from cnnvis_widgets.engine.decoders import train_decoder

    choice = {"layer": "c", "pictures": PICTURES, **QUICK, **options}
    return train_decoder(network, choice.pop("layer"), choice.pop("pictures"), path, **choice)


def same(one: Path, other: Path) -> bool:
    from cnnvis_widgets.backend.decoders import decoder_file

    a, b = decoder_file.read(one), decoder_file.read(other)
    arrays = zip((*a.weights, *a[2:]), (*b.weights, *b[2:]), strict=True)
    return a.facts == b.facts and all(np.array_equal(x, y) for x, y in arrays)


@pytest.fixture(scope="module")
def whole(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained without an interruption."""
    path = tmp_path_factory.mktemp("decoders") / "whole.npz"
    seen: list[tuple[int, int]] = []
    facts = train(network, path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(k, 24) for k in range(25)]
    assert (facts.network, facts.layer, facts.code_shape) == ("tiny", "c", (6, 5, 5))
    assert (facts.input_shape, facts.bounds, facts.pictures) == (SHAPE, (-1.0, 1.0), 11)
    assert (facts.steps, facts.batch, facts.width, facts.seed) == (24, 4, 6, 0)
    assert [p.name for p in path.parent.iterdir()] == ["whole.npz"]  # the checkpoint is gone
    return path


def test_stopped_and_called_again(network: Any, whole: Path, tmp_path: Path) -> None:
    """Twice: once with Cancelled, once as Ctrl+C does."""
    path, seen = tmp_path / "whole.npz", []

    def stop(done: int, total: int) -> None:
        seen.append(done)
        if done in (7, 16):
            raise Cancelled("enough") if done == 7 else KeyboardInterrupt

    with pytest.raises(Cancelled):
        train(network, path, progress=stop)
    assert not path.exists()
    with pytest.raises(KeyboardInterrupt):
        train(network, path, progress=lambda done, total: stop(done, total) if done > 7 else None)
    train(network, path, progress=lambda done, total: seen.append(done))
    assert seen == [*range(8), *range(8, 17), *range(16, 25)]  # nothing is done twice
    assert same(path, whole)
    assert [p.name for p in tmp_path.iterdir()] == ["whole.npz"]


def test_killed_and_called_again(network: Any, whole: Path, tmp_path: Path) -> None:
    """A process that is killed leaves the last checkpoint: here it is taken away at step 13."""
    path, beside = tmp_path / "whole.npz", tmp_path / "whole.npz.training"

    def kill(done: int, total: int) -> None:
        if done == 13:
            shutil.copy(beside, tmp_path / "left")
            raise Cancelled

    with pytest.raises(Cancelled):
        train(network, path, progress=kill)
    shutil.move(tmp_path / "left", beside)
    seen: list[int] = []
    train(network, path, progress=lambda done, total: seen.append(done))
    assert seen[0] == 10
    assert same(path, whole)


def test_a_checkpoint_of_another_training_is_refused(network: Any, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    path = tmp_path / "d.npz"
    with pytest.raises(Cancelled):
        train(network, path, progress=stop)
    for other in [{"seed": 1}, {"steps": 25}, {"layer": "two"}, {"pictures": PICTURES[:10]}]:
        with pytest.raises(FileError, match=r"d\.npz\.training is of a training with another"):
            train(network, path, **other)
    (tmp_path / "d.npz.training").write_bytes(b"no")
    with pytest.raises(FileError, match=r"d\.npz\.training is damaged"):
        train(network, path)


def test_the_seed_decides(network: Any, whole: Path, tmp_path: Path) -> None:
    state = np.random.get_state()[1].copy()  # type: ignore[index]
    train(network, tmp_path / "again.npz")
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # type: ignore[index]
    train(network, tmp_path / "other.npz", seed=1)
    assert same(tmp_path / "again.npz", whole)
    assert not same(tmp_path / "other.npz", whole)


def test_every_picture_has_its_turn() -> None:
    from cnnvis_widgets.backend.decoders.decoder_training import Plan, order

    plan = Plan(steps=33, batch=4, rate=0.1, width=1, seed=5)
    drawn = [i for step in range(33) for i in order(11, plan, step)]
    laps = [drawn[start : start + 11] for start in range(0, 132, 11)]
    assert all(sorted(lap) == list(range(11)) for lap in laps)
    assert laps[0] != laps[1]
    assert len(order(3, plan._replace(batch=8), 0)) == 8  # fewer pictures than a batch


def test_a_linear_decoder_reaches_the_least_squares_error(network: Any, tmp_path: Path) -> None:
    """From two of three colours back to three, with one matrix: the best one is in closed form."""
    import keras

    from cnnvis_widgets.backend.decoders.decoder_training import Plan, Training, code_range

    codes = np.concatenate([network.activations(p, "two").reshape(-1, 2) for p in PICTURES])
    wanted = np.concatenate(PICTURES).reshape(-1, 3) / 255
    given = np.column_stack([codes, np.ones(len(codes))])
    best, *_ = np.linalg.lstsq(given, wanted, rcond=None)
    least = np.square(given @ best - wanted).mean()
    assert least > 1e-3  # one colour is lost

    model = keras.Sequential([keras.Input((12, 10, 2)), keras.layers.Conv2D(3, 1)])
    mean, scale = code_range(network, "two", PICTURES)
    np.testing.assert_allclose(mean, codes.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scale, codes.std(0), rtol=1e-3)
    plan = Plan(steps=400, batch=11, rate=0.02, width=1, seed=0)
    training = Training(network, "two", model, (mean, scale), PICTURES, plan)
    training.run(lambda done, total: None, tmp_path / "none", 1000)
    assert training.losses[0] > 2 * least
    assert training.losses[-1] == pytest.approx(least, rel=1e-3)
    made = model((codes.reshape(-1, 12, 10, 2) - mean) / scale).numpy().reshape(-1, 3)
    np.testing.assert_allclose(made, given @ best, atol=5e-3)


def test_a_folder_of_pictures(network: Any, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for i, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(folder / ("more" if i > 7 else "") / f"{i:02}.png")
    (folder / "00_broken.jpg").write_bytes(b"not a picture")
    (folder / "notes.txt").write_text("not a picture either")
    with pytest.warns(UserWarning, match=r"1 pictures were left out: .*00_broken\.jpg"):
        facts = train(network, tmp_path / "d.npz", pictures=folder)
    assert facts.pictures == 11
    assert same(tmp_path / "d.npz", whole)  # the same pictures in the same order


def test_more_pictures_than_are_kept_in_memory(
    network: Any, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnvis_widgets.engine import decoders

    monkeypatch.setattr(decoders, "CACHE_BYTES", 4 * 12 * 10 * 3)
    for i, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(tmp_path / f"{i:02}.png")
    crops = decoders.Crops(network, sorted(tmp_path.iterdir()))
    assert len(crops) == 11
    for crop, picture in zip(crops, PICTURES, strict=True):
        np.testing.assert_array_equal(crop, picture)
    train(network, tmp_path / "d.npz", pictures=tmp_path)
    assert same(tmp_path / "d.npz", whole)


def test_what_cannot_be_trained_is_told(network: Any, whole: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "d.npz", tmp_path / "empty"
    folder.mkdir()
    wrong: list[tuple[dict[str, Any], type[CnnvisError], str]] = [
        ({"pictures": folder}, InvalidValueError, "no pictures to train on"),
        ({"pictures": folder / "no"}, FileError, "no folder .*no"),
        ({"pictures": []}, InvalidValueError, "no pictures"),
        ({"pictures": 3}, InvalidValueError, "folder or an iterable.*int"),
        ({"layer": "cc"}, UnknownNameError, "'cc'.*Did you mean 'c'"),
        ({"layer": "dead"}, UnsuitableError, "'dead' says the same of every picture"),
        ({"steps": 0}, InvalidValueError, "steps is a whole number from 1"),
        ({"batch": True}, InvalidValueError, "batch"),
        ({"width": 5000}, InvalidValueError, "width.*1024"),
        ({"rate": float("nan")}, InvalidValueError, "rate"),
        ({"seed": -1}, InvalidValueError, "seed"),
    ]
    for options, error, message in wrong:
        with pytest.raises(error, match=message):
            train(network, path, **options)
    with pytest.raises(InvalidValueError, match=r"ends in \.npz"):
        train(network, tmp_path / "d.keras")
    with pytest.raises(FileError, match=r"no folder .*nowhere"):
        train(network, tmp_path / "nowhere" / "d.npz")
    with pytest.raises(FileError, match=r"whole\.npz.*already"):
        train(network, whole)
    with (
        pytest.warns(UserWarning, match="a ndarray"),
        pytest.raises(InvalidValueError, match="Could not be read: 1"),
    ):
        train(network, path, pictures=[np.zeros((3, 4))])
    assert [p.name for p in tmp_path.iterdir()] == ["empty"]
