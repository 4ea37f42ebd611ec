"""Networks that this repository trains; their weights are in the package.

`scripts/train_minis.py` writes the files. No TensorFlow here.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo.architecture import Architecture
from cnnvis_widgets.zoo.weights import LocalWeights

if TYPE_CHECKING:
    import keras

FOLDER = Path(__file__).parent / "trained"


class TrainedHere(Architecture):
    """A network that this repository trains.

    Attributes:
        trained_on: what the default version was trained on, in words.
    """

    weights = "bundled"
    trained_on: ClassVar[str]

    def path(self, version: str = "") -> Path:
        """The path of a version's weights."""
        return FOLDER / f"{self.name}{version and '_' + version}.npz"

    def find_weights(self, folder: Path | None, progress: Any = None) -> LocalWeights:
        """Find the file of the default version."""
        return self.find_version("")

    def find_version(self, version: str) -> LocalWeights:
        """Find the file of a version."""
        path = self.path(version)
        if not path.is_file():
            raise FileError(
                f"The weights of {self.title} were expected in the package as {path.name}; they are"
                f" not there. Install the package again, or: python scripts/train_minis.py"
            )
        return LocalWeights(path, self.versions[version] if version else self.trained_on)

    def read_weights(self, model: keras.Model, path: Path) -> None:
        """Copy the arrays into `model`."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise FileError(f"{str(path)!r} is damaged: {error}") from error
        expected = {weight.path: tuple(weight.shape) for weight in model.weights}
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != expected:
            differing = sorted(expected.items() ^ shapes.items())
            raise FileError(
                f"{path.name} does not hold the weights of {self.title}: they differ in "
                f"{differing[:4]}."
            )
        model.set_weights([arrays[weight.path].astype(np.float32) for weight in model.weights])

    def available(self, folder: Path | None = None) -> str:
        """Whether the files are in the package."""
        paths = [self.path(version) for version in ("", *self.versions)]
        missing = [path.name for path in paths if not path.is_file()]
        return f"{', '.join(missing)} is missing from the package" if missing else ""


def write_weights(model: keras.Model, path: Path) -> None:
    """Write a model's weights as `TrainedHere.read_weights` reads them, rounded to float16."""
    arrays = {weight.path: np.asarray(weight, np.float16) for weight in model.weights}
    if any(not np.isfinite(a).all() for a in arrays.values()):
        raise FileError(f"{model.name} has weights that are no finite float16 numbers.")
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)
