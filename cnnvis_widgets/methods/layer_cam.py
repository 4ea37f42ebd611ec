"""LayerCAM: each position of each map weighted by its own derivative, in any layer."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.grad_cam import GradCam


class LayerCam(GradCam):
    """relu(Σ_k relu(∂a/∂A_kij) A_kij) at each place (i, j).

    Grad-CAM weighs a map as a whole, which holds only in a network's last layers. Weights of single
    places hold in any; the paper adds the maps of several layers up, which is left to the caller.
    """

    name = "layer_cam"
    title = "LayerCAM"
    summary = "the places whose features raise the neuron, in fine layers as in coarse ones"
    paper = (
        "Jiang, Zhang, Hou, Cheng & Wei, LayerCAM: Exploring Hierarchical Class Activation Maps "
        "for Localization, IEEE Transactions on Image Processing 30, 2021"
    )
    section = "not in the thesis"
    order = 43
    weaknesses = (
        "As coarse as the layer; in early layers as noisy as a saliency map. Derivatives below "
        "zero do not count, so that what speaks for another class may be shown as well."
    )

    def before_relu(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Equations 5 and 6 of the paper, before the ReLU.

        Example:
            >>> maps, gradient = np.float32([[[3.0, 2.0]]]), np.float32([[[0.5, -1.0]]])
            >>> LayerCam().before_relu(maps, gradient)
            array([[1.5]], dtype=float32)
        """
        return np.einsum("ijk,ijk->ij", np.maximum(gradient, 0), maps)
