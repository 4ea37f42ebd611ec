"""Concepts: what a layer's activations over many pictures are made of, and which of it counts.

After CRAFT (Fel, Picard, Béthune, Boissin, Vigouroux, Colin, Cadène & Serre, CVPR 2023,
arXiv:2211.10154): non-negative matrix factorisation of the activations, A ≈ U W with one row of U
for each place of each picture and one row of W for each concept. Here the places of the layer's own
maps are factorised in place of random crops, and a concept's importance is what the neuron loses
without it.
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
        strength: how much of the concept its place holds.
    """

    picture: int
    box: tuple[int, int, int, int]
    pixels: np.ndarray
    strength: float


@dataclass(frozen=True, eq=False)
class Concepts:
    """What a layer's activations over a set of pictures are made of, the most important first.

    Attributes:
        network: the network's name.
        neuron: whose loss is the importance.
        label: the neuron in words.
        layer: whose activations were factorised.
        maps: float32 (pictures, rows, columns, concepts), U: how much of each concept a place
            holds, nowhere negative.
        bank: float32 (concepts, units), W: how active each unit is in a concept.
        drops: float32 (pictures, concepts), by how much the neuron falls without the concept.
        importance: float64 (concepts,), their means, the largest first.
        patches: for each concept the parts of pictures that hold most of it, one a picture.
        error: ‖A - U W‖² / ‖A‖², what the concepts do not account for.
        values: float32 (pictures,), the neuron's.
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
        """Where a picture holds a concept: float32 (rows, columns) of the input, bilinear."""
        checks.whole("picture", picture, 0, len(self.maps) - 1)
        checks.whole("concept", concept, 0, len(self.bank) - 1)
        own = np.ascontiguousarray(self.maps[picture, ..., concept])
        return at_input_size(own, self.input_size)

    def plot(self, **options: Any) -> Figure:
        """The concepts' patches, a row each, with their importance; `rendering.grid`'s options."""
        from cnnvis_widgets.rendering import grid
        from cnnvis_widgets.rendering.figures import Panel

        most = max(len(own) for own in self.patches)
        rows = [
            [Panel(patch.pixels, label=f"picture {patch.picture}", alt="a patch") for patch in own]
            + [None] * (most - len(own))
            for own in self.patches
        ]
        named = [f"{n}: {drop:.3g}" for n, drop in enumerate(self.importance)]
        title = f"Concepts of {self.layer} · {self.label} · {self.network}"
        options = {"title": title, "row_labels": named, **options}
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
    """Factorise a layer's activations over pictures, and see what the neuron loses without each.

    Args:
        network: the network.
        images: pictures, or the network's inputs as floats, at least two; of one class, best.
        neuron: None is the class that is most probable over all pictures.
        layer: whose activations; "" is the last convolutional block before the neuron. They may
            not be negative: a layer after a ReLU.
        count: how many concepts, at most what the activations can be made of.
        seed: of the factorisation's start.
        progress: called between steps with (done, total).

    Raises:
        InvalidValueError: fewer than two pictures, a count that cannot be.
        UnsuitableError: a layer without rows and columns, or with negative activations.

    Examples:
        >>> from cnnvis_widgets.zoo.evidence import scenes
        >>> pictures = [one.picture for one in scenes(6, seed=1, label=0)]
        >>> cnnvis.concepts(network, pictures, neuron=0, count=2)
        <Concepts: 2 of block4_conv2 · striped disc · Mini VGG>
    """
    given = list(images.values()) if isinstance(images, Mapping) else list(images)
    if len(given) < 2:
        raise InvalidValueError(f"Concepts are of a set of pictures, two at least; got {given!r}.")
    from cnnvis_widgets.engine.explain import describe_neuron, pixels_of

    step = progress or (lambda done, total: None)
    prepared = [network.prepare(pixels_of(image)) for image in given]
    batch = np.stack([one.input for one in prepared])
    wanted = network.neuron(neuron) or Neuron(None, _most_probable(network, batch))
    layer = network.map_layer(layer, wanted) if layer else network.last_convolution(wanted)
    step(0, count + 1)
    maps = np.stack([network.activations(one, layer) for one in batch])
    held, bank, error = factorised(maps, count, seed)
    step(1, count + 1)
    values = _values(network, batch, layer, maps, wanted)
    drops = np.empty((len(batch), count), np.float32)
    for concept in range(count):
        without = np.maximum(maps - held[..., concept, None] * bank[concept], 0)
        drops[:, concept] = values - _values(network, batch, layer, without, wanted)
        step(concept + 2, count + 1)
    importance = drops.mean(0, dtype=np.float64)
    order = np.argsort(-importance, kind="stable")
    pictures = [_shown(network, one) for one in prepared]
    return Concepts(
        network.name,
        wanted,
        describe_neuron(network, wanted),
        layer,
        held[..., order],
        bank[order],
        drops[:, order],
        importance[order],
        tuple(_patches(held[..., concept], pictures) for concept in order),
        error,
        values,
        network.input_shape[:2],
    )


def factorised(maps: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """A ≈ U W with no negative number, each row of W of length 1.

    Args:
        maps: float32 (pictures, rows, columns, units), A.
        count: of concepts.
        seed: where the start has equal ways to go.

    Returns:
        float32 (pictures, rows, columns, concepts), U; float32 (concepts, units), W; and
        ‖A - U W‖² / ‖A‖².

    Raises:
        UnsuitableError: an axis is missing, or a number negative, or all are zero.
    """
    from sklearn.decomposition import NMF  # takes seconds to load

    if maps.ndim != 4:
        raise UnsuitableError(f"Concepts are of maps with rows and columns; got {maps.shape[1:]}.")
    if (maps < 0).any() or not maps.any():
        what = "negative" if maps.any() else "all zero"
        raise UnsuitableError(
            f"Concepts are parts of activations from 0 on, and the layer's are {what}. Choose a "
            "layer after a ReLU: layer=…"
        )
    flat = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
    checks.whole("count", count, 1, min(flat.shape))
    model = NMF(count, init="nndsvda", max_iter=STEPS, tol=1e-5, random_state=seed)
    held, bank = model.fit_transform(flat), model.components_
    length = np.linalg.norm(bank, axis=1)
    bank /= np.where(length > 0, length, 1)[:, None]
    held *= length
    error = float(np.square(flat - held @ bank).sum() / np.square(flat).sum())
    shape = (*maps.shape[:3], count)
    return held.reshape(shape).astype(np.float32), bank.astype(np.float32), error


def _most_probable(network: Network, batch: np.ndarray) -> int:
    logits = [network.outputs(one[None])[0][0] for one in batch]
    summed = np.sum([one.reshape(-1, one.shape[-1]).sum(0) for one in logits], axis=0)
    return int(summed.argmax())


def _values(
    network: Network, batch: np.ndarray, layer: str, maps: np.ndarray, neuron: Neuron
) -> np.ndarray:
    from cnnvis_widgets.backend.layer_tail import values_after

    return np.concatenate(
        [
            values_after(network, batch[part], layer, maps[part], neuron)
            for one in batches(len(batch), batch.shape[1:], FORWARD)
            for part in [slice(one.start, one.stop)]
        ]
    )


def _shown(network: Network, prepared: Any) -> np.ndarray:
    """The picture that a patch is cut out of: uint8 (rows, columns, 3)."""
    from cnnvis_widgets.methods.superpixels import colours

    if prepared.picture is not None:
        return prepared.picture
    return colours(prepared.input, *network.bounds)


def _patches(held: np.ndarray, pictures: Sequence[np.ndarray]) -> tuple[Patch, ...]:
    """The places with most of a concept, one a picture, and a third of the picture around each."""
    strongest = held.reshape(len(held), -1)
    order = np.argsort(-strongest.max(1), kind="stable")[:PATCHES]
    patches = []
    for number in order:
        place = np.unravel_index(strongest[number].argmax(), held.shape[1:])
        picture = pictures[number]
        box = []
        for at, cells, pixels in zip(place, held.shape[1:], picture.shape, strict=False):
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
