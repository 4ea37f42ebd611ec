"""xplique: explainers built once on the network without softmax, as its guide advises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from worker import (
    BACKWARD_BATCH,
    BATCH,
    BLACK,
    FORWARD_BATCH,
    NOISE,
    PICTURES,
    SAMPLES,
    UNIT,
    Task,
    Work,
    Works,
    serve,
)

ABSENT = ("guided_grad_cam", "deep_taylor", "visual_backprop")


def prepare(task: Task) -> Works:
    with task.phase("import"):
        from importlib.metadata import version

        import keras
        import tensorflow as tf
        from keras_raw import baselines, linear, load
        from xplique.attributions import (
            DeconvNet,
            GradCAM,
            GuidedBackprop,
            IntegratedGradients,
            Lime,
            Saliency,
            SmoothGrad,
        )
    with task.phase("network"):
        model = linear(load(task))
    pixels = tf.constant(task.input)
    targets = tf.one_hot([UNIT], model.output_shape[-1])

    inputs, all_targets = tf.constant(task.inputs), tf.repeat(targets, BATCH, axis=0)

    def method(explainer: Callable[..., Any], **options: Any) -> Callable[[], Work]:
        def build() -> Work:
            built = explainer(model, **options)
            return lambda: np.asarray(built.explain(pixels, targets))

        return build

    def many(explainer: Callable[..., Any], **options: Any) -> Callable[[], Work]:
        def build() -> Work:  # in batches of the size that is the fastest here, as ours
            built = explainer(model, batch_size=BACKWARD_BATCH, **options)
            return lambda: np.asarray(built.explain(inputs, all_targets))

        return build

    steps = {"steps": 50, "baseline_value": BLACK, "reducer": None}
    return Works(
        baselines(model, task.input),
        {
            "saliency": method(Saliency),
            "deconvnet": method(DeconvNet, reducer=None),
            "guided_backprop": method(GuidedBackprop, reducer=None),
            "grad_cam": method(GradCAM, conv_layer=task.layer),
            "integrated_gradients": method(IntegratedGradients, batch_size=BACKWARD_BATCH, **steps),
            "smoothgrad": method(
                SmoothGrad,
                nb_samples=50,
                noise=NOISE * float(np.ptp(task.input)),
                batch_size=BACKWARD_BATCH,
                reducer=None,
            ),
            "lime": method(Lime, nb_samples=SAMPLES, batch_size=FORWARD_BATCH),
        },
        {"xplique": version("xplique"), "tensorflow": tf.__version__, "keras": keras.__version__},
        dict.fromkeys((*ABSENT, *PICTURES), "not offered"),
        batches={
            "saliency": many(Saliency),
            "deconvnet": many(DeconvNet, reducer=None),
            "guided_backprop": many(GuidedBackprop, reducer=None),
            "grad_cam": many(GradCAM, conv_layer=task.layer),
            "integrated_gradients": many(IntegratedGradients, **steps),
        },
    )


if __name__ == "__main__":
    serve(prepare)
