"""One explanation: its numbers, how they were computed, and how to show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import FileError, InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.upsampling import at_input_size
from cnnvis_widgets.rendering.pictures import png_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cnnvis_widgets.methods.contract import Curve, Method


@dataclass(frozen=True, eq=False)
class Explanation:
    """A method's result for one neuron on one picture.

    Attributes:
        method: the method that computed it.
        network: the network's name.
        neuron: the neuron, its unit known (layer None: the output before softmax).
        label: the neuron in words: "Egyptian cat", or "unit 7 of block3b_add".
        value: its activation on this picture, aggregated, before softmax.
        attribution: float32 (rows, columns, channels): raw, signed, never rescaled, at the method's
            own resolution; None where the method makes a picture.
        image: uint8 (rows, columns, 3), where the method makes a picture; else None.
        picture: uint8 (rows, columns, 3), the crop that the network saw; None where its input was
            given as floats.
        coverage: what was done at each kind of layer, and which layers could not be treated.
        parameters: every parameter's value.
        seed: the seed.
        layer: the layer whose maps were used, where the method uses one.
        notes: remarks for the reader, in sentences, with the warning of `coverage`.
        input_size: (rows, columns) of the network's input.
        details: the method's own figures, by name; Deep Taylor's "relevance" is its sum at each
            layer.
        curve: of a figure over the method's steps, if it has one.

    Examples:
        >>> explanation = cnnvis.explain(network, image, method="grad_cam")
        >>> explanation
        <Explanation: Grad-CAM · striped disc · Mini VGG>
        >>> explanation.attribution.shape, explanation.layer, explanation.neuron.unit
        ((8, 8, 1), 'block4_conv2', 0)
        >>> explanation.coverage.complete
        True
    """

    method: Method
    network: str
    neuron: Neuron
    label: str
    value: float
    attribution: np.ndarray | None
    image: np.ndarray | None
    picture: np.ndarray | None
    coverage: Coverage
    parameters: dict[str, Any]
    seed: int
    layer: str | None
    notes: tuple[str, ...]
    input_size: tuple[int, int]
    details: Mapping[str, Any]
    curve: Curve | None
    script: Callable[[Explanation], str] = field(repr=False)

    def __repr__(self) -> str:
        return f"<Explanation: {self.title}>"

    @property
    def title(self) -> str:
        """Method, neuron and network in one line.

        Examples:
            >>> explanation.title
            'Grad-CAM · striped disc · Mini VGG'
        """
        return f"{self.method.title} · {self.label} · {self.network}"

    def heatmap(self) -> np.ndarray:
        """The method's published reduction at the network's input size.

        Returns:
            float32 (rows, columns), not rescaled; enlarged bilinearly (half-pixel centres) where
            the method's own resolution is lower.

        Raises:
            UnsuitableError: the method makes a picture, see `image`.

        Examples:
            >>> heatmap = explanation.heatmap()
            >>> heatmap.shape, heatmap.dtype, bool((heatmap >= 0).all())
            ((64, 64), dtype('float32'), True)
        """
        if self.attribution is None:
            raise UnsuitableError(f"{self.method.title} makes a picture, not a map: use .image.")
        reduced = np.ascontiguousarray(self.method.reduce(self.attribution), np.float32)
        return at_input_size(reduced, self.input_size)

    def plot(self, mode: str = "overlay", **options: Any) -> Figure:
        """A matplotlib figure for papers; see `cnnvis_widgets.rendering.figure` for the options.

        Args:
            mode: overlay, side_by_side, split, contour or heatmap.
            options: colormap, scale, title, caption …

        Examples:
            >>> explanation.plot(mode="side_by_side", colormap="viridis")
            <ExplanationFigure size ...>
        """
        from cnnvis_widgets.rendering import figure, picture_figure

        options = {"title": self.title, **options}
        if self.image is not None:
            return picture_figure(self.image, **options)
        heatmap, picture = self.heatmap(), self.picture
        if picture is None:  # an input given as floats has no picture: only the map is shown
            picture, mode = np.full((*heatmap.shape, 3), 255, np.uint8), "heatmap"
        caption = "\n".join(self.notes)
        options = {"unit": self.method.unit, "caption": caption, **options}
        return figure(picture, heatmap, mode=mode, **options)  # type: ignore[arg-type]

    def save(self, path: str | Path, **options: Any) -> Path:
        """Write the figure (or the picture that the method made) to a file.

        Args:
            path: its suffix is the format: png, svg, pdf; npy for the raw attribution.
            options: as `plot` takes them, and `dpi`.

        Raises:
            InvalidValueError: no such format.
            FileError: the file cannot be written.

        Examples:
            >>> explanation.save("map.png", mode="overlay").name
            'map.png'
            >>> np.load(explanation.save("map.npy")).shape
            (8, 8, 1)
        """
        path = Path(path)
        ending = path.suffix.lower()
        if not ending:
            raise InvalidValueError(f"The ending says the format: {path}.png, .svg, .pdf or .npy.")
        try:
            if ending == ".npy":
                with path.open("wb") as file:
                    values = self.image if self.attribution is None else self.attribution
                    np.save(file, np.asarray(values))
            elif ending == ".png" and self.image is not None and not options:
                path.write_bytes(png_bytes(self.image, {"Title": self.title}))
            else:
                dpi = options.pop("dpi", 150)
                figure = self.plot(**options)
                formats = figure.canvas.get_supported_filetypes()
                if ending[1:] not in formats:
                    raise InvalidValueError(
                        f"There is no format {ending!r}. There are: npy, {', '.join(formats)}."
                    )
                figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise FileError(f"{path} could not be written: {error.strerror or error}") from error
        return path

    def code(self) -> str:
        """A Python script that computes exactly this attribution (or picture).

        Examples:
            >>> script = explanation.code()
            >>> "cnnvis.explain(" in script and "method='grad_cam'" in script
            True
        """
        return self.script(self)
