"""Known differences between other libraries' definitions and ours, with sources.

`REMARKS` are about the libraries' defaults, which the comparison overrides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnvis_widgets.peers import definitions
from cnnvis_widgets.peers.definitions import Ours


@dataclass(frozen=True)
class Difference:
    """A library's different definition of a method.

    Attributes:
        says: the difference, a sentence that begins with "it".
        source: of the difference.
        definition: the library's map, computed by its definition with our engine.
        shortly: the difference in a few words, for a table.
        chance: whether only the random numbers differ.
    """

    says: str
    shortly: str
    source: str
    definition: Callable[[Ours], np.ndarray]
    chance: bool = False


KNOWN: dict[str, Difference] = {
    "xplique_trapezoid": Difference(
        "it takes the slopes at both ends and between them (trapezoid rule) from a baseline that "
        "is one number; ours takes them in the middle of each step, from the black picture's input",
        "trapezoid rule, not midpoints",
        "xplique 2.0.2, attributions/integrated_gradients.py, _average_gradients",
        definitions.trapezoid,
    ),
    "xplique_mean_of_maps": Difference(
        "it puts the mean of a map where equation 19 of the paper has its sum, in the denominator "
        "of the weights",
        "the mean of a map instead of its sum",
        "xplique 2.0.2, attributions/grad_cam_pp.py, _compute_weights; arXiv:1710.11063, eq. 19",
        definitions.mean_of_maps,
    ),
    "xplique_sum_of_drops": Difference(
        "it adds the drops up where patches overlap, and leaves what is beyond the last whole "
        "patch; ours takes their mean and puts a last patch at the border",
        "sums of drops, none at the far border",
        "xplique 2.0.2, attributions/occlusion.py, _compute_sensitivity and _get_masks",
        definitions.sum_of_drops,
    ),
    "xplique_open_above": Difference(
        "it asks of a clipped ReLU only whether its input is above 0, and lets signals back where "
        "the unit is at its upper bound and its derivative is 0",
        "clipped ReLUs are open above",
        "xplique 2.0.2, commons/model_override.py, guided_relu_policy",
        definitions.open_above,
    ),
    "tf_keras_vis_noise": Difference(
        "it draws other noise, from NumPy's shared generator",
        "other noise",
        "tf-keras-vis 0.8.7, saliency.py, Saliency.__call__",
        definitions.same_noise,
        chance=True,
    ),
    "tf_keras_vis_alphas": Difference(
        "it divides the alphas of each map by their sum, which the paper's code does and its "
        "equations do not, and keeps the factor exp(value), which overflows for large values",
        "alphas that add up to 1",
        "tf-keras-vis 0.8.7, gradcam_plus_plus.py; arXiv:1710.11063, eq. 5 and 19",
        definitions.normalised_alphas,
    ),
    "tf_keras_vis_softmax_of_classes": Difference(
        "it weighs a map by the class' probability on the masked picture; ours, as published, by "
        "the softmax over the maps of the value before the probability",
        "softmax over classes, not over maps",
        "tf-keras-vis 0.8.7, scorecam.py; arXiv:1910.01279, algorithm 1",
        definitions.softmax_of_classes,
    ),
    "captum_far_border": Difference(
        "it cuts the last patches at the border; ours puts whole ones there",
        "cut patches at the border",
        "captum 0.9.0, attr/_core/occlusion.py, _occlusion_mask",
        definitions.cut_patches,
    ),
}

REMARKS: dict[str, tuple[str, ...]] = {
    "xplique": (
        "By default it averages the channels of gradient × input, integrated gradients, "
        "SmoothGrad, DeconvNet and guided backpropagation with their signs (reducer='mean'); here "
        "every channel was compared (attributions/base.py).",
        "SmoothGrad's noise is an absolute number there (0.2 by default), here a share of the "
        "input's range (attributions/gradient_statistics/gradient_statistic.py).",
        "Its Grad-CAM takes the last layer with `filters` unless it is told another, and enlarges "
        "bicubically, which can go below 0 (attributions/grad_cam.py).",
    ),
    "tf-keras-vis": (
        "By default it rescales every map to 0…1 by its smallest and largest value, so that noise "
        "looks like evidence; here that was switched off (utils/__init__.py, normalize).",
        "Its SmoothGrad averages absolute values of the derivatives by default, which does not "
        "average noise away; here the signed ones were averaged (saliency.py).",
        "Its Grad-CAM takes the last convolution unless it is told another "
        "(utils/model_modifiers.py).",
    ),
    "captum": (
        "Its DeconvNet and guided backpropagation replace the backward pass of modules that are a "
        "`torch.nn.ReLU`; ReLU6 and functions are none (attr/_core/guided_backprop_deconvnet.py).",
        "Integrated gradients use the Gauss-Legendre rule by default; here the midpoint rule "
        "(attr/_core/integrated_gradients.py).",
    ),
}
