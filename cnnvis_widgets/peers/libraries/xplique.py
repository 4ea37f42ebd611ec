"""xplique (DEEL): explainers of Keras models, given the model that ends before its softmax."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from cnnvis_widgets.peers.contract import Counterpart, Library, Task
from cnnvis_widgets.peers.rule_reach import changed_layers

BATCH = 16
_ON_GIVEN = ("saliency", "gradient_input", "guided_backprop", "deconvnet", "grad_cam")


class Xplique(Library):
    """Fel et al. 2022, https://github.com/deel-ai/xplique ."""

    name: ClassVar[str] = "xplique"
    distribution: ClassVar[str] = "xplique"
    # Version 2.0.2 asks for TensorFlow 2.20 at most, and on Linux for CUDA; it runs on 2.21.
    install: ClassVar[str] = (
        "pip install --no-deps xplique; pip install deprecated einops opencv-python-headless "
        "tensorflow-probability tf_keras"
    )
    order: ClassVar[int] = 10
    advice: ClassVar[str] = "model.layers[-1].activation = linear"

    @property
    def counterparts(self) -> tuple[Counterpart, ...]:
        """Ten of ours; SmoothGrad and RISE draw from TensorFlow's own generator."""
        return (
            _counterpart("saliency", "Saliency", "largest"),
            _counterpart("gradient_input", "GradientInput", "channels", _raw),
            _counterpart(
                *("integrated_gradients", "IntegratedGradients", "channels", _steps),
                differences=("xplique_trapezoid",),
            ),
            _counterpart("smoothgrad", "SmoothGrad", "channels", _noise, chance=True),
            _counterpart(
                *("guided_backprop", "GuidedBackprop", "channels", _raw),
                differences=("xplique_open_above",),
                rule=True,
            ),
            _counterpart("deconvnet", "DeconvNet", "channels", _raw, rule=True),
            _counterpart("grad_cam", "GradCAM", "bicubic", _layer),
            _counterpart(
                *("grad_cam_plus_plus", "GradCAMPP", "bicubic", _layer),
                differences=("xplique_mean_of_maps",),
            ),
            _counterpart(
                *("occlusion", "Occlusion", "map", _patches), differences=("xplique_sum_of_drops",)
            ),
            _counterpart("rise", "Rise", "rank", _masks, chance=True),
        )

    def follow_advice(self, model: Any) -> None:
        """What its tutorials do before they explain a model that ends in softmax."""
        model.layers[-1].activation = import_module("keras").activations.linear


def _counterpart(
    method: str,
    name: str,
    form: str,
    options: Callable[[Task], dict[str, Any]] = lambda task: {},
    differences: tuple[str, ...] = (),
    chance: bool = False,
    rule: bool = False,
) -> Counterpart:
    def run(task: Task) -> Any:
        explainer_class = getattr(import_module("xplique.attributions"), name)
        explainer = explainer_class(task.model, batch_size=BATCH, **options(task))
        values = np.asarray(explainer.explain(task.batch, task.one_hot))[0]
        values = values if form == "channels" else values[..., 0]
        return (values, changed_layers(explainer.model, task.model)) if rule else values

    return Counterpart(
        method,
        f"xplique.attributions.{name}",
        run,
        form,
        differences,
        chance,
        method in _ON_GIVEN,
    )


def _raw(task: Task) -> dict[str, Any]:
    return {"reducer": None}


def _steps(task: Task) -> dict[str, Any]:
    black = float(task.settings.black.mean())
    return {"reducer": None, "steps": task.settings.steps, "baseline_value": black}


def _noise(task: Task) -> dict[str, Any]:
    settings = task.settings
    return {"reducer": None, "nb_samples": settings.samples, "noise": settings.sigma}


def _layer(task: Task) -> dict[str, Any]:
    return {"conv_layer": task.layer}


def _patches(task: Task) -> dict[str, Any]:
    settings = task.settings
    grey = float(settings.grey.mean())
    sizes = {"patch_size": settings.patch, "patch_stride": settings.stride}
    return {**sizes, "occlusion_value": grey}


def _masks(task: Task) -> dict[str, Any]:
    settings = task.settings
    return {
        "nb_samples": settings.masks,
        "grid_size": settings.grid,
        "preservation_probability": settings.share,
        "mask_value": float(settings.grey.mean()),
    }
