"""A Keras network with access to its layers: the object that methods, engine and users use."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnvis_widgets.backend import compiled_functions, pixels
from cnnvis_widgets.backend.backbones import preprocessing_warning
from cnnvis_widgets.backend.compiled_functions import relevance_structure
from cnnvis_widgets.backend.compiled_model import NeuronOrList
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.coverage_report import gradient_coverage, relevance_coverage
from cnnvis_widgets.backend.forward_model import ForwardModel
from cnnvis_widgets.backend.graph.fixed_inputs import FixedInputs
from cnnvis_widgets.backend.graph.precision import rounds_its_input
from cnnvis_widgets.backend.graph.receptive_field import planned
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.labels import named_units
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.preprocessing import preprocessing
from cnnvis_widgets.backend.records import (
    BackwardResult,
    LayerInfo,
    PlannedLayer,
)
from cnnvis_widgets.errors import InvalidValueError


class Network(ForwardModel):
    """Any Keras 3 model with one image input; other inputs have fixed values. It is never changed.

    Functional, Sequential, subclassed and nested models; colour or greyscale; ending in softmax,
    sigmoid or neither. Functions are compiled once and then serve every unit and every picture.

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
        inputs: for a functional model with several inputs, name → the fixed value of every input
            but the picture, without an axis for the batch.

    Raises:
        InvalidValueError: not a Keras model, not built, or without exactly one image input.

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
        preprocess: pixels.Preprocess | str | None = None,
        labels: Iterable[str] | Mapping[Any, Any] | None = None,
        name: str | None = None,
        *,
        code: str = "",
        input_shape: tuple[int, int, int] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise InvalidValueError(
                f"Expected a keras.Model; got {type(model).__module__}.{type(model).__name__}."
            )
        fixed = FixedInputs(model, inputs) if inputs else None
        shape = pixels.input_shape(model, input_shape, None if fixed is None else fixed.picture)
        super().__init__(model, name or model.name, shape, fixed)
        self.inputs = dict(inputs or {})
        self.preprocess = preprocessing(preprocess)
        self.labels = named_units(labels)
        self.warning = "" if preprocess is not None else preprocessing_warning(model)
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
        """Every layer's record, first to last, nested models' included.

        Examples:
            >>> network.layers[1]
            LayerInfo(name='block1_pool', kind='MaxPooling2D', output_shape=(32, 32, 12), units=12)
        """
        return self.structure.layers

    @cached_property
    def plan(self) -> tuple[PlannedLayer, ...]:
        """Every layer with its inputs, window, parameters and receptive field.

        Examples:
            >>> network.plan[3].name, network.plan[3].field.size
            ('block2_conv2', (12, 12))
        """
        return planned(self.structure)

    def weights(self, layer: str) -> list[np.ndarray]:
        """A layer's weights, in Keras' order: of a convolution its kernels and its biases.

        Raises:
            UnknownNameError: no such layer.

        Examples:
            >>> [w.shape for w in network.weights("block2_conv2")]
            [(3, 3, 16, 16), (16,)]
        """
        keras_layer = self.structure.call(layer).layer
        return [] if keras_layer is None else keras_layer.get_weights()

    def count_params(self) -> int:
        """The number of weights of all layers, trainable or not.

        Examples:
            >>> network.count_params()
            74232
        """
        return int(self.model.count_params())

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

    def values(self, batch: np.ndarray, neuron: NeuronOrList) -> np.ndarray:
        """A neuron's activation before softmax, aggregated, without a backward pass.

        Args:
            batch: float32 (batch, rows, columns, channels).
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.
                Or a list of one for each input, all of one layer and aggregate; None in it is that
                input's most probable class.

        Returns:
            float32 (batch,).

        Examples:
            >>> network.values(network.prepare(image).input[None], cnnvis.Neuron(None, 0)).round()
            array([66.], dtype=float32)
        """
        return self._values(batch, neuron)[1]

    def resolved(self, pixels: np.ndarray, neuron: Neuron | None) -> tuple[Neuron, float]:
        """The neuron for an input (None: its most probable class), and its value.

        Examples:
            >>> neuron, value = network.resolved(network.prepare(image).input, None)
            >>> neuron.unit, round(value)
            (0, 66)
        """
        return self.resolved_each(pixels[None], [neuron])[0]

    def resolved_each(
        self, batch: np.ndarray, neurons: list[Neuron | None]
    ) -> list[tuple[Neuron, float]]:
        """As `resolved`, for each input of a batch: one neuron each, of one layer and aggregate.

        Examples:
            >>> batch = network.prepare(image).input[None]
            >>> [neuron.unit for neuron, _ in network.resolved_each(batch, [None])]
            [0]
        """
        units, values = self._values(batch, neurons)
        return [
            (neuron or Neuron(None, int(unit)), float(value))
            for neuron, unit, value in zip(neurons, units, values, strict=True)
        ]

    def _values(self, batch: np.ndarray, neuron: NeuronOrList) -> tuple[np.ndarray, np.ndarray]:
        layer, aggregate, arguments = self.neuron_arguments(batch, neuron)
        program = self.compiled(
            ("values", layer, aggregate),
            lambda: compiled_functions.values(self.model, self.input_shape, layer, aggregate),
        )
        units, value = self.run(program, *arguments)
        return units.numpy(), value.numpy()

    def backward(self, batch: np.ndarray, neuron: NeuronOrList, *passes: Pass) -> BackwardResult:
        """Derivatives of a neuron with respect to the input or to layers, in one compiled call.

        Args:
            batch: float32 (batch, rows, columns, channels); the batch's neurons are independent.
            neuron: as `Network.neuron` returns it; None is the first input's most probable class.
                Or a list, as `values` takes it.
            passes: where, and under which rule for the ReLUs. At a layer of tokens the patches
                are laid out in rows and columns, without class tokens.

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
        units, value, derivatives = self.run(program, *arguments)
        return BackwardResult(
            int(units[0]),
            value.numpy(),
            tuple(
                self._laid_out(p, pair[0].numpy()) if len(pair) == 2 else None
                for p, pair in zip(passes, derivatives, strict=True)
            ),
            tuple(
                self._laid_out(p, pair[-1].numpy())
                for p, pair in zip(passes, derivatives, strict=True)
            ),
            tuple(units.numpy().tolist()),
        )

    def _laid_out(self, pass_: Pass, values: np.ndarray) -> np.ndarray:
        """Tokens as rows and columns, (batch, rows, columns, units); other results unchanged."""
        tokens = None if pass_.place is None else self.structure.tokens(pass_.place)
        if tokens is None:
            return values
        patches = values[:, tokens.first : tokens.first + tokens.patches]
        return patches.reshape(len(values), tokens.rows, tokens.columns, -1)

    def is_output(self, neuron: Neuron | None) -> bool:
        """Whether a neuron is an output unit: None, no layer, or the layer of the logits.

        Examples:
            >>> network.is_output(cnnvis.Neuron("block2_conv2", 5))
            False
        """
        layer = neuron.layer if neuron else None
        if layer is not None and self.several_outputs:
            return False
        return layer is None or self.structure.target(layer).name == self.structure.logits.name

    def remarks(self, neuron: Neuron | None) -> tuple[str, ...]:
        """Remarks that belong to every explanation of a neuron, in sentences.

        Examples:
            >>> network.remarks(None)
            ()
        """
        survey, remarks = self._surveyed(), []
        if self.is_output(neuron):
            if survey.score_warning:
                remarks.append(survey.score_warning)
            if survey.found_scores:
                remarks.append(
                    f"The value before {survey.found_scores.kind} was found by numbers: on a few "
                    f"pictures its {survey.found_scores.kind} is the network's output."
                )
        layer = neuron.layer if neuron else None
        if layer is not None and survey.structure.precedes(layer):
            remarks.append(
                f"Explained is the value before softmax or sigmoid, not what {layer} gives."
            )
        if survey.structure.forward.inlined:
            remarks.append(
                "A tf.function of the network was opened: what is explained is what it contains."
            )
        if survey.structure.forward.half:
            remarks.append(
                "Computed in float32; the network itself computes in half precision, whose values "
                "differ in the third digit."
            )
        if half := survey.structure.half_operations:
            remarks.append(
                f"Parts of the network compute in half precision ({', '.join(half[:4])}), also "
                "here: their graph is fixed, and values differ from float32's in the third digit."
            )
        return tuple(remarks)

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
            self._coverage[key] = relevance_coverage(self._relevance_structure(), key[0])
        return self._coverage[key]

    def _relevance_structure(self) -> Structure:
        """The traced graph, in which quantised layers do not round their input."""
        if not any(c.layer and rounds_its_input(c.layer) for c in self.structure.forward.calls):
            return self.structure
        return self.compiled(
            ("relevance structure",), lambda: relevance_structure(self.model, self.input_shape)
        )

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
