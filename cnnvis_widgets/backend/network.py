"""A Keras network seen from inside: the one object that methods, engine and users work with."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import compiled_functions, pixels
from cnnvis_widgets.backend.backbones import unprepared
from cnnvis_widgets.backend.compiled_functions import relevance_structure
from cnnvis_widgets.backend.compiled_model import CompiledModel
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.coverage_report import gradient_coverage, relevance_coverage
from cnnvis_widgets.backend.graph.precision import rounds_its_input
from cnnvis_widgets.backend.graph.receptive_field import planned
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.labels import named_units
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.preprocessing import preprocessing
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
        preprocess: float32 pixels (rows, columns, channels) of 0..255 → the model's input; or a
            name: "-1..1", "0..1", "caffe", "torch" or one of Keras Applications ("mobilenet_v2");
            None hands the pixels on as they are, and warns where the layers are those of a
            published network that was trained on other values.
        labels: the names of the output units in order, or a mapping, unit → name or name → unit.
        name: what to call the network; the model's name by default.
        code: the expression that makes this network, for `Explanation.code()`.
        input_shape: (rows, columns, channels), where the model leaves it open (else 224×224).

    Raises:
        InvalidValueError: no Keras model, not built, or no single image input.
    """

    def __init__(
        self,
        model: keras.Model,
        preprocess: pixels.Preprocess | str | None = None,
        labels: Iterable[str] | Mapping[Any, Any] | None = None,
        name: str | None = None,
        *,
        code: str = "",
        input_shape: tuple[int, int, int] | None = None,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise InvalidValueError(
                f"Expected a keras.Model; got {type(model).__module__}.{type(model).__name__}."
            )
        super().__init__(model, name or model.name, pixels.input_shape(model, input_shape))
        self.preprocess = preprocessing(preprocess)
        self.labels = named_units(labels)
        self.warning = "" if preprocess is not None else unprepared(model)
        if self.warning:
            warnings.warn(self.warning, stacklevel=2)
        self.code = code
        self.trained_on = ""  # filled in by the zoo: "ImageNet", "random weights"
        self.decoders: Path | None = None  # by the zoo: a folder of decoders for `upconvnet`
        self._coverage: dict[tuple[str | None, str, str | None], Coverage] = {}

    def _forget(self) -> None:
        super()._forget()
        self._coverage.clear()
        vars(self).pop("plan", None)

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
    def several_outputs(self) -> bool:
        """Whether it has more than one output: then a neuron is a layer's unit, and none else."""
        return len(tf.nest.flatten(self.structure.forward.output)) > 1

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

    def probes(self) -> np.ndarray:
        """Noise as the network's input, by which it is tried: float32 (3, rows, columns, …)."""
        noise = np.random.default_rng(0).uniform(0, 255, (3, *self.input_shape))
        noise[1] *= 0.5
        try:
            made = [pixels.preprocessed(x.astype(np.float32), self.preprocess) for x in noise]
        except Exception:  # a preprocessing of pictures only
            return super().probes()
        return np.stack(made) if np.isfinite(made).all() else super().probes()

    def label(self, unit: int) -> str:
        """The name of an output unit, "unit 17" where the network has no labels."""
        if self.labels is not None and unit < len(self.labels):
            if self.units == 1 and len(self.labels) == 2:  # one sigmoid: the second class's share
                return self.labels[1]
            return self.labels[unit]
        return f"unit {unit}"

    def prepare(self, image: np.ndarray) -> pixels.Prepared:
        """A picture as the network's input, and the crop that it sees; see `pixels.prepare`.

        Warns where a float array cannot be an input that `preprocess` would have made.
        """
        prepared = pixels.prepare(image, self.input_shape, self.preprocess)
        if prepared.picture is None and (remark := pixels.outside(prepared.input, self.bounds)):
            warnings.warn(remark, stacklevel=2)
        return prepared

    def input_remark(self, prepared: pixels.Prepared) -> str:
        """What must be told of an input: its range, or how it was prepared; "" if nothing."""
        if prepared.picture is None:
            return pixels.outside(prepared.input, self.bounds)
        return self.warning

    def outputs(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and scores for a batch of inputs.

        Args:
            batch: float32 (batch, rows, columns, channels).

        Returns:
            Two float32 (batch, units): the values before and after softmax or sigmoid. Where the
            network ends in neither, they are equal.
        """
        program = self.compiled(
            ("outputs",), lambda: compiled_functions.outputs(self.model, self.input_shape)
        )
        logits, scores = (x.numpy() for x in self.run(program, tf.constant(batch)))
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
        program = self.compiled(
            ("activations", path),
            lambda: compiled_functions.activations(self.model, self.input_shape, path),
        )
        return program(tf.constant(self.prepare(image).input[None])).numpy()[0]

    def mean_activations(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """The mean activation of every unit of every layer, in one forward pass.

        Returns:
            layer → float32 (units,), in the order of `layers`.
        """
        program, structure, *_ = self._surveyed()
        means, _ = program(tf.constant(self.prepare(image).input[None]))
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
        layer, aggregate, arguments = self.neuron_arguments(batch, neuron)
        program = self.compiled(
            ("values", layer, aggregate),
            lambda: compiled_functions.values(self.model, self.input_shape, layer, aggregate),
        )
        unit, value = self.run(program, *arguments)
        return int(unit), value.numpy()

    def backward(self, batch: np.ndarray, neuron: Neuron | None, *passes: Pass) -> BackwardResult:
        """Derivatives of a neuron with respect to the input or to layers, in one compiled call.

        Args:
            batch: float32 (batch, rows, columns, channels); the batch's neurons are independent.
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.
            passes: where, and under which rule for the ReLUs. At a layer of tokens the patches
                are laid out in rows and columns, without class tokens.
        """
        layer, aggregate, arguments = self.neuron_arguments(batch, neuron)
        passes = passes or (Pass(),)
        program = self.compiled(
            ("backward", layer, aggregate, passes),
            lambda: compiled_functions.backward(
                self.model, self.input_shape, layer, aggregate, passes
            ),
        )
        unit, value, found = self.run(program, *arguments)
        return BackwardResult(
            int(unit),
            value.numpy(),
            tuple(
                self._laid_out(p, pair[0].numpy()) if len(pair) == 2 else None
                for p, pair in zip(passes, found, strict=True)
            ),
            tuple(
                self._laid_out(p, pair[-1].numpy()) for p, pair in zip(passes, found, strict=True)
            ),
        )

    def _laid_out(self, asked: Pass, values: np.ndarray) -> np.ndarray:
        """Tokens as rows and columns, (batch, rows, columns, units); all else as it is."""
        tokens = None if asked.place is None else self.structure.tokens(asked.place)
        if tokens is None:
            return values
        patches = values[:, tokens.first : tokens.first + tokens.patches]
        return patches.reshape(len(values), tokens.rows, tokens.columns, -1)

    def is_output(self, neuron: Neuron | None) -> bool:
        """Whether a neuron is an output unit: None, no layer, or the layer of the logits."""
        layer = neuron.layer if neuron else None
        if layer is not None and self.several_outputs:
            return False
        return layer is None or self.structure.target(layer).name == self.structure.logits.name

    def remarks(self, neuron: Neuron | None) -> tuple[str, ...]:
        """What must be told beside any explanation of a neuron, in sentences."""
        survey, said = self._surveyed(), []
        if self.is_output(neuron):
            if survey.doubt:
                said.append(survey.doubt)
            if survey.proven:
                said.append(
                    f"The value before {survey.proven.kind} was found by numbers: on a few "
                    f"pictures its {survey.proven.kind} is the network's output."
                )
        if survey.structure.forward.opened:
            said.append("A tf.function of the network was opened: explained is what lies inside.")
        if survey.structure.forward.half:
            said.append(
                "Computed in float32; the network itself computes in half precision, whose values "
                "differ in the third digit."
            )
        return tuple(said)

    def coverage(
        self, neuron: Neuron | None, rule: str = "gradient", down_to: str | None = None
    ) -> Coverage:
        """What a backward pass does to each kind of layer; see `coverage_report.py`."""
        key = (neuron.layer if neuron else None, rule, down_to)
        if key not in self._coverage:
            self._coverage[key] = gradient_coverage(self.structure, *key)
        return self._coverage[key]

    def relevance_coverage(self, neuron: Neuron | None) -> Coverage:
        """What relevance propagation does to each kind of layer before the neuron."""
        key = (neuron.layer if neuron else None, "relevance", None)
        if key not in self._coverage:
            self._coverage[key] = relevance_coverage(self._as_relevance_sees_it(), key[0])
        return self._coverage[key]

    def _as_relevance_sees_it(self) -> Structure:
        """The traced graph, in which quantised layers do not round their input."""
        if not any(c.layer and rounds_its_input(c.layer) for c in self.structure.forward.calls):
            return self.structure
        return self.compiled(
            ("relevance structure",), lambda: relevance_structure(self.model, self.input_shape)
        )

    def last_convolution(self, neuron: Neuron | None) -> str:
        """The layer whose map Grad-CAM weighs by default; see `Structure.last_convolution`."""
        return self.structure.last_convolution(neuron.layer if neuron else None)

    def map_layer(self, layer: str, neuron: Neuron | None) -> str:
        """Check a layer chosen for Grad-CAM; see `Structure.map_before`."""
        return self.structure.map_before(layer, neuron.layer if neuron else None)
