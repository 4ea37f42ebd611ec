"""HiResCAM: derivative times activation at each position of each map, with signs."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.grad_cam import GradCam


class HiResCam(GradCam):
    """relu(Σ_k (∂a/∂A_kij) A_kij) at each place (i, j): Grad-CAM without averaging the derivative.

    If one dense layer follows the maps, the map's sum before the ReLU is the neuron's value without
    the bias; Grad-CAM may show positions that the network does not use.
    """

    name = "hires_cam"
    title = "HiResCAM"
    summary = "the places whose features the neuron uses, faithful where a dense layer follows"
    paper = (
        "Draelos & Carin, Use HiResCAM instead of Grad-CAM for Faithful Explanations of "
        "Convolutional Neural Networks, 2020, arXiv:2011.08891"
    )
    section = "not in the thesis"
    order = 44
    weaknesses = (
        "As coarse as the layer. With more than one layer behind the maps it is a first-order "
        "guess as any gradient, and noisier than Grad-CAM."
    )

    def before_relu(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Equation 6 of the paper.

        Example:
            >>> maps, gradient = np.float32([[[3.0, 2.0]]]), np.float32([[[0.5, -0.25]]])
            >>> HiResCam().before_relu(maps, gradient)
            array([[1.]], dtype=float32)
        """
        return np.einsum("ijk,ijk->ij", gradient, maps)
