"""A second implementation of everything that the backend lets TensorFlow do, in NumPy float64.

Values remember how they were made; `backward` walks back through them and treats each ReLU as the
three papers say. Nothing here is shared with the package, and loops run over the places of a
kernel, so that no library's convolution is trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

RULES = ("gradient", "deconvnet", "guided")
Back = Callable[[np.ndarray, str], Sequence[np.ndarray]]


class Value:
    """An array (batch, …) and the way back to what it was made of."""

    def __init__(self, array: np.ndarray, parents: Sequence[Value] = (), back: Back | None = None):
        self.array = np.asarray(array, np.float64)
        self.parents, self.back = tuple(parents), back


def backward(end: Value, seed: np.ndarray, rule: str, *places: Value) -> list[np.ndarray]:
    """What arrives at each of `places` when `seed` is sent back from `end` under a rule."""
    order: list[Value] = []
    seen: set[int] = set()

    def visit(value: Value) -> None:
        if id(value) not in seen:
            seen.add(id(value))
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(end)
    arrived = {id(value): np.zeros_like(value.array) for value in order}
    arrived[id(end)] = np.broadcast_to(seed, end.array.shape).astype(np.float64)
    for value in reversed(order):
        if value.back is not None:
            for parent, part in zip(
                value.parents, value.back(arrived[id(value)], rule), strict=True
            ):
                arrived[id(parent)] = arrived[id(parent)] + part
    return [arrived.get(id(p), np.zeros_like(p.array)) for p in places]


def relu(x: Value, top: float = math.inf) -> Value:
    """Thesis Figure 18: what a (clipped) ReLU lets back under the three rules."""
    is_open = (x.array > 0) & (x.array < top)

    def back(g: np.ndarray, rule: str) -> list[np.ndarray]:
        if rule == "gradient":
            return [np.where(is_open, g, 0)]
        if rule == "deconvnet":
            return [np.where(g > 0, g, 0)]
        return [np.where(is_open & (g > 0), g, 0)]

    return Value(np.clip(x.array, 0, top), [x], back)


def pad(x: Value, rows: tuple[int, int], columns: tuple[int, int], fill: float = 0.0) -> Value:
    """A border; nothing comes back from it."""
    _, r, c, _ = x.array.shape
    padded = np.pad(x.array, ((0, 0), rows, columns, (0, 0)), constant_values=fill)
    inner = np.s_[:, rows[0] : rows[0] + r, columns[0] : columns[0] + c]
    return Value(padded, [x], lambda g, rule: [g[inner]])


def _border(n: int, kernel: int, stride: int, padding: str) -> tuple[int, int]:
    if padding == "valid":
        return 0, 0
    total = max((math.ceil(n / stride) - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2


def _windows(
    x: Value, kernel: tuple[int, int], stride: int, padding: str, fill: float = 0.0
) -> tuple[Value, list[tuple[int, int, tuple[slice, ...]]]]:
    """The padded input, and for each place of the kernel the inputs that it meets."""
    borders = [
        _border(n, k, stride, padding) for n, k in zip(x.array.shape[1:3], kernel, strict=True)
    ]
    wide = pad(x, *borders, fill)
    rows, columns = (
        (n - k) // stride + 1 for n, k in zip(wide.array.shape[1:3], kernel, strict=True)
    )
    rows, columns = (stride * (n - 1) + 1 for n in (rows, columns))
    places = [
        (i, j, np.s_[:, i : i + rows : stride, j : j + columns : stride])
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]
    return wide, places


def convolution(
    x: Value, kernel: np.ndarray, bias: np.ndarray, stride: int = 1, padding: str = "same"
) -> Value:
    """`kernel` is (rows, columns, channels in, channels out)."""
    wide, places = _windows(x, kernel.shape[:2], stride, padding)
    total = sum(wide.array[s] @ kernel[i, j] for i, j, s in places)

    def back(g: np.ndarray, rule: str) -> list[np.ndarray]:
        result = np.zeros_like(wide.array)
        for i, j, s in places:
            result[s] += g @ kernel[i, j].T
        return [result]

    return Value(total + bias, [wide], back)


def depthwise(
    x: Value, kernel: np.ndarray, bias: np.ndarray, stride: int = 1, padding: str = "same"
) -> Value:
    """`kernel` is (rows, columns, channels, 1): each channel has a filter of its own."""
    wide, places = _windows(x, kernel.shape[:2], stride, padding)
    total = sum(wide.array[s] * kernel[i, j, :, 0] for i, j, s in places)

    def back(g: np.ndarray, rule: str) -> list[np.ndarray]:
        result = np.zeros_like(wide.array)
        for i, j, s in places:
            result[s] += g * kernel[i, j, :, 0]
        return [result]

    return Value(total + bias, [wide], back)


def max_pool(x: Value, size: int, stride: int, padding: str = "valid") -> Value:
    """The winner takes what comes back: Zeiler and Fergus' switches."""
    wide, places = _windows(x, (size, size), stride, padding, -math.inf)
    stack = np.stack([wide.array[s] for _, _, s in places])
    winner = stack.argmax(axis=0)

    def back(g: np.ndarray, rule: str) -> list[np.ndarray]:
        result = np.zeros_like(wide.array)
        for n, (_, _, s) in enumerate(places):
            result[s] += np.where(winner == n, g, 0)
        return [result]

    return Value(stack.max(axis=0), [wide], back)


def average_pool(x: Value, size: int, stride: int, padding: str = "valid") -> Value:
    """Padding does not count in the average, as in TensorFlow."""
    wide, places = _windows(x, (size, size), stride, padding)
    ones, _ = _windows(Value(np.ones_like(x.array)), (size, size), stride, padding)
    count = sum(ones.array[s] for _, _, s in places)

    def back(g: np.ndarray, rule: str) -> list[np.ndarray]:
        result = np.zeros_like(wide.array)
        for _, _, s in places:
            result[s] += g / count
        return [result]

    return Value(sum(wide.array[s] for _, _, s in places) / count, [wide], back)


def global_average(x: Value) -> Value:
    _, rows, columns, _ = x.array.shape
    return Value(
        x.array.mean(axis=(1, 2)),
        [x],
        lambda g, rule: [np.broadcast_to(g[:, None, None, :], x.array.shape) / (rows * columns)],
    )


def dense(x: Value, kernel: np.ndarray, bias: np.ndarray) -> Value:
    return Value(x.array @ kernel + bias, [x], lambda g, rule: [g @ kernel.T])


def flatten(x: Value) -> Value:
    return Value(x.array.reshape(len(x.array), -1), [x], lambda g, rule: [g.reshape(x.array.shape)])


def normalise(
    x: Value,
    scale: np.ndarray,
    shift: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    epsilon: float,
) -> Value:
    """Batch normalisation with its moving statistics."""
    factor = scale / np.sqrt(variance + epsilon)
    return Value((x.array - mean) * factor + shift, [x], lambda g, rule: [g * factor])


def add(*xs: Value) -> Value:
    return Value(sum(x.array for x in xs), xs, lambda g, rule: [g] * len(xs))


def concatenate(*xs: Value) -> Value:
    ends = np.cumsum([x.array.shape[-1] for x in xs])[:-1]
    return Value(
        np.concatenate([x.array for x in xs], axis=-1),
        xs,
        lambda g, rule: np.split(g, ends, axis=-1),
    )
