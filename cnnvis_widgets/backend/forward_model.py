"""What one forward pass of a network gives: predictions, activations, and their labels."""

from __future__ import annotations

import warnings

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import compiled_functions, pixels
from cnnvis_widgets.backend.compiled_model import CompiledModel
from cnnvis_widgets.backend.records import ActiveUnit, Prediction
from cnnvis_widgets.errors import InvalidValueError


class ForwardModel(CompiledModel):
    """A compiled model that takes pictures and names its output units.

    Attributes:
        preprocess: float32 pixels of 0..255 → the model's input; None hands them on.
        labels: the names of the output units, in order.
        warning: a warning about its preprocessing; "" if none.
    """

    preprocess: pixels.Preprocess | None
    labels: tuple[str, ...] | None
    warning: str

    @property
    def units(self) -> int:
        """How many output units there are.

        Examples:
            >>> network.units
            8
        """
        return self.structure.logits.shape[-1]

    @property
    def several_outputs(self) -> bool:
        """Whether it has more than one output; a neuron then needs a layer.

        Examples:
            >>> network.several_outputs
            False
        """
        return len(tf.nest.flatten(self.structure.forward.output)) > 1

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
        values = pixels.preprocessed(np.full(self.input_shape, level, np.float32), self.preprocess)
        if not np.isfinite(values).all():
            raise InvalidValueError(
                f"The preprocess of {self.name} turns a picture that is grey level {level} "
                "everywhere into values that are NaN or infinite; expected finite ones."
            )
        return values

    def probes(self) -> np.ndarray:
        """Noise as test inputs for the network: float32 (3, rows, columns, …).

        Examples:
            >>> network.probes().shape
            (3, 64, 64, 3)
        """
        noise = np.random.default_rng(0).uniform(0, 255, (3, *self.input_shape))
        noise[1] *= 0.5
        try:
            inputs = [pixels.preprocessed(x.astype(np.float32), self.preprocess) for x in noise]
        except Exception:  # a preprocessing of pictures only
            return super().probes()
        return np.stack(inputs) if np.isfinite(inputs).all() else super().probes()

    def label(self, unit: int) -> str:
        """The name of an output unit, "unit 17" where the network has no labels.

        Examples:
            >>> network.label(2)
            'checked triangle'
        """
        if self.labels is not None and unit < len(self.labels):
            if self.units == 1 and len(self.labels) == 2:  # one sigmoid: the second class's share
                return self.labels[1]
            return self.labels[unit]
        return f"unit {unit}"

    def prepare(self, image: np.ndarray) -> pixels.Prepared:
        """A picture as the network's input, and the crop that it sees; see `pixels.prepare`.

        Warns where a float array cannot be an input that `preprocess` would have made.

        Examples:
            >>> network.prepare(image).input.shape
            (64, 64, 3)
        """
        prepared = pixels.prepare(image, self.input_shape, self.preprocess)
        if prepared.picture is None and (
            remark := pixels.range_warning(prepared.input, self.bounds)
        ):
            warnings.warn(remark, stacklevel=2)
        return prepared

    def input_remark(self, prepared: pixels.Prepared) -> str:
        """Warnings about an input: its range, or how it was prepared; "" if none.

        Examples:
            >>> network.input_remark(network.prepare(image))
            ''
        """
        if prepared.picture is None:
            return pixels.range_warning(prepared.input, self.bounds)
        remarks = (self.warning, pixels.darkness_warning(prepared.picture))
        return " ".join(sentence for sentence in remarks if sentence)

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
        logits, scores = (x.numpy() for x in self.run(program, tf.constant(batch)))
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
        if (
            logits.ndim > 1
        ):  # a map of outputs: logits are summed as a neuron's, probabilities averaged
            logits, scores = (x.reshape(-1, x.shape[-1]) for x in (logits, scores))
            logits, scores = logits.sum(0), scores.mean(0)
        linear = self.structure.output_kind == "linear"
        best = np.argsort(-logits, kind="stable")[:top]
        return [
            Prediction(
                int(u), self.label(u), None if linear else float(scores[u]), float(logits[u])
            )
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
        program, structure, *_ = self._surveyed()
        means, _ = program(tf.constant(self.prepare(image).input[None]))
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
