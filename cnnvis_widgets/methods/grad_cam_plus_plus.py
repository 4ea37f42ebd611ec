"""Grad-CAM++: Grad-CAM with a weight α for each position of a map."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.grad_cam import GradCam


class GradCamPlusPlus(GradCam):
    """relu(Σ_k w_k A_k) with w_k = Σ_ij α_kij relu(∂a/∂A_kij).

    α comes from the second and third derivatives of exp(a), which for a network of ReLUs are powers
    of the first. The common factor exp(a) is left out: it changes no proportion, and overflows.
    """

    name = "grad_cam_plus_plus"
    title = "Grad-CAM++"
    summary = "the regions that raise the neuron, several objects of one class included"
    paper = (
        "Chattopadhay, Sarkar, Howlader & Balasubramanian, Grad-CAM++: Generalized Gradient-Based "
        "Visual Explanations for Deep Convolutional Networks, WACV 2018, arXiv:1710.11063"
    )
    section = "not in the thesis"
    order = 41
    weaknesses = (
        "As coarse as Grad-CAM. Derivatives below zero do not count, so that what speaks for "
        "another class is shown as well."
    )

    def weights(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Equations 5 and 19 of the paper, with the derivatives of exp(a) divided by exp(a).

        Args:
            maps: float32 (rows, columns, units), A.
            gradient: ∂a/∂A, the same shape.

        Returns:
            float32 (units,).

        Example:
            >>> maps, gradient = np.float32([[[1.0]], [[3.0]]]), np.float32([[[1.0]], [[0.0]]])
            >>> GradCamPlusPlus().weights(maps, gradient)  # 1 / (2 + 4 · 1)
            array([0.16666667], dtype=float32)
        """
        slope = gradient.astype(np.float64)
        denominator = 2 * slope**2 + maps.sum(axis=(0, 1), dtype=np.float64) * slope**3
        share = np.divide(slope**2, denominator, out=np.zeros_like(slope), where=denominator != 0)
        return (share * np.maximum(slope, 0)).sum(axis=(0, 1)).astype(np.float32)
