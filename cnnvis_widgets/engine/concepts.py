"""Concepts: a factorisation of a layer's activations over many pictures, and their importance.

After CRAFT (Fel, Picard, Béthune, Boissin, Vigouroux, Colin, Cadène & Serre, CVPR 2023,
arXiv:2211.10154): non-negative matrix factorisation of the activations, A ≈ U W with one row of U
for each position of each picture and one row of W for each concept. Here the positions of the
layer's maps are factorised instead of random crops, and a concept's importance is the fall of the
neuron's activation when the concept is removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets import checks
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Progress
from cnnvis_widgets.methods.upsampling import at_input_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cnnvis_widgets.backend.network import Network

PATCHES = 5
STEPS = 1000  # of the factorisation, at most


class Patch(NamedTuple):
    """A part of a picture that shows a concept.

    Attributes:
        picture: its number.
        box: top, left, bottom, right in pixels of the network's input; the last two excluded.
        pixels: uint8 (rows, columns, 3), what the box holds.
        strength: the amount of the concept at its centre.
    """

    picture: int
    box: tuple[int, int, int, int]
    pixels: np.ndarray
    strength: float


@dataclass(frozen=True, eq=False)
class Concepts:
    """The concepts of a layer's activations over a set of pictures, the most important first.

    Attributes:
        network: the network's name.
        neuron: the neuron whose fall is the importance.
        label: the neuron in words.
        layer: the layer whose activations were factorised.
        maps: float32 (pictures, rows, columns, concepts), U: the amount of each concept at each
            position, not negative.
        bank: float32 (concepts, units), W: how active each unit is in a concept.
        drops: float32 (pictures, concepts), how much the activation falls without the concept.
        importance: float64 (concepts,), the means of `drops`, the largest first.
        patches: for each concept its strongest patches, at most one of each picture.
        error: ‖A - U W‖² / ‖A‖², the unexplained share.
        values: float32 (pictures,), the neuron's activations.
        input_size: (rows, columns) of the network's input.

    Examples:
        >>> from cnnvis_widgets.zoo.evidence import scenes
        >>> pictures = [one.picture for one in scenes(8, seed=1)]
        >>> concepts = cnnvis.concepts(network, pictures, neuron=0, count=3)
        >>> concepts.maps.shape, concepts.bank.shape, concepts.layer
        ((8, 8, 8, 3), (3, 64), 'block4_conv2')
        >>> bool((np.diff(concepts.importance) <= 0).all())
        True
    """

    network: str
    neuron: Neuron
    label: str
    layer: str
    maps: np.ndarray
    bank: np.ndarray
    drops: np.ndarray
    importance: np.ndarray
    patches: tuple[tuple[Patch, ...], ...]
    error: float
    values: np.ndarray
    input_size: tuple[int, int]

    def __repr__(self) -> str:
        return f"<Concepts: {len(self.bank)} of {self.layer} · {self.label} · {self.network}>"

    def heatmap(self, picture: int, concept: int) -> np.ndarray:
        """A concept's amounts, enlarged to the input bilinearly: float32 (rows, columns)."""
        checks.whole("picture", picture, 0, len(self.maps) - 1)
        checks.whole("concept", concept, 0, len(self.bank) - 1)
        amounts = np.ascontiguousarray(self.maps[picture, ..., concept])
        return at_input_size(amounts, self.input_size)

    def plot(self, **options: Any) -> Figure:
        """Plot each concept's patches in a row; `options` are those of `rendering.grid`."""
        from cnnvis_widgets.rendering import grid
        from cnnvis_widgets.rendering.figures import Panel

        columns = max(len(patches) for patches in self.patches)
        rows = [
            [
                Panel(patch.pixels, label=f"picture {patch.picture}", alt="a patch")
                for patch in patches
            ]
            + [None] * (columns - len(patches))
            for patches in self.patches
        ]
        row_labels = [f"{n}: {drop:.3g}" for n, drop in enumerate(self.importance)]
        title = f"Concepts of {self.layer} · {self.label} · {self.network}"
        options = {"title": title, "row_labels": row_labels, **options}
        return grid(rows, **options)


def concepts(
    network: Network,
    images: Sequence[Any] | Mapping[str, Any],
    neuron: Neuron | int | tuple[str, int] | None = None,
    *,
    layer: str = "",
    count: int = 6,
    seed: int = 0,
    progress: Progress | None = None,
) -> Concepts:
    """Factorise a layer's activations over pictures into concepts, and rate their importance.

    Args:
        network: the network.
        images: at least two pictures, or inputs of the network as floats; best of one class.
        neuron: None is the class that is most probable over all pictures.
        layer: "" is the last convolutional block before the neuron. Its activations may not be
            negative: choose a layer after a ReLU.
        count: how many concepts; at most the units and the positions of the layer.
        seed: of the factorisation's random start.
        progress: called between steps with (done, total).

    Raises:
        InvalidValueError: fewer than two pictures, or a count out of range.
        UnsuitableError: a layer without rows and columns, or with negative activations.

    Examples:
        >>> from cnnvis_widgets.zoo.evidence import scenes
        >>> pictures = [one.picture for one in scenes(6, seed=1, label=0)]
        >>> cnnvis.concepts(network, pictures, neuron=0, count=2)
        <Concepts: 2 of block4_conv2 · striped disc · Mini VGG>
    """
    sources = list(images.values()) if isinstance(images, Mapping) else list(images)
    if len(sources) < 2:
        raise InvalidValueError(
            f"Concepts are of a set of pictures, two at least; got {sources!r}."
        )
    from cnnvis_widgets.engine.explain import describe_neuron, pixels_of

    step = progress or (lambda done, total: None)
    prepared = [network.prepare(pixels_of(image)) for image in sources]
    batch = np.stack([crop.input for crop in prepared])
    target = network.neuron(neuron) or Neuron(None, _most_probable(network, batch))
    layer = network.map_layer(layer, target) if layer else network.last_convolution(target)
    step(0, count + 1)
    maps = np.stack([network.activations(values, layer) for values in batch])
    amounts, bank, error = factorised(maps, count, seed)
    step(1, count + 1)
    values = _values(network, batch, layer, maps, target)
    drops = np.empty((len(batch), count), np.float32)
    for concept in range(count):
        without = np.maximum(maps - amounts[..., concept, None] * bank[concept], 0)
        drops[:, concept] = values - _values(network, batch, layer, without, target)
        step(concept + 2, count + 1)
    importance = drops.mean(0, dtype=np.float64)
    order = np.argsort(-importance, kind="stable")
    pictures = [_cropped_picture(network, crop) for crop in prepared]
    return Concepts(
        network.name,
        target,
        describe_neuron(network, target),
        layer,
        amounts[..., order],
        bank[order],
        drops[:, order],
        importance[order],
        tuple(_patches(amounts[..., concept], pictures) for concept in order),
        error,
        values,
        network.input_shape[:2],
    )


def factorised(maps: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Non-negative matrix factorisation, A ≈ U W, each row of W of length 1.

    Args:
        maps: float32 (pictures, rows, columns, units), A.
        count: the number of concepts.
        seed: of the initialisation.

    Returns:
        float32 (pictures, rows, columns, concepts), U; float32 (concepts, units), W; and
        ‖A - U W‖² / ‖A‖².

    Raises:
        UnsuitableError: A has no rows and columns, has negative values, or is zero everywhere.
    """
    from sklearn.decomposition import NMF  # takes seconds to load

    if maps.ndim != 4:
        raise UnsuitableError(f"Concepts are of maps with rows and columns; got {maps.shape[1:]}.")
    if (maps < 0).any() or not maps.any():
        problem = "negative" if maps.any() else "all zero"
        raise UnsuitableError(
            f"Concepts are parts of activations from 0 on, and the layer's are {problem}. Choose a "
            "layer after a ReLU: layer=…"
        )
    flat = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
    checks.whole("count", count, 1, min(flat.shape))
    model = NMF(count, init="nndsvda", max_iter=STEPS, tol=1e-5, random_state=seed)
    amounts, bank = model.fit_transform(flat), model.components_
    length = np.linalg.norm(bank, axis=1)
    bank /= np.where(length > 0, length, 1)[:, None]
    amounts *= length
    error = float(np.square(flat - amounts @ bank).sum() / np.square(flat).sum())
    shape = (*maps.shape[:3], count)
    return amounts.reshape(shape).astype(np.float32), bank.astype(np.float32), error


def _most_probable(network: Network, batch: np.ndarray) -> int:
    logits = [network.outputs(values[None])[0][0] for values in batch]
    summed = np.sum([values.reshape(-1, values.shape[-1]).sum(0) for values in logits], axis=0)
    return int(summed.argmax())


def _values(
    network: Network, batch: np.ndarray, layer: str, maps: np.ndarray, neuron: Neuron
) -> np.ndarray:
    from cnnvis_widgets.backend.layer_tail import values_after

    return np.concatenate(
        [
            values_after(network, batch[part], layer, maps[part], neuron)
            for batch_range in batches(len(batch), batch.shape[1:], FORWARD)
            for part in [slice(batch_range.start, batch_range.stop)]
        ]
    )


def _cropped_picture(network: Network, prepared: Any) -> np.ndarray:
    """The picture that patches are cut from: uint8 (rows, columns, 3)."""
    from cnnvis_widgets.methods.superpixels import colours

    if prepared.picture is not None:
        return prepared.picture
    return colours(prepared.input, *network.bounds)


def _patches(amounts: np.ndarray, pictures: Sequence[np.ndarray]) -> tuple[Patch, ...]:
    """The strongest position of each picture, with a third of the picture around it."""
    strongest = amounts.reshape(len(amounts), -1)
    order = np.argsort(-strongest.max(1), kind="stable")[:PATCHES]
    patches = []
    for number in order:
        position = np.unravel_index(strongest[number].argmax(), amounts.shape[1:])
        picture = pictures[number]
        box = []
        for at, cells, pixels in zip(position, amounts.shape[1:], picture.shape, strict=False):
            side = max(1, pixels // 3)
            start = round((at + 0.5) / cells * pixels - side / 2)
            start = min(max(start, 0), pixels - side)
            box.append((start, start + side))
        (top, bottom), (left, right) = box
        strength = float(strongest[number].max())
        if strength > 0:
            pixels = picture[top:bottom, left:right]
            patches.append(Patch(int(number), (top, left, bottom, right), pixels, strength))
    return tuple(patches)
