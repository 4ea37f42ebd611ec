"""The gradients of noisy copies of a picture, one at a time on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np


def noisy_slopes(
    twin: Any,
    picture: np.ndarray,
    layer: str,
    unit: int,
    rule: str,
    *,
    samples: int,
    noise: float,
    seed: int,
) -> np.ndarray:
    """Float64 (samples, rows, columns, channels); `noise` is a share of the picture's range."""
    sigma = noise * (picture.max() - picture.min())
    drawn = np.random.default_rng(seed).standard_normal((samples, *picture.shape), np.float32)
    slopes = []
    for one in drawn:
        tape = twin.tape((picture + sigma * one)[None])
        _, start = tape.neuron(layer, unit)
        slopes.append(tape.gradient(start, rule, layer, None)[0][0])
    return np.array(slopes)
