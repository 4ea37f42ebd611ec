"""tf-keras-vis: raw maps of its methods, without the rescaling to 0…1 that it does by default."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from cnnvis_widgets.peers.contract import Counterpart, Library, Task
from cnnvis_widgets.peers.rule_reach import changed_layers

_RAW = {"normalize_map": False, "gradient_modifier": None, "keepdims": True}


class TfKerasVis(Library):
    """Kubota, https://github.com/keisen/tf-keras-vis ."""

    name: ClassVar[str] = "tf-keras-vis"
    distribution: ClassVar[str] = "tf-keras-vis"
    install: ClassVar[str] = "pip install tf-keras-vis"
    order: ClassVar[int] = 20
    advice: ClassVar[str] = "ReplaceToLinear()"

    @property
    def counterparts(self) -> tuple[Counterpart, ...]:
        """Seven of ours."""
        where = "tf_keras_vis"
        return (
            Counterpart(
                *("saliency", f"{where}.saliency.Saliency", _saliency, "largest"), on_given=True
            ),
            Counterpart(
                *("smoothgrad", f"{where}.saliency.Saliency, smooth_samples", _smoothgrad),
                *("channels", ("tf_keras_vis_noise",)),
            ),
            Counterpart(
                "guided_backprop",
                f"{where}.saliency.Saliency, model_modifier=GuidedBackpropagation()",
                _guided,
                "channels",
                on_given=True,
            ),
            Counterpart(
                *("grad_cam", f"{where}.gradcam.Gradcam", _cam("gradcam", "Gradcam"), "map"),
                on_given=True,
            ),
            Counterpart(
                "grad_cam_plus_plus",
                f"{where}.gradcam_plus_plus.GradcamPlusPlus",
                _cam("gradcam_plus_plus", "GradcamPlusPlus"),
                "map",
                ("tf_keras_vis_alphas",),
            ),
            Counterpart(
                *("layer_cam", f"{where}.layercam.Layercam", _cam("layercam", "Layercam"), "map"),
                on_given=True,
            ),
            Counterpart(
                "score_cam",
                f"{where}.scorecam.Scorecam",
                _cam("scorecam", "Scorecam", _channels),
                "map",
                ("tf_keras_vis_softmax_of_classes",),
            ),
        )

    def follow_advice(self, model: Any) -> None:
        """Its modifier for models that end in softmax."""
        import_module("tf_keras_vis.utils.model_modifiers").ReplaceToLinear()(model)


def _score(task: Task) -> Any:
    return import_module("tf_keras_vis.utils.scores").CategoricalScore([task.unit])


def _saliency(task: Task) -> Any:
    built = import_module("tf_keras_vis.saliency").Saliency(task.model)
    return built(_score(task), task.batch, normalize_map=False)[0]


def _smoothgrad(task: Task) -> Any:
    built, settings = import_module("tf_keras_vis.saliency").Saliency(task.model), task.settings
    options = {"smooth_samples": settings.samples, "smooth_noise": settings.noise, **_RAW}
    # It draws from NumPy's shared generator: seeded for this call, and put back.
    state = np.random.get_state()
    np.random.seed(settings.seed)
    try:
        return np.asarray(built(_score(task), task.batch, **options))[0]
    finally:
        np.random.set_state(state)


def _guided(task: Task) -> Any:
    modifier = import_module("tf_keras_vis.utils.model_modifiers").GuidedBackpropagation()
    saliency = import_module("tf_keras_vis.saliency").Saliency
    built = saliency(task.model, model_modifier=modifier, clone=True)
    values = np.asarray(built(_score(task), task.batch, **_RAW))[0]
    return values, changed_layers(built.model, task.model)


def _channels(task: Task) -> dict[str, Any]:
    return {"max_N": task.settings.channels}


def _cam(
    module: str, name: str, options: Callable[[Task], dict[str, Any]] = lambda task: {}
) -> Callable[[Task], Any]:
    def run(task: Task) -> Any:
        built = getattr(import_module(f"tf_keras_vis.{module}"), name)(task.model)
        raw = {"expand_cam": False, "normalize_cam": False, **options(task)}
        layer_options = {"penultimate_layer": task.layer, "seek_penultimate_conv_layer": False}
        return np.asarray(built(_score(task), task.batch, **layer_options, **raw))[0]

    return run
