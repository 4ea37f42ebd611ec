"""Networks described once and built twice: with Keras, and on the NumPy tape with the same weights.

A description is a function of a builder and an input. Layers of one name are one layer: called
twice, they share their weights.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import numpy as np
from oracles import tape

Describe = Callable[[Any, Any], Any]


class KerasBuilder:
    """Builds with Keras; `forms` of a ReLU are the ways in which people write one."""

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}
        self.called: list[list[Any]] = [[]]
        self.eager = False  # within a subclassed model's call, where tf.nn can be used

    def _call(self, name: str, x: Any, make: Callable[[], Any]) -> Any:
        if name not in self.layers:
            self.layers[name] = make()
        self.called[-1].append(self.layers[name])
        return self.layers[name](x)

    def conv(self, x: Any, units: int, kernel: Any = 3, *, name: str, **options: Any) -> Any:
        from keras import layers

        options = {"padding": "same", **options}
        return self._call(name, x, lambda: layers.Conv2D(units, kernel, name=name, **options))

    def depthwise(self, x: Any, kernel: Any = 3, *, name: str, **options: Any) -> Any:
        from keras import layers

        options = {"padding": "same", **options}
        return self._call(name, x, lambda: layers.DepthwiseConv2D(kernel, name=name, **options))

    def separable(self, x: Any, units: int, kernel: Any = 3, *, name: str) -> Any:
        from keras import layers

        return self._call(
            name, x, lambda: layers.SeparableConv2D(units, kernel, padding="same", name=name)
        )

    def dense(self, x: Any, units: int, *, name: str, activation: str | None = None) -> Any:
        from keras import layers

        return self._call(name, x, lambda: layers.Dense(units, activation, name=name))

    def normalise(self, x: Any, *, name: str) -> Any:
        from keras import layers

        return self._call(name, x, lambda: layers.BatchNormalization(name=name))

    def relu(self, x: Any, form: str = "layer", top: float | None = None, *, name: str) -> Any:
        import keras
        import tensorflow as tf

        if form == "layer":
            return self._call(name, x, lambda: keras.layers.ReLU(top, name=name))
        if form == "activation":
            kind = {None: "relu", 6: "relu6"}[top]
            return self._call(name, x, lambda: keras.layers.Activation(kind, name=name))
        library = tf.nn if form == "tf" and self.eager else keras.ops
        return library.relu6(x) if top == 6 else library.relu(x)

    def pool(self, x: Any, kind: str, size: int, stride: int, padding: str, *, name: str) -> Any:
        from keras import layers

        made = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[kind]
        return self._call(name, x, lambda: made(size, stride, padding, name=name))

    def border(self, x: Any, sides: Any, *, name: str) -> Any:
        from keras import layers

        return self._call(name, x, lambda: layers.ZeroPadding2D(sides, name=name))

    def global_average(self, x: Any, *, name: str) -> Any:
        from keras import layers

        return self._call(name, x, lambda: layers.GlobalAveragePooling2D(name=name))

    def flatten(self, x: Any, *, name: str) -> Any:
        from keras import layers

        return self._call(name, x, lambda: layers.Flatten(name=name))

    def add(self, *xs: Any, name: str) -> Any:
        from keras import layers

        return self._call(name, list(xs), lambda: layers.Add(name=name))

    def concatenate(self, *xs: Any, name: str) -> Any:
        from keras import layers

        return self._call(name, list(xs), lambda: layers.Concatenate(name=name))

    def nested(self, x: Any, describe: Describe, *, name: str, sequential: bool = False) -> Any:
        import keras

        def make() -> Any:
            inputs = keras.Input(tuple(x.shape[1:]))
            self.called.append([])
            outputs = describe(self, inputs)
            inside = self.called.pop()
            if sequential:
                return keras.Sequential([keras.Input(tuple(x.shape[1:])), *inside], name=name)
            return keras.Model(inputs, outputs, name=name)

        return self._call(name, x, make)


class TapeBuilder:
    """Builds on the tape, and keeps every layer's value under the path that it must have."""

    def __init__(
        self,
        weights: dict[str, list[np.ndarray]],
        replaced: dict[str, np.ndarray] | None = None,
    ) -> None:
        self.weights, self.replaced = weights, replaced or {}
        self.values: dict[str, tape.Value] = {}
        self.scope: deque[str] = deque()
        self.seen: Counter[str] = Counter()
        self.largest = 0.0  # the largest value that any clipped ReLU was given

    def _path(self, name: str) -> str:
        path = "/".join([*self.scope, name])
        self.seen[path] += 1
        return path if self.seen[path] == 1 else f"{path}#{self.seen[path]}"

    def _keep(self, name: str, value: tape.Value, activation: str | None = None) -> tape.Value:
        if activation == "relu":
            value = tape.relu(value)
        path = self._path(name)
        if path in self.replaced:
            value = tape.Value(self.replaced[path])
        self.values[path] = value
        return value

    def conv(
        self,
        x: tape.Value,
        units: int,
        kernel: Any = 3,
        *,
        name: str,
        strides: int = 1,
        padding: str = "same",
        activation: str | None = None,
    ) -> tape.Value:
        made = tape.convolution(x, *self.weights[name], strides, padding)
        return self._keep(name, made, activation)

    def depthwise(
        self, x: tape.Value, kernel: Any = 3, *, name: str, strides: int = 1, padding: str = "same"
    ) -> tape.Value:
        return self._keep(name, tape.depthwise(x, *self.weights[name], strides, padding))

    def separable(self, x: tape.Value, units: int, kernel: Any = 3, *, name: str) -> tape.Value:
        across, along, bias = self.weights[name]
        middle = tape.depthwise(x, across, np.zeros(across.shape[2]))
        return self._keep(name, tape.convolution(middle, along, bias))

    def dense(
        self, x: tape.Value, units: int, *, name: str, activation: str | None = None
    ) -> tape.Value:
        return self._keep(name, tape.dense(x, *self.weights[name]), activation)

    def normalise(self, x: tape.Value, *, name: str) -> tape.Value:
        return self._keep(name, tape.normalise(x, *self.weights[name], 1e-3))

    def relu(
        self, x: tape.Value, form: str = "layer", top: float | None = None, *, name: str
    ) -> tape.Value:
        self.largest = max(self.largest, x.array.max()) if top else self.largest
        value = tape.relu(x, top or math.inf)
        # An operation between layers has no name; the package calls it after its kind.
        operation = "relu6" if top == 6 else "relu"
        return self._keep(name if form in ("layer", "activation") else operation, value)

    def pool(
        self, x: tape.Value, kind: str, size: int, stride: int, padding: str, *, name: str
    ) -> tape.Value:
        made = {"max": tape.max_pool, "average": tape.average_pool}[kind]
        return self._keep(name, made(x, size, stride, padding))

    def border(self, x: tape.Value, sides: Any, *, name: str) -> tape.Value:
        return self._keep(name, tape.pad(x, *sides))

    def global_average(self, x: tape.Value, *, name: str) -> tape.Value:
        return self._keep(name, tape.global_average(x))

    def flatten(self, x: tape.Value, *, name: str) -> tape.Value:
        return self._keep(name, tape.flatten(x))

    def add(self, *xs: tape.Value, name: str) -> tape.Value:
        return self._keep(name, tape.add(*xs))

    def concatenate(self, *xs: tape.Value, name: str) -> tape.Value:
        return self._keep(name, tape.concatenate(*xs))

    def nested(
        self, x: tape.Value, describe: Describe, *, name: str, sequential: bool = False
    ) -> tape.Value:
        path = self._path(name)
        self.scope.append(path.rsplit("/", 1)[-1])
        value = describe(self, x)
        self.scope.pop()
        if path in self.replaced:
            value = tape.Value(self.replaced[path])
        self.values[path] = value
        return value


class Twin:
    """A Keras model and its tape.

    Args:
        describe: the network.
        shape: (rows, columns, channels) of its input.
        subclassed: whether Keras' model is a subclass with a `call` of its own.

    """

    def __init__(
        self,
        describe: Describe,
        shape: tuple[int, int, int],
        *,
        subclassed: bool = False,
        name: str = "twin",
        scale: float = 1.0,
    ) -> None:
        import keras

        self.describe, self.shape = describe, shape
        builder = KerasBuilder()
        inputs = keras.Input(shape)
        outputs = describe(builder, inputs)
        self.model = keras.Model(inputs, outputs, name=name)
        self.weights = self._randomise(builder.layers, scale)
        if subclassed:
            self.model = self._subclassed(builder, name)

    @staticmethod
    def _randomise(layers: dict[str, Any], scale: float) -> dict[str, list[np.ndarray]]:
        rng, weights = np.random.default_rng(7), {}
        for name, layer in layers.items():
            if type(layer).__name__ in ("Functional", "Sequential") or not layer.weights:
                continue
            arrays = []
            for variable in layer.weights:
                shape, fan_in = tuple(variable.shape), math.prod(variable.shape[:-1])
                if "variance" in variable.path:
                    arrays.append(rng.uniform(0.5, 2, shape))
                elif "gamma" in variable.path:  # a negative scale turns a ReLU's side round
                    arrays.append(rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1, 1], shape))
                elif len(shape) == 1:
                    arrays.append(rng.normal(0, 0.3, shape))
                else:
                    arrays.append(rng.normal(0, scale * math.sqrt(2 / fan_in), shape))
            layer.set_weights(arrays)
            weights[name] = [a.astype(np.float64) for a in layer.get_weights()]
        return weights

    def _subclassed(self, builder: KerasBuilder, name: str) -> Any:
        import keras

        describe = self.describe

        class Subclassed(keras.Model):
            def __init__(self) -> None:
                super().__init__(name=name)
                self.parts = list(builder.layers.values())

            def call(self, inputs: Any) -> Any:
                builder.eager = True
                return describe(builder, inputs)

        model = Subclassed()
        model(np.zeros((1, *self.shape), np.float32))
        return model

    def tape(self, batch: np.ndarray, replaced: dict[str, np.ndarray] | None = None) -> Tape:
        """The forward pass of a batch.

        Args:
            batch: the pixels.
            replaced: path → what this layer is to answer, whatever it was given.
        """
        builder = TapeBuilder(self.weights, replaced)
        inputs = tape.Value(batch)
        return Tape(inputs, self.describe(builder, inputs), builder)


class Tape:
    """A forward pass on the tape.

    Attributes:
        input: the pixels.
        output: the logits.
        values: path → value of that layer.
        largest: the largest value that a clipped ReLU was given.
    """

    def __init__(self, inputs: tape.Value, output: tape.Value, builder: TapeBuilder) -> None:
        self.input, self.output = inputs, output
        self.values, self.largest = builder.values, builder.largest

    def at(self, layer: str | None) -> tape.Value:
        return self.output if layer is None else self.values[layer]

    def neuron(
        self,
        layer: str | None,
        unit: int,
        aggregate: str = "sum",
        position: tuple[int, ...] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The neuron's value for each of the batch, and where its derivative starts."""
        maps = self.at(layer).array
        seed = np.zeros_like(maps)
        values = np.zeros(len(maps))
        for n, one in enumerate(maps):
            chosen = one[..., unit]
            if position is not None:
                seed[(n, *position, unit)], values[n] = 1, chosen[position]
            elif aggregate == "max":
                place = np.unravel_index(chosen.argmax(), chosen.shape)
                seed[(n, *place, unit)], values[n] = 1, chosen.max()
            else:
                count = chosen.size if aggregate == "mean" else 1
                seed[n, ..., unit], values[n] = 1 / count, chosen.sum() / count
        return values, seed

    def gradient(
        self, seed: np.ndarray, rule: str, layer: str | None, *places: str | None
    ) -> list[np.ndarray]:
        """What arrives at the places (None: the pixels) from a neuron of `layer`."""
        wanted = [self.input if p is None else self.values[p] for p in places]
        return tape.backward(self.at(layer), seed, rule, *wanted)
