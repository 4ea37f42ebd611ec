"""What a method's first call costs on the networks of Keras Applications: `first_calls.py`.

The first call traces and compiles. It is compared with the first call of a plain `tf.function` with
a GradientTape on the same network. Each network is built three times, in turn: for the plain
function; for saliency, and then Grad-CAM on the same `Network`; for Deep Taylor. Seconds, and
ratios to the plain function. Weights are random; the pictures are small, so that the time is that
of the graph and not of its arithmetic.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import machine

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

FAMILIES = {
    "VGG16": 64,
    "ResNet50": 64,
    "InceptionV3": 96,
    "Xception": 96,
    "MobileNetV2": 64,
    "DenseNet121": 64,
    "EfficientNetB0": 64,
    "InceptionResNetV2": 96,
    "ConvNeXtTiny": 64,
    "NASNetMobile": 64,
}
UNIT = 3
HEAD = (
    "| network | plain, s | saliency | then Grad-CAM | then guided backprop | Deep Taylor |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: |"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/first_calls.py", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    options = parser.parse_args()
    for name, value in machine().items():
        print(f"- {name}: {value}")
    warnings.simplefilter("ignore")
    first_calls("MobileNetV2", 64)  # what TensorFlow sets up once for the process
    print(f"\n{HEAD}", flush=True)
    for name in options.networks:
        seconds = first_calls(name, FAMILIES[name])
        plain = seconds.pop("plain")
        ratios = " | ".join(f"{each / plain:.2f}" for each in seconds.values())
        print(f"| {name} | {plain:.1f} | {ratios} |", flush=True)


def first_calls(family: str, side: int) -> dict[str, float]:
    """Seconds of the first call of each, on a network of that family."""
    import keras
    import tensorflow as tf

    import cnnvis_widgets as cnnvis

    x = np.random.default_rng(0).uniform(-1, 1, (side, side, 3)).astype(np.float32)

    def build() -> Any:
        keras.backend.clear_session()
        gc.collect()
        make = getattr(keras.applications, family)
        return make(weights=None, input_shape=x.shape, classes=10)

    def timed(work: Callable[[], Any]) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    model = build()

    @tf.function
    def gradient(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            value = model(batch, training=False)[:, UNIT]
        return tape.gradient(value, batch)

    seconds = {"plain": timed(lambda: gradient(tf.constant(x[None])).numpy())}
    network = cnnvis.Network(build())
    for method in ("saliency", "grad_cam", "guided_backprop"):
        seconds[method] = timed(lambda m=method: cnnvis.explain(network, x, m, UNIT))
    network = cnnvis.Network(build())
    seconds["deep_taylor"] = timed(lambda: cnnvis.explain(network, x, "deep_taylor", UNIT))
    return seconds


if __name__ == "__main__":
    main()
