"""A Keras network seen from inside: the one object that methods, engine and users work with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import compiled_functions, pixels
from cnnvis_widgets.backend.compiled_model import CompiledModel
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.coverage_report import gradient_coverage, relevance_coverage
from cnnvis_widgets.backend.graph.receptive_field import planned
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.records import (
    ActiveUnit,
    BackwardResult,
    LayerInfo,
    PlannedLayer,
    Prediction,
)
from cnnvis_widgets.errors import InvalidValueError


class Network(CompiledModel):
    """Any Keras 3 model with one image input. The model is never changed.

    Functional, Sequential, subclassed and nested models; colour or greyscale; ending in softmax,
    sigmoid or neither. Functions are compiled once for each question and then serve every unit and
    every picture.

    Args:
        model: a built Keras model with an input of shape (batch, rows, columns, 1 or 3).
        preprocess: float32 pixels (rows, columns, channels) of 0..255 → the model's input; None
            hands the pixels on as they are.
        labels: the names of the output units, in order.
        name: what to call the network; the model's name by default.
        code: the expression that makes this network, for `Explanation.code()`.
        input_shape: (rows, columns, channels), where the model leaves it open (else 224×224).

    Raises:
        InvalidValueError: no Keras model, not built, or no single image input.

    Examples:
        >>> import keras
        >>> pool, dense = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, "softmax")
        >>> model = keras.Sequential([keras.Input((20, 30, 3)), pool, dense])
        >>> cnnvis.Network(model, labels=["cat", "dog"], name="mine")
        Network('mine', input (20, 30, 3))
    """

    def __init__(
        self,
        model: keras.Model,
        preprocess: pixels.Preprocess | None = None,
        labels: Sequence[str] | None = None,
        name: str | None = None,
        *,
        code: str = "",
        input_shape: tuple[int, int, int] | None = None,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise InvalidValueError(
                f"Expected a keras.Model; got {type(model).__module__}.{type(model).__name__}."
            )
        if preprocess is not None and not callable(preprocess):
            raise InvalidValueError(f"preprocess is a function of pixels; got {preprocess!r}.")
        super().__init__(model, name or model.name, pixels.input_shape(model, input_shape))
        self.preprocess = preprocess
        self.labels = None if labels is None else tuple(str(label) for label in labels)
        self.code = code
        self.trained_on = ""  # filled in by the zoo: "ImageNet", "random weights"
        self.decoders: Path | None = None  # by the zoo: a folder of decoders for `upconvnet`
        self._coverage: dict[tuple[str | None, str, str | None], Coverage] = {}

    def __repr__(self) -> str:
        return f"Network({self.name!r}, input {self.input_shape})"

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Every layer's record, first to last, nested models' included.

        Examples:
            >>> network.layers[1]
            LayerInfo(name='block1_pool', kind='MaxPooling2D', output_shape=(32, 32, 12), units=12)
        """
        return self.structure.layers

    @cached_property
    def plan(self) -> tuple[PlannedLayer, ...]:
        """Every layer with its inputs, window, parameters and receptive field; see `plan.py`.

        Examples:
            >>> network.plan[3].name, network.plan[3].field.size
            ('block2_conv2', (12, 12))
        """
        return planned(self.structure)

    @property
    def units(self) -> int:
        """How many output units there are.

        Examples:
            >>> network.units
            8
        """
        return self.structure.logits.shape[-1]

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The input of a black and of a white picture, float32 of the input's shape each.

        Examples:
            >>> black, white = network.bounds
            >>> float(black.min()), float(white.max())
            (-1.0, 1.0)
        """
        ends = [self.plain(level) for level in (0, 255)]
        return np.minimum(*ends), np.maximum(*ends)

    def plain(self, level: int) -> np.ndarray:
        """The input of a picture of one grey level, 0 (black) to 255 (white): float32.

        Raises:
            InvalidValueError: `preprocess` makes it NaN or infinite, e.g. divides by its spread.

        Examples:
            >>> network.plain(255)[0, 0]
            array([1., 1., 1.], dtype=float32)
        """
        made = pixels.preprocessed(np.full(self.input_shape, level, np.float32), self.preprocess)
        if not np.isfinite(made).all():
            raise InvalidValueError(
                f"The preprocess of {self.name} turns a picture that is grey level {level} "
                "everywhere into values that are NaN or infinite; expected finite ones."
            )
        return made

    def label(self, unit: int) -> str:
        """The name of an output unit, "unit 17" where the network has no labels.

        Examples:
            >>> network.label(2)
            'checked triangle'
        """
        if self.labels is not None and unit < len(self.labels):
            return self.labels[unit]
        return f"unit {unit}"

    def prepare(self, image: np.ndarray) -> pixels.Prepared:
        """A picture as the network's input, and the crop that it sees; see `pixels.prepare`.

        Examples:
            >>> network.prepare(image).input.shape
            (64, 64, 3)
        """
        return pixels.prepare(image, self.input_shape, self.preprocess)

    def outputs(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and scores for a batch of inputs.

        Args:
            batch: float32 (batch, rows, columns, channels).

        Returns:
            Two float32 (batch, units): the values before and after softmax or sigmoid. Where the
            network ends in neither, they are equal.

        Examples:
            >>> network.outputs(network.prepare(image).input[None])[1].round(3).sum()
            np.float32(1.0)
        """
        program = self.compiled(
            ("outputs",), lambda: compiled_functions.outputs(self.model, self.input_shape)
        )
        logits, scores = (x.numpy() for x in program(tf.constant(batch)))
        return logits, np.exp(scores) if self.structure.output_kind == "log-softmax" else scores

    def predict(self, image: np.ndarray, top: int = 5) -> list[Prediction]:
        """The most probable output units.

        Args:
            image: a picture or an input, see `prepare`.
            top: how many, at least 1.

        Returns:
            Records in falling order of the value before softmax.

        Examples:
            >>> best = network.predict(image)[0]
            >>> best.label, round(best.score, 3)
            ('striped disc', 1.0)
        """
        if top < 1:
            raise InvalidValueError(f"top is at least 1; got {top}.")
        logits, scores = (x[0] for x in self.outputs(self.prepare(image).input[None]))
        if logits.ndim > 1:  # a map of answers: evidence adds up as a neuron's, shares do not
            logits, scores = (x.reshape(-1, x.shape[-1]) for x in (logits, scores))
            logits, scores = logits.sum(0), scores.mean(0)
        plain = self.structure.output_kind == "linear"
        best = np.argsort(-logits, kind="stable")[:top]
        return [
            Prediction(int(u), self.label(u), None if plain else float(scores[u]), float(logits[u]))
            for u in best
        ]

    def activations(self, image: np.ndarray, layer: str) -> np.ndarray:
        """A layer's result on a picture: float32 (rows, columns, units) or (units,).

        Examples:
            >>> network.activations(image, "block2_conv2").shape
            (32, 32, 16)
        """
        path = self.structure.call(layer).path
        program = self.compiled(
            ("activations", path),
            lambda: compiled_functions.activations(self.model, self.input_shape, path),
        )
        return program(tf.constant(self.prepare(image).input[None])).numpy()[0]

    def mean_activations(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """The mean activation of every unit of every layer, in one forward pass.

        Returns:
            layer → float32 (units,), in the order of `layers`.

        Examples:
            >>> network.mean_activations(image)["block2_conv2"].shape
            (16,)
        """
        program, structure = self._surveyed()
        means = program(tf.constant(self.prepare(image).input[None]))
        return {i.name: m.numpy()[0] for i, m in zip(structure.layers, means, strict=True)}

    def most_active(self, image: np.ndarray, layer: str, top: int = 5) -> list[ActiveUnit]:
        """The units with the largest mean activation over rows and columns, largest first.

        This is the thesis' way to choose a neuron of an intermediate layer (its chapter 4).

        Examples:
            >>> [active.unit for active in network.most_active(image, "block3_conv2", top=2)]
            [15, 10]
        """
        if top < 1:
            raise InvalidValueError(f"top is at least 1; got {top}.")
        self.structure.call(layer)
        means = self.mean_activations(image)[layer]
        best = np.argsort(-means, kind="stable")[:top]
        return [ActiveUnit(int(u), float(means[u])) for u in best]

    def neuron(self, wanted: Neuron | int | tuple[str, int] | None) -> Neuron | None:
        """Check a neuron against this network.

        Args:
            wanted: None (the most probable class, found at run time), an output unit, a `Neuron`,
                or a (layer, unit) pair.

        Raises:
            UnknownNameError: no such layer, or no such unit in it.
            InvalidValueError: a position that the layer does not have.

        Examples:
            >>> network.neuron(("block2_conv2", 5))
            Neuron(layer='block2_conv2', unit=5, aggregate='sum', position=None)
        """
        if wanted is None:
            self._target_shape(None)
            return None
        if isinstance(wanted, tuple) and not isinstance(wanted, Neuron):
            if len(wanted) != 2:
                raise InvalidValueError(f"A neuron is a pair (layer, unit); got {wanted!r}.")
            wanted = Neuron(*wanted)
        neuron = wanted if isinstance(wanted, Neuron) else Neuron(None, wanted)
        neuron.check(self._target_shape(neuron.layer))
        return neuron

    def values(self, batch: np.ndarray, neuron: Neuron | None) -> np.ndarray:
        """A neuron's activation before softmax, aggregated, without a backward pass.

        Args:
            batch: float32 (batch, rows, columns, channels).
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.

        Returns:
            float32 (batch,).

        Examples:
            >>> network.values(network.prepare(image).input[None], cnnvis.Neuron(None, 0)).round()
            array([66.], dtype=float32)
        """
        return self._values(batch, neuron)[1]

    def resolved(self, pixels: np.ndarray, neuron: Neuron | None) -> tuple[Neuron, float]:
        """The neuron that is meant on an input (None: its most probable class), and its value.

        Examples:
            >>> neuron, value = network.resolved(network.prepare(image).input, None)
            >>> neuron.unit, round(value)
            (0, 66)
        """
        unit, value = self._values(pixels[None], neuron)
        return neuron or Neuron(None, unit), float(value[0])

    def _values(self, batch: np.ndarray, neuron: Neuron | None) -> tuple[int, np.ndarray]:
        layer, aggregate, arguments = self.neuron_arguments(batch, neuron)
        program = self.compiled(
            ("values", layer, aggregate),
            lambda: compiled_functions.values(self.model, self.input_shape, layer, aggregate),
        )
        unit, value = program(*arguments)
        return int(unit), value.numpy()

    def backward(self, batch: np.ndarray, neuron: Neuron | None, *passes: Pass) -> BackwardResult:
        """Derivatives of a neuron with respect to the input or to layers, in one compiled call.

        Args:
            batch: float32 (batch, rows, columns, channels); the batch's neurons are independent.
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.
            passes: where, and under which rule for the ReLUs.

        Examples:
            >>> network.backward(network.prepare(image).input[None], None).gradients[0].shape
            (1, 64, 64, 3)
        """
        layer, aggregate, arguments = self.neuron_arguments(batch, neuron)
        passes = passes or (Pass(),)
        program = self.compiled(
            ("backward", layer, aggregate, passes),
            lambda: compiled_functions.backward(
                self.model, self.input_shape, layer, aggregate, passes
            ),
        )
        unit, value, found = program(*arguments)
        return BackwardResult(
            int(unit),
            value.numpy(),
            tuple(pair[0].numpy() if len(pair) == 2 else None for pair in found),
            tuple(pair[-1].numpy() for pair in found),
        )

    def is_output(self, neuron: Neuron | None) -> bool:
        """Whether a neuron is an output unit: None, no layer, or the layer of the logits.

        Examples:
            >>> network.is_output(cnnvis.Neuron("block2_conv2", 5))
            False
        """
        layer = neuron.layer if neuron else None
        return layer is None or self.structure.target(layer).name == self.structure.logits.name

    def coverage(
        self, neuron: Neuron | None, rule: str = "gradient", down_to: str | None = None
    ) -> Coverage:
        """What a backward pass does to each kind of layer; see `coverage_report.py`.

        Examples:
            >>> network.coverage(None, "guided").treated["Conv2D"]
            'derivative (7 ×), guided rule at 7 ReLUs'
        """
        key = (neuron.layer if neuron else None, rule, down_to)
        if key not in self._coverage:
            self._coverage[key] = gradient_coverage(self.structure, *key)
        return self._coverage[key]

    def relevance_coverage(self, neuron: Neuron | None) -> Coverage:
        """What relevance propagation does to each kind of layer before the neuron.

        Examples:
            >>> network.relevance_coverage(None).treated["MaxPooling2D"]
            'winner takes all (3 ×)'
        """
        key = (neuron.layer if neuron else None, "relevance", None)
        if key not in self._coverage:
            self._coverage[key] = relevance_coverage(self.structure, key[0])
        return self._coverage[key]

    def last_convolution(self, neuron: Neuron | None) -> str:
        """The layer whose map Grad-CAM weighs by default; see `Structure.last_convolution`.

        Examples:
            >>> network.last_convolution(None)
            'block4_conv2'
        """
        return self.structure.last_convolution(neuron.layer if neuron else None)

    def map_layer(self, layer: str, neuron: Neuron | None) -> str:
        """Check a layer chosen for Grad-CAM; see `Structure.map_before`.

        Examples:
            >>> network.map_layer("block2_conv2", None)
            'block2_conv2'
        """
        return self.structure.map_before(layer, neuron.layer if neuron else None)
