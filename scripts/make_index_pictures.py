"""Make notebooks/pictures/NAME.jpg: one small picture for each lesson, of what it computes.

python scripts/make_index_pictures.py            # those that are missing
python scripts/make_index_pictures.py --all      # all anew
python scripts/make_index_pictures.py lime cam   # those whose names hold one of these words

The names are those of the notebooks; a lesson that has no picture is shown with its number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import cnnvis_widgets as cnnvis
from cnnvis_widgets.course.models.deep_stack import DeepStack
from cnnvis_widgets.rendering import Scale, colorize, overlay
from cnnvis_widgets.rendering.pictures import jpeg_bytes
from cnnvis_widgets.study.grid_requests import METHODS
from cnnvis_widgets.study.similarity import spearman
from cnnvis_widgets.zoo import evidence
from cnnvis_widgets.zoo.plans import load_plan

FOLDER = Path(__file__).parents[1] / "notebooks" / "pictures"
SIDE = 208  # twice as many pixels as it is shown with, for sharp screens
QUALITY = 80
PHOTOS = ("cat", "coffee", "cameraman", "rocket")


@cache
def _network(name: str = "efficientnet_lite0") -> Any:
    return cnnvis.load_network(name)


def _explained(
    method: str,
    image: str = "cat",
    on: str = "efficientnet_lite0",
    percentile: float = 99.5,
    **how: Any,
) -> np.ndarray:
    explanation = cnnvis.explain(_network(on), cnnvis.load_image(image), method, **how)
    if explanation.image is not None:
        return explanation.image
    heatmap = explanation.heatmap()
    return overlay(explanation.picture, heatmap, Scale.of(heatmap, percentile=percentile))


def _photo(name: str) -> np.ndarray:
    return cnnvis.load_image(name)


def _unit(seed: int) -> np.ndarray:
    """A drawing, and where the strongest unit of the last convolution is active."""
    network, picture = _network("mini_vgg"), evidence.scene(seed).picture
    maps = network.activations(picture, "block4_conv2")
    strongest = maps[..., maps.max((0, 1)).argmax()]
    return overlay(picture, strongest, Scale.of(strongest))


def _quarters(four: list[np.ndarray]) -> np.ndarray:
    """Four pictures in one."""
    a, b, c, d = (_square(picture, SIDE // 2) for picture in four)
    return np.vstack([np.hstack([a, b]), np.hstack([c, d])])


def _square(picture: np.ndarray, side: int) -> np.ndarray:
    rows, columns = picture.shape[:2]
    edge = min(rows, columns)
    top, left = (rows - edge) // 2, (columns - edge) // 2
    cut = Image.fromarray(picture[top : top + edge, left : left + edge])
    return np.asarray(cut.resize((side, side), Image.Resampling.LANCZOS))


def _regression() -> np.ndarray:
    """Points and the line through them, by least squares."""
    random = np.random.default_rng(3)
    x = np.linspace(0.08, 0.92, 12)
    y = 0.15 + 0.65 * x + random.normal(0, 0.07, x.size)
    slope, offset = np.polyfit(x, y, 1)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = np.full((SIDE, SIDE, 3), 250, np.uint8)
    picture[np.abs(1 - rows - slope * columns - offset) < 0.012] = (11, 98, 196)
    for a, b in zip(x, y, strict=True):
        picture[(columns - a) ** 2 + (1 - rows - b) ** 2 < 0.0007] = (200, 80, 40)
    return picture


def _boundary() -> np.ndarray:
    """What a small network that learnt two spirals says of every point of the plane."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(0)
    turn = np.linspace(0.5, 2.6, 120) * np.pi / 1.2
    arm = np.stack([turn * np.cos(turn), turn * np.sin(turn)], 1) / 7.5
    points = np.vstack([arm, -arm]) + random.normal(0, 0.02, (240, 2))
    labels = np.repeat([0, 1], 120)
    learnt = MLPClassifier((24, 24), max_iter=3000, random_state=0).fit(points, labels)
    grid = np.stack(np.meshgrid(*[np.linspace(-1.1, 1.1, SIDE)] * 2), -1).reshape(-1, 2)
    says = learnt.predict_proba(grid)[:, 1].reshape(SIDE, SIDE) - 0.5
    picture = np.array(colorize(says.astype(np.float32)))
    for point, label in zip(points, labels, strict=True):
        column, row = ((point + 1.1) / 2.2 * SIDE).astype(int)
        picture[row - 2 : row + 2, column - 2 : column + 2] = 255 if label else 20
    return picture


def _plan(name: str = "vgg16") -> np.ndarray:
    """A network's layers as boxes as high as their maps, over bars as long as their parameters."""
    layers = [x for x in load_plan(name) if x.kind in ("Conv2D", "MaxPooling2D", "Dense")]
    most = max(layer.parameters for layer in layers)
    colours = {"Conv2D": (11, 98, 196), "MaxPooling2D": (150, 160, 175), "Dense": (200, 80, 40)}
    picture, wide, ground = np.full((SIDE, SIDE, 3), 250, np.uint8), SIDE // len(layers), 130
    for place, layer in enumerate(layers):
        rows = layer.output_shape[0] if len(layer.output_shape) == 3 else 1
        half = int(4 + 52 * np.log2(rows) / 8)
        columns = slice(place * wide + 3, (place + 1) * wide)
        picture[72 - half : 72 + half, columns] = colours[layer.kind]
        picture[ground + 8 : ground + 10 + int(66 * layer.parameters / most), columns] = 90
    return picture


def _line(picture: np.ndarray, heights: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Draw a line from the left to the right, through heights from 0 (below) to 1."""
    columns = np.arange(SIDE)
    rows = np.interp(columns, np.linspace(8, SIDE - 8, len(heights)), (1 - heights) * SIDE)
    steep = np.abs(np.gradient(rows)) / 2 + 2
    far = np.abs(np.arange(SIDE)[:, None] - rows[None])
    picture[(far < steep) & (columns >= 8) & (columns < SIDE - 8)] = colour


def _signals() -> np.ndarray:
    """How large a signal is in twenty layers of ReLUs, from three deviations of first weights."""
    inputs = np.random.default_rng(0).normal(0, 1, (25, 100))
    picture = np.full((SIDE, SIDE, 3), 250, np.uint8)
    for deviation, colour in ((0.1, (11, 98, 196)), (0.1414, (40, 40, 40)), (0.2, (200, 80, 40))):
        stack = DeepStack(100, 20, 100, 10, "relu", deviation)
        sizes = np.log10(stack.sizes(inputs, np.arange(25) % 10).signal)
        _line(picture, np.clip(0.5 + sizes / 7, 0.02, 0.98), colour)
    return picture


def _agreement() -> np.ndarray:
    """The rank correlation of each of the thesis' seven methods with each other one."""
    network, picture = _network("mini_vgg"), evidence.scene(4).picture
    maps = [cnnvis.explain(network, picture, name).heatmap() for name in METHODS]
    table = np.array([[spearman(one, other) for other in maps] for one in maps], np.float32)
    return np.kron(colorize(table), np.ones((SIDE // 7 + 1,) * 2 + (1,), np.uint8))


def _races() -> np.ndarray:
    """The loss of a line over its slope and offset, and the way of gradient descent down it."""
    a, b = np.meshgrid(np.linspace(-1.2, 1.2, SIDE), np.linspace(-1.2, 1.2, SIDE))
    loss = np.log1p(a**2 + 12 * b**2)
    picture = np.array(colorize(loss.astype(np.float32)))
    place = np.array([-1.0, 0.9])
    for _ in range(40):
        step = place - 0.075 * np.array([2, 24]) * place
        for t in np.linspace(0, 1, 80):
            column, row = (((1 - t) * place + t * step + 1.2) / 2.4 * SIDE).astype(int)
            picture[row - 1 : row + 1, column - 1 : column + 1] = 255
        place = step
    return picture


def _features(layer: str, count: int = 16) -> np.ndarray:
    """The most active maps of a layer, on the cat."""
    maps = _network().activations(cnnvis.load_image("cat"), layer)
    best = np.argsort(-maps.mean(axis=(0, 1)))[:count]
    tiles = [_square(colorize(maps[:, :, unit]), SIDE // 4) for unit in best]
    return np.vstack([np.hstack(tiles[i : i + 4]) for i in range(0, count, 4)])


def _scenes() -> np.ndarray:
    return _quarters([evidence.scene(seed).picture for seed in (1, 2, 3, 4)])


def _many(*methods: str, image: str = "cat") -> Callable[[], np.ndarray]:
    return lambda: _quarters([_explained(method, image) for method in methods])


PICTURES: dict[str, Callable[[], np.ndarray]] = {
    "01_introduction": lambda: _explained("grad_cam", "astronaut"),
    "02_1_machine_learning": _regression,
    "02_2_neural_networks": _boundary,
    "02_3_convolutional_networks": lambda: _features("stem_activation"),
    "02_3b_architectures": _plan,
    "02_4_training": _signals,
    "02_4b_optimizers": _races,
    "02_5_tools": _scenes,
    "03_01_visualizing_cnns": _many("saliency", "grad_cam", "lime", "deep_taylor"),
    "03_02_activation_maximization": lambda: _explained("activation_maximization", neuron=967),
    "03_03_deconvnet": lambda: _explained("deconvnet"),
    "03_04_saliency_maps": lambda: _explained("saliency"),
    "03_05_guided_backpropagation": lambda: _explained("guided_backprop"),
    "03_06_deep_taylor": lambda: _explained("deep_taylor"),
    "03_07_cam": lambda: _explained("cam", "motorcycle"),
    "03_08_grad_cam": lambda: _explained("grad_cam"),
    "03_09_guided_grad_cam": lambda: _explained("guided_grad_cam"),
    "03_10_lime": lambda: _explained("lime", "coffee"),
    "03_11_visual_backprop": lambda: _explained("visual_backprop"),
    "03_12_network_inversion": lambda: _explained("network_inversion", layer="block3b_add"),
    "03_13_theoretical_comparison": _many("saliency", "deconvnet", "cam", "visual_backprop"),
    "04_1_experimental_setup": lambda: _quarters([_photo(n) for n in PHOTOS]),
    "04_2_results": _many("saliency", "guided_backprop", "grad_cam", "lime", image="motorcycle"),
    "04_2b_agreement": _agreement,
    "04_3_summary": _many("grad_cam", "guided_grad_cam", "deep_taylor", "saliency", image="coffee"),
    "04_4_other_results": lambda: _explained("visual_backprop", "motorcycle"),
    "05_conclusions": lambda: _quarters(
        [_photo("cat"), _explained("guided_backprop"), _explained("guided_backprop", neuron=967),
         _explained("grad_cam", neuron=967)]
    ),
    "06_since_2019": lambda: _quarters([*map(_unit, (3, 9, 11, 38))]),
    "explorer": lambda: _explained("grad_cam", "coffee"),
    "comparer": _many("saliency", "deep_taylor", "grad_cam", "lime", image="flower"),
}  # fmt: skip


def main() -> None:
    """Compute what is asked for, say how large it is."""
    FOLDER.mkdir(exist_ok=True)
    words = [word for word in sys.argv[1:] if word != "--all"]
    for name, make in PICTURES.items():
        path = FOLDER / f"{name}.jpg"
        wanted = (
            any(w in name for w in words) if words else "--all" in sys.argv or not path.exists()
        )
        if wanted:
            path.write_bytes(jpeg_bytes(_square(make(), SIDE), QUALITY))
            print(f"{path.name}: {path.stat().st_size} bytes", flush=True)
    print(f"all: {sum(p.stat().st_size for p in FOLDER.glob('*.jpg'))} bytes")


if __name__ == "__main__":
    main()
