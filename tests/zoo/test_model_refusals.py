"""What Keras does not load is told in words that say what to do; nothing of it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets import load_network
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo.loading import read_model


def saved(path: Path, *layers: Any) -> Path:
    import keras

    inputs = keras.Input((8, 9, 3))
    x = inputs
    for layer in (*layers, keras.layers.Flatten(), keras.layers.Dense(2)):
        x = layer(x)
    keras.Model(inputs, x).save(path)
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_within_a_file_is_never_run(tmp_path: Path, suffix: str) -> None:
    import keras

    mark = tmp_path / "it ran"
    code = keras.layers.Lambda(lambda x, path=str(mark): (open(path, "w").close(), x)[1])  # noqa: PTH123
    path = saved(tmp_path / f"lambda{suffix}", code)
    mark.unlink(missing_ok=True)  # building it has run it
    with pytest.raises(FileError, match="such code is never run here: Keras' safe mode stays on"):
        load_network(path)
    assert not mark.exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_layer_whose_code_is_elsewhere_is_named(tmp_path: Path, suffix: str) -> None:
    import keras

    class Doubled(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    path = saved(tmp_path / f"own{suffix}", Doubled())
    with pytest.raises(FileError, match="'Doubled' that Keras does not know") as told:
        read_model(path, "the visitor's.keras")
    assert str(told.value).startswith("the visitor's.keras could not be loaded")
    assert 'custom_objects={"Doubled": Doubled}' in str(told.value)
    assert str(tmp_path) not in str(told.value)


def test_weights_alone_are_no_network(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    path = tmp_path / "only.weights.h5"
    model.save_weights(path)
    with pytest.raises(FileError, match="it holds weights alone"):
        load_network(path)


def test_a_file_of_another_kind_is_told_before_tensorflow_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "picture.keras"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(np.arange(50, dtype=np.uint8)))
    with pytest.raises(FileError, match=r"neither a \.keras archive nor an HDF5 file"):
        load_network(path)
