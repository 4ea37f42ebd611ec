"""xplique: explainers built once on the network without softmax, as its guide advises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from worker import UNIT, Task, Work, Works, serve


def prepare(task: Task) -> Works:
    with task.phase("import"):
        from importlib.metadata import version

        import keras
        import tensorflow as tf
        from keras_raw import baselines, linear, load
        from xplique.attributions import DeconvNet, GradCAM, GuidedBackprop, Saliency
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
        },
        {"xplique": version("xplique"), "tensorflow": tf.__version__, "keras": keras.__version__},
        {"guided_grad_cam": "not offered"},
    )


if __name__ == "__main__":
    serve(prepare)
