"""Gradient ascent on a picture towards a strong activation, one compiled step at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.adam import adam
from cnnvis_widgets.backend.colours import Colours
from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    backward_start,
    compiled,
    forward_in,
    neuron_specs,
)
from cnnvis_widgets.backend.relu_rules import backward_rule
from cnnvis_widgets.backend.synthesis import parametrization
from cnnvis_widgets.backend.synthesis.regularizers import alpha_norm, total_variation
from cnnvis_widgets.backend.synthesis.transforms import view

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron

# Mahendran & Vedaldi 2016: colours of 0..255 less their mean have a typical length of 80, and
# between neighbours a typical difference of that over 6.5. Here in colours of 0..1.
TYPICAL_LENGTH = 80 / 255
TYPICAL_DIFFERENCE = TYPICAL_LENGTH / 6.5
START = 0.01  # standard deviation of the numbers that the ascent from noise starts with


class StepSettings(NamedTuple):
    """Settings of a step that may change without compiling again.

    Attributes:
        rate: Adam's step size.
        pull: weight of the activation against the penalties.
        alpha_weight: weight of |x|^α.
        tv_weight: weight of TV_β.
        zoom: see `transforms.view`.
        jitter: see `transforms.view`.
        noise: see `transforms.view`.
    """

    rate: float
    pull: float
    alpha_weight: float
    tv_weight: float
    zoom: float
    jitter: float
    noise: float


class Form(NamedTuple):
    """Settings that are compiled into the step.

    Attributes:
        waves: whether the numbers are coefficients of waves, else those of each place.
        octaves: whether some waves may be left out.
        layer: whether the whole layer is excited, else one neuron.
        alpha: the power of |x|^α: a product, where it is 2, 4 or 6.
        beta: the power of TV_β: likewise.
    """

    waves: bool
    octaves: bool
    layer: bool
    alpha: float
    beta: float


class State(NamedTuple):
    """The numbers of a picture, and Adam's running sums of the derivative and of its square."""

    numbers: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor


class Ascent:
    """Gradient ascent on one picture. The same seed gives the same pictures.

    Args:
        network: the network.
        neuron: which one; for a whole layer, any of its neurons.
        colours: how the network's input follows from colours.
        form: the settings that are compiled in.
        settings: of each step.
        decorrelated: whether colours are decorrelated, see `parametrization.colour_mixing`.
        fall: see `parametrization.wave_sizes`.
        seed: of the noise to start from and of the views.
        start: colours, float32 (rows, columns, channels) of 0 to 1; None starts from noise.

    Attributes:
        state: the current numbers and Adam's sums.
        values: the activation on each step's view, before the step.
        opened: in how many steps inactive ReLUs were treated as active, see `step`.
    """

    def __init__(
        self,
        network: Network,
        neuron: Neuron,
        colours: Colours,
        form: Form,
        settings: StepSettings,
        decorrelated: bool,
        fall: float,
        seed: int,
        start: np.ndarray | None,
    ) -> None:
        self.network, self.form = network, form
        rows, columns, channels = network.input_shape
        self._sizes = parametrization.wave_sizes(rows, columns, fall)
        mixing = parametrization.colour_mixing(channels, decorrelated)
        rng = np.random.default_rng(seed)
        grain = rng.standard_normal((channels, 2 * rows, 2 * columns), np.float32)
        if start is None:
            wave_shape = (2, channels, rows, columns // 2 + 1)
            shape = wave_shape if form.waves else (channels, rows, columns)
            first = START * rng.standard_normal(shape, np.float32)
        else:
            first = parametrization.field_of(start, mixing)
            first = parametrization.waves_of(first, self._sizes) if form.waves else first
        start_values = tf.constant(first, tf.float32)
        self.state = State(start_values, tf.zeros_like(start_values), tf.zeros_like(start_values))
        self._view_seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint32)[0] >> 1)
        self._mixing = tf.constant(mixing)
        blank = np.zeros((1, *network.input_shape), np.float32)
        self._layer, self._aggregate, (_, *self._aim) = network.neuron_arguments(blank, neuron)
        self._fixed = (
            tf.constant(colours.matrix),
            tf.constant(colours.black[None]),
            tf.constant(grain),
            tf.constant(settings, tf.float32),
        )
        self._waves_by_share: dict[float, tf.Tensor] = {}
        self.values: list[float] = []
        self.opened = 0

    def step(self, share: float = 1.0) -> None:
        """One step of Adam.

        If the ReLUs before the neuron are inactive everywhere, the derivative is zero. Such a step
        uses DeconvNet's rule, as if they were active.

        Args:
            share: of the finest frequency: waves beyond it are left out in this step.
        """
        *state, value, slope = self._program("gradient")(*self._arguments(share))
        if not float(slope) and float(value) <= 0:
            *state, value, slope = self._program("deconvnet")(*self._arguments(share))
            self.opened += bool(float(slope))
        self.state = State(*state)
        self.values.append(float(value))

    def picture(self, state: State, share: float = 1.0) -> np.ndarray:
        """A state's colours: float32 (rows, columns, channels) of 0 to 1."""
        size = self.network.input_shape[:2]
        field = _field(state.numbers, self._waves(share), self.form, size)
        return tf.transpose(parametrization.colours(field, self._mixing), (1, 2, 0)).numpy()

    def _arguments(self, share: float) -> tuple[tf.Tensor, ...]:
        time = len(self.values) + 1
        view_seed = tf.constant([self._view_seed, time], tf.int32)
        waves, at = self._waves(share), tf.constant(time, tf.float32)
        return (*self.state, at, view_seed, *self._aim, waves, self._mixing, *self._fixed)

    def _waves(self, share: float) -> tf.Tensor:
        """The factor of each wave."""
        if share not in self._waves_by_share:
            mask = parametrization.coarse(*self.network.input_shape[:2], share)
            self._waves_by_share[share] = tf.constant(
                mask * self._sizes if self.form.waves else mask
            )
        return self._waves_by_share[share]

    def _program(self, rule: str) -> CompiledFunction:
        network, key = self.network, (self._layer, self._aggregate, self.form, rule)
        return network.compiled(
            ("ascent", *key), lambda: program(network.model, network.input_shape, *key)
        )


def program(
    model: keras.Model,
    shape: tuple[int, int, int],
    layer: str | None,
    aggregate: str,
    form: Form,
    rule: str,
) -> CompiledFunction:
    """One step: state, … → state, activation on the view, largest derivative of it.

    The objective is pull · activation - |x|^α - TV_β, the activation scaled such that its
    derivative by the colours has a root mean square of 1 / (rows · columns): a picture then comes
    out alike whatever the size of a layer's numbers (the paper divides by the largest activation
    that natural pictures reach, which nobody knows of a stranger's network).
    """
    rows, columns, channels = shape

    def body(
        numbers: tf.Tensor,
        mean: tf.Tensor,
        square: tf.Tensor,
        time: tf.Tensor,
        seed: tf.Tensor,
        unit: tf.Tensor,
        position: tf.Tensor,
        waves: tf.Tensor,
        mixing: tf.Tensor,
        matrix: tf.Tensor,
        black: tf.Tensor,
        grain: tf.Tensor,
        packed: tf.Tensor,
    ) -> Any:
        settings = StepSettings(*tf.unstack(packed))
        field = _field(numbers, waves, form, (rows, columns))
        picture = parametrization.colours(field, mixing)
        shown_view = view(picture, seed, settings.zoom, settings.jitter, settings.noise, grain)
        mixed = tf.tensordot(matrix, shown_view, ((0,), (0,)))
        pixels = tf.transpose(mixed, (1, 2, 0))[None] + black
        target = forward_in(model, pixels, fold=True).target(layer)
        value, start = _aim(target, unit, aggregate, position, form)
        with backward_rule(rule):
            gradient = tf.gradients(target, picture, grad_ys=start)[0]
        upward, slope = _of_size_one(tf.zeros_like(picture) if gradient is None else gradient)
        grey = tf.transpose(picture, (1, 2, 0))[None] - 0.5
        _, bright = alpha_norm(grey / TYPICAL_LENGTH, form.alpha)
        _, rough = total_variation(grey / TYPICAL_DIFFERENCE, form.beta)
        penalty = settings.alpha_weight / TYPICAL_LENGTH * bright
        penalty += settings.tv_weight / TYPICAL_DIFFERENCE * rough
        direction = settings.pull * upward - rows * columns * tf.transpose(penalty[0], (2, 0, 1))
        direction = tf.gradients(picture, field, grad_ys=direction)[0]
        if form.waves:
            direction = parametrization.wave_slopes(direction, waves, (rows, columns))
        elif form.octaves:
            direction = tf.gradients(field, numbers, grad_ys=direction)[0]
        change, mean, square = adam(direction, mean, square, time, settings.rate)
        return numbers + change, mean, square, value, slope

    wave_shape = (rows, columns // 2 + 1)
    state = tf.TensorSpec((2, channels, *wave_shape) if form.waves else (channels, rows, columns))
    scalar = tf.TensorSpec(())
    specs = (
        *(state, state, state),
        *(scalar, tf.TensorSpec((2,), tf.int32), *neuron_specs(aggregate)),
        *(tf.TensorSpec(wave_shape), tf.TensorSpec((channels, channels))),
        *(tf.TensorSpec((channels, channels)), tf.TensorSpec((1, *shape))),
        tf.TensorSpec((channels, 2 * rows, 2 * columns)),
        tf.TensorSpec((len(StepSettings._fields),)),
    )
    return compiled(body, *specs)


def _field(numbers: tf.Tensor, waves: tf.Tensor, form: Form, size: tuple[int, int]) -> tf.Tensor:
    """The numbers as a field (channels, rows, columns)."""
    if form.waves:
        return parametrization.from_waves(numbers, waves, size)
    return parametrization.blurred(numbers, waves, size) if form.octaves else numbers


def _aim(
    target: tf.Tensor, unit: tf.Tensor, aggregate: str, position: tf.Tensor, form: Form
) -> tuple[tf.Tensor, tf.Tensor]:
    """The objective, and its derivative with respect to the layer's result."""
    if form.layer:  # as DeepDream: strong activations grow most
        size = tf.cast(tf.size(target), target.dtype)
        return tf.cast(tf.reduce_mean(tf.square(target)), tf.float32), 2 * target / size
    _, value, start = backward_start(target, unit, aggregate, position)
    return value[0], start


def _of_size_one(derivative: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A derivative scaled to a root mean square of 1 (zeros stay zeros), and its largest value."""
    finite = tf.where(tf.math.is_finite(derivative), derivative, 0)
    largest = tf.reduce_max(tf.abs(finite))
    scaled = tf.math.divide_no_nan(finite, largest)  # its squares neither overflow nor vanish
    mean = tf.sqrt(tf.reduce_mean(tf.square(scaled)))
    return scaled * tf.math.reciprocal_no_nan(mean), largest
