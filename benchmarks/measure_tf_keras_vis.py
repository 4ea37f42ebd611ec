"""tf-keras-vis: its methods among ours, with ReplaceToLinear as its guide advises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from worker import NOISE, STEPS, UNIT, Task, Work, Works, serve


def prepare(task: Task) -> Works:
    with task.phase("import"):
        from importlib.metadata import version

        import keras
        import tensorflow as tf
        from keras_raw import baselines, load
        from tf_keras_vis.activation_maximization import ActivationMaximization
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.saliency import Saliency
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore
    with task.phase("network"):
        model = load(task)
    score, pixels = CategoricalScore([UNIT]), tf.constant(task.input)

    def saliency() -> Work:
        built = Saliency(model, model_modifier=ReplaceToLinear(), clone=True)
        return lambda: built(score, pixels)

    def grad_cam() -> Work:
        built = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
        options = {"penultimate_layer": task.layer, "seek_penultimate_conv_layer": False}
        return lambda: built(score, pixels, **options)

    def smoothgrad() -> Work:
        built = Saliency(model, model_modifier=ReplaceToLinear(), clone=True)
        return lambda: built(score, pixels, smooth_samples=50, smooth_noise=NOISE)

    def activation_maximization() -> Work:
        built = ActivationMaximization(model, model_modifier=ReplaceToLinear(), clone=True)
        return lambda: np.asarray(built(score, steps=STEPS, input_range=(-1, 1)))

    methods: dict[str, Callable[[], Work]] = {
        "saliency": saliency,
        "grad_cam": grad_cam,
        "smoothgrad": smoothgrad,
        "activation_maximization": activation_maximization,
    }
    absent = (
        *("deconvnet", "guided_backprop", "guided_grad_cam", "deep_taylor", "visual_backprop"),
        *("integrated_gradients", "lime", "network_inversion"),
    )
    return Works(
        baselines(model, task.input),
        methods,
        {
            "tf-keras-vis": version("tf-keras-vis"),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        dict.fromkeys(absent, "not offered"),
    )


if __name__ == "__main__":
    serve(prepare)
