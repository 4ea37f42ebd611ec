"""Parametrisations of an optimised picture: numbers, and how they become colours.

Gradient ascent on colours ends in fine noise: a network's derivative is strongest in high
frequencies, natural pictures in low ones. Two changes of coordinates correct this (Olah,
Mordvintsev & Schubert, Feature Visualization, Distill 2017): Fourier coefficients, with low
frequencies scaled up as in natural pictures, and decorrelated colours.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

COVARIANCE = np.array(
    [
        [0.0913, 0.0748, 0.0661],
        [0.0748, 0.0763, 0.0737],
        [0.0661, 0.0737, 0.0774],
    ]
)
"""Of red, green and blue (0 to 1) within each bundled picture, the mean over the pictures; printed
by scripts/measure_colours.py."""
EDGE = 1 / 512  # margin from black and white, which the sigmoid reaches only at infinity


def frequencies(rows: int, columns: int) -> np.ndarray:
    """Cycles a pixel of each wave: float64 (rows, columns // 2 + 1), as `np.fft.rfft2` has it."""
    return np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])


def mirrored(rows: int, columns: int) -> np.ndarray:
    """2 for a wave that also stands for its complex conjugate, else 1: float64."""
    counts = np.full((rows, columns // 2 + 1), 2.0)
    counts[:, 0] = 1
    if columns % 2 == 0:
        counts[:, -1] = 1
    return counts


def wave_sizes(rows: int, columns: int, fall: float = 1.0) -> np.ndarray:
    """The amplitude of a wave of coefficient 1: float32 (rows, columns // 2 + 1).

    In proportion to 1 / frequency^fall, and such that coefficients of variance 1 make a field of
    variance 1. The amplitudes of natural pictures fall so with about 1 (Field 1987), those of the
    bundled pictures with 1.45 (scripts/measure_colours.py).
    """
    lowest = 1 / max(rows, columns)  # the plain field's frequency is 0
    falling = np.maximum(frequencies(rows, columns), lowest) ** -fall
    power = ((mirrored(rows, columns) * falling) ** 2).sum() / (rows * columns) ** 2
    return (falling / np.sqrt(power)).astype(np.float32)


def coarse(rows: int, columns: int, share: float) -> np.ndarray:
    """1 for the waves up to a share of the finest frequency, else 0: float32, as `wave_sizes`."""
    if share >= 1:  # the diagonal ones are finer than half a cycle a pixel
        return np.ones((rows, columns // 2 + 1), np.float32)
    return (frequencies(rows, columns) <= share / 2).astype(np.float32)


def colour_mixing(channels: int, decorrelated: bool) -> np.ndarray:
    """Independent numbers → colours: float32 (channels, channels).

    Decorrelated, it is a root of `COVARIANCE`: mixing @ mixing.T is the covariance over its
    largest variance. Its columns are the covariance's axes: light and dark, blue and orange, green
    and magenta.
    """
    if channels == 1 or not decorrelated:
        return np.eye(channels, dtype=np.float32)
    variances, axes = np.linalg.eigh(COVARIANCE)
    mixing = axes[:, ::-1] * np.sqrt(variances[::-1] / COVARIANCE.max())
    return (mixing * np.sign(mixing[:1])).astype(np.float32)


def from_waves(coefficients: tf.Tensor, sizes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """(2, channels, rows, columns // 2 + 1), real and imaginary → (channels, rows, columns)."""
    numbers = coefficients * sizes
    return tf.signal.irfft2d(tf.complex(numbers[0], numbers[1]), size)


def wave_slopes(slopes: tf.Tensor, sizes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The derivative by the coefficients, from the one by the field that `from_waves` made of them.

    The same as TensorFlow's own gradient, in half the time.
    """
    counts = tf.constant(mirrored(*size) / (size[0] * size[1]), tf.float32)
    waves = tf.signal.rfft2d(slopes)
    return tf.stack([tf.math.real(waves), tf.math.imag(waves)]) * (counts * sizes)


def blurred(field: tf.Tensor, mask: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """A field (channels, rows, columns) restricted to the waves of a mask."""
    waves = tf.signal.rfft2d(field)
    return tf.signal.irfft2d(waves * tf.cast(mask, waves.dtype), size)


def colours(field: tf.Tensor, mixing: tf.Tensor) -> tf.Tensor:
    """A field of independent numbers → colours within 0 and 1, both (channels, rows, columns)."""
    return tf.sigmoid(tf.tensordot(mixing, field, 1))


def field_of(picture: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    """The field whose colours are those of a picture.

    Args:
        picture: float32 (rows, columns, channels) of 0 to 1.
        mixing: of `colour_mixing`.

    Returns:
        float32 (channels, rows, columns).
    """
    clipped = np.clip(picture, EDGE, 1 - EDGE).astype(np.float64)
    mixed = np.log(clipped / (1 - clipped)).transpose(2, 0, 1)
    return np.tensordot(np.linalg.inv(mixing), mixed, 1).astype(np.float32)


def waves_of(field: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The coefficients of a field: float32 (2, channels, rows, columns // 2 + 1)."""
    waves = np.fft.rfft2(field) / sizes
    return np.stack([waves.real, waves.imag]).astype(np.float32)
