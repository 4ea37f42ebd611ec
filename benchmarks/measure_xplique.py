"""xplique: explainers built once on the network without softmax, as its guide advises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from worker import (
    BACKWARD_BATCH,
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

    def method(explainer: Callable[..., Any], **options: Any) -> Callable[[], Work]:
        def build() -> Work:
            built = explainer(model, **options)
            return lambda: np.asarray(built.explain(pixels, targets))

        return build

    return Works(
        baselines(model, task.input),
        {
            "saliency": method(Saliency),
            "deconvnet": method(DeconvNet, reducer=None),
            "guided_backprop": method(GuidedBackprop, reducer=None),
            "grad_cam": method(GradCAM, conv_layer=task.layer),
            "integrated_gradients": method(
                IntegratedGradients,
                steps=50,
                baseline_value=BLACK,
                batch_size=BACKWARD_BATCH,
                reducer=None,
            ),
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
    )


if __name__ == "__main__":
    serve(prepare)
