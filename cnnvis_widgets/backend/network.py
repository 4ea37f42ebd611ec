"""A Keras network seen from inside: the one object that methods, engine and users work with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import pixels, programs
from cnnvis_widgets.backend.accounting import gradient_coverage, relevance_coverage
from cnnvis_widgets.backend.chains import relu_maps
from cnnvis_widgets.backend.compiled import CompiledModel
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.endings import averaged_ending
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.plan import planned
from cnnvis_widgets.backend.records import (
    ActiveUnit,
    BackwardResult,
    ChannelMeans,
    ClassMaps,
    LayerInfo,
    PlannedLayer,
    Prediction,
    RelevanceFloor,
    RelevanceResult,
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
        """Every layer's record, first to last, nested models' included."""
        return self.structure.layers

    @cached_property
    def plan(self) -> tuple[PlannedLayer, ...]:
        """Every layer with its inputs, window, parameters and receptive field; see `plan.py`."""
        return planned(self.structure)

    @property
    def units(self) -> int:
        """How many output units there are."""
        return self.structure.logits.shape[-1]

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The input of a black and of a white picture, float32 of the input's shape each."""
        ends = [self.plain(level) for level in (0, 255)]
        return np.minimum(*ends), np.maximum(*ends)

    def plain(self, level: int) -> np.ndarray:
        """The input of a picture of one grey level, 0 (black) to 255 (white): float32.

        Raises:
            InvalidValueError: `preprocess` makes it NaN or infinite, e.g. divides by its spread.
        """
        made = pixels.preprocessed(np.full(self.input_shape, level, np.float32), self.preprocess)
        if not np.isfinite(made).all():
            raise InvalidValueError(
                f"The preprocess of {self.name} turns a picture that is grey level {level} "
                "everywhere into values that are NaN or infinite; expected finite ones."
            )
        return made

    def label(self, unit: int) -> str:
        """The name of an output unit, "unit 17" where the network has no labels."""
        if self.labels is not None and unit < len(self.labels):
            return self.labels[unit]
        return f"unit {unit}"

    def prepare(self, image: np.ndarray) -> pixels.Prepared:
        """A picture as the network's input, and the crop that it sees; see `pixels.prepare`."""
        return pixels.prepare(image, self.input_shape, self.preprocess)

    def outputs(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and scores for a batch of inputs.

        Args:
            batch: float32 (batch, rows, columns, channels).

        Returns:
            Two float32 (batch, units): the values before and after softmax or sigmoid. Where the
            network ends in neither, they are equal.
        """
        program = self._program(
            ("outputs",), lambda: programs.outputs(self.model, self.input_shape)
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
        """A layer's result on a picture: float32 (rows, columns, units) or (units,)."""
        path = self.structure.call(layer).path
        program = self._program(
            ("activations", path),
            lambda: programs.activations(self.model, self.input_shape, path),
        )
        return program(tf.constant(self.prepare(image).input[None])).numpy()[0]

    def mean_activations(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """The mean activation of every unit of every layer, in one forward pass.

        Returns:
            layer → float32 (units,), in the order of `layers`.
        """
        program, structure = self._surveyed()
        means = program(tf.constant(self.prepare(image).input[None]))
        return {i.name: m.numpy()[0] for i, m in zip(structure.layers, means, strict=True)}

    def most_active(self, image: np.ndarray, layer: str, top: int = 5) -> list[ActiveUnit]:
        """The units with the largest mean activation over rows and columns, largest first.

        This is the thesis' way to choose a neuron of an intermediate layer (its chapter 4).
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
        """
        return self._values(batch, neuron)[1]

    def resolved(self, pixels: np.ndarray, neuron: Neuron | None) -> tuple[Neuron, float]:
        """The neuron that is meant on an input (None: its most probable class), and its value."""
        unit, value = self._values(pixels[None], neuron)
        return neuron or Neuron(None, unit), float(value[0])

    def _values(self, batch: np.ndarray, neuron: Neuron | None) -> tuple[int, np.ndarray]:
        layer, aggregate, arguments = self._arguments(batch, neuron)
        program = self._program(
            ("values", layer, aggregate),
            lambda: programs.values(self.model, self.input_shape, layer, aggregate),
        )
        unit, value = program(*arguments)
        return int(unit), value.numpy()

    def backward(self, batch: np.ndarray, neuron: Neuron | None, *passes: Pass) -> BackwardResult:
        """Derivatives of a neuron with respect to the input or to layers, in one compiled call.

        Args:
            batch: float32 (batch, rows, columns, channels); the batch's neurons are independent.
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.
            passes: where, and under which rule for the ReLUs.
        """
        layer, aggregate, arguments = self._arguments(batch, neuron)
        passes = passes or (Pass(),)
        program = self._program(
            ("backward", layer, aggregate, passes),
            lambda: programs.backward(self.model, self.input_shape, layer, aggregate, passes),
        )
        unit, value, found = program(*arguments)
        return BackwardResult(
            int(unit),
            value.numpy(),
            tuple(pair[0].numpy() if len(pair) == 2 else None for pair in found),
            tuple(pair[-1].numpy() for pair in found),
        )

    def relevance(
        self, batch: np.ndarray, neuron: Neuron | None, rule: str = "z_plus", value: float = 0.0
    ) -> RelevanceResult:
        """Relevance of the input for a neuron, and its sum at each layer; see `relevance.py`.

        Args:
            batch: float32 (1, rows, columns, channels).
            neuron: as `Network.neuron` returns it; None is the most probable class.
            rule: "z_plus" (Deep Taylor), "epsilon" or "alpha_beta" for the weighted layers.
            value: ε, or α (β is α - 1).
        """
        layer, aggregate, arguments = self._arguments(batch, neuron)
        program = self._program(
            ("relevance", layer, aggregate, rule),
            lambda: programs.relevance(
                self.model, self.input_shape, self.bounds, layer, aggregate, rule
            ),
        )
        unit, start, given, sums, _ = program(*arguments, tf.constant(value, tf.float32))
        names = (info.name for info in self.layers)
        found = dict(zip(names, sums.numpy().tolist(), strict=True))
        reached = {name: total for name, total in found.items() if total == total}
        return RelevanceResult(int(unit), float(start.numpy()[0]), given.numpy(), reached)

    def relevance_maps(
        self,
        image: np.ndarray,
        layers: Sequence[str],
        neuron: Neuron | int | tuple[str, int] | None = None,
    ) -> list[RelevanceFloor]:
        """Where Deep Taylor's relevance lies at some layers, and at the picture (last, as "").

        A layer through which all paths lead holds the whole of it, max(value, 0); one inside a
        branch holds the branch's part; one that the neuron does not depend on holds zeros.

        Args:
            image: a picture or an input, see `prepare`.
            layers: their names, in the order in which they are wanted.
            neuron: as `neuron` takes it; None is the most probable class.
        """
        shown = tuple(self.structure.call(name).path for name in layers)
        batch = self.prepare(image).input[None]
        layer, aggregate, arguments = self._arguments(batch, self.neuron(neuron))
        program = self._program(
            ("relevance maps", layer, aggregate, shown),
            lambda: programs.relevance(
                self.model, self.input_shape, self.bounds, layer, aggregate, "z_plus", shown
            ),
        )
        *_, given, _, maps = program(*arguments, tf.constant(0.0))
        found = [*(m.numpy() for m in maps), given.numpy()[0].sum(-1)]
        return [
            RelevanceFloor(name, map_, float(map_.sum(dtype=np.float64)))
            for name, map_ in zip((*shown, ""), found, strict=True)
        ]

    def class_maps(self, pixels: np.ndarray, neuron: Neuron | None) -> ClassMaps:
        """The maps that the network averages at its end, and an output unit's weights of them.

        Args:
            pixels: float32 (rows, columns, channels).
            neuron: an output neuron as `Network.neuron` returns it; None is the most probable.
        """
        *_, arguments = self._arguments(pixels[None], neuron)
        program = self._program(
            ("class maps",), lambda: programs.class_maps(self.model, self.input_shape)
        )
        unit, value, maps, weights = (x.numpy() for x in program(*arguments))
        ending = averaged_ending(self.structure)
        layer = ending.layer if ending else ""
        return ClassMaps(int(unit), float(value[0]), maps[0], weights, layer)

    def channel_means(self, pixels: np.ndarray, neuron: Neuron | None) -> ChannelMeans:
        """The means over the channels after ReLUs, for VisualBackProp; see `chains.py`.

        Args:
            pixels: float32 (rows, columns, channels).
            neuron: whose value is told along with them.
        """
        layer, aggregate, arguments = self._arguments(pixels[None], neuron)
        key = ("channel means", layer, aggregate)
        fresh = key not in self._programs
        program, chain = self._program(
            key, lambda: programs.channel_means(self.model, self.input_shape, layer, aggregate)
        )
        if fresh:  # a compiled function is optimised when it runs for the first time
            program(*arguments)
        started = time.perf_counter()
        unit, value, means = program(*arguments)
        maps = tuple(m.numpy()[0] for m in means)
        seconds = time.perf_counter() - started
        return ChannelMeans(int(unit), float(value.numpy()[0]), maps, chain, seconds)

    @cached_property
    def averages_at_its_end(self) -> bool:
        """Whether it ends in global average pooling and one dense layer; see `endings.py`."""
        return averaged_ending(self.structure) is not None

    @cached_property
    def has_relu_maps(self) -> bool:
        """Whether a ReLU's result has rows and columns; see `chains.py`."""
        return bool(relu_maps(self.structure))

    def is_output(self, neuron: Neuron | None) -> bool:
        """Whether a neuron is an output unit: None, no layer, or the layer of the logits."""
        layer = neuron.layer if neuron else None
        return layer is None or self.structure.target(layer).name == self.structure.logits.name

    def coverage(
        self, neuron: Neuron | None, rule: str = "gradient", down_to: str | None = None
    ) -> Coverage:
        """What a backward pass does to each kind of layer; see `accounting.py`."""
        key = (neuron.layer if neuron else None, rule, down_to)
        if key not in self._coverage:
            self._coverage[key] = gradient_coverage(self.structure, *key)
        return self._coverage[key]

    def relevance_coverage(self, neuron: Neuron | None) -> Coverage:
        """What relevance propagation does to each kind of layer before the neuron."""
        key = (neuron.layer if neuron else None, "relevance", None)
        if key not in self._coverage:
            self._coverage[key] = relevance_coverage(self.structure, key[0])
        return self._coverage[key]

    def last_convolution(self, neuron: Neuron | None) -> str:
        """The layer whose map Grad-CAM weighs by default; see `Structure.last_convolution`."""
        return self.structure.last_convolution(neuron.layer if neuron else None)

    def map_layer(self, layer: str, neuron: Neuron | None) -> str:
        """Check a layer chosen for Grad-CAM; see `Structure.map_before`."""
        return self.structure.map_before(layer, neuron.layer if neuron else None)
