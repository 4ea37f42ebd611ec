"""iNNvestigate: needs an older TensorFlow without eager execution; VGG-16 only."""

from __future__ import annotations

from collections.abc import Callable

from worker import UNIT, Task, Work, Works, serve


def prepare(task: Task) -> Works:
    with task.phase("import"):
        from importlib.metadata import version

        import innvestigate
        import tensorflow as tf

        tf.compat.v1.disable_eager_execution()
    with task.phase("network"):
        model = tf.keras.applications.VGG16(weights=None)
        model.set_weights(task.weights)
        model = innvestigate.model_wo_softmax(model)
    pixels = task.input

    def method(name: str) -> Callable[[], Work]:
        def build() -> Work:
            options = {"neuron_selection_mode": "index"}
            built = innvestigate.create_analyzer(name, model, **options)
            return lambda: built.analyze(pixels, UNIT)

        return build

    gradient = tf.gradients(model.output[:, UNIT], model.input)
    forward = tf.keras.backend.function([model.input], [model.output])
    forward_backward = tf.keras.backend.function([model.input], gradient)
    absent = ("grad_cam", "guided_grad_cam", "visual_backprop")
    return Works(
        {
            "forward": lambda: forward([pixels])[0],
            "forward_backward": lambda: forward_backward([pixels])[0],
        },
        {
            "saliency": method("gradient"),
            "deconvnet": method("deconvnet"),
            "guided_backprop": method("guided_backprop"),
            "deep_taylor": method("deep_taylor"),
        },
        {"innvestigate": version("innvestigate"), "tensorflow": tf.__version__},
        dict.fromkeys(absent, "not offered"),
    )


if __name__ == "__main__":
    serve(prepare)
