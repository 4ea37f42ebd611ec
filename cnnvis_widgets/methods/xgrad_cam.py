"""XGrad-CAM: Grad-CAM with derivatives weighted by the activation of their position."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.grad_cam import GradCam


class XGradCam(GradCam):
    """relu(Σ_k w_k A_k) with w_k = Σ_ij (A_kij / Σ A_k) ∂a/∂A_kij.

    These weights best satisfy two axioms: the maps' shares add up to the neuron's value
    (conservation), and each share is the neuron's drop without the map (sensitivity). A map whose
    sum is 0 gets weight 0.
    """

    name = "xgrad_cam"
    title = "XGrad-CAM"
    summary = "the regions whose features raise the neuron, their shares adding up to it"
    paper = (
        "Fu, Hu, Dong, Guo, Gao & Li, Axiom-based Grad-CAM: Towards Accurate Visualization and "
        "Explanation of CNNs, BMVC 2020, arXiv:2008.02312"
    )
    section = "not in the thesis"
    order = 45
    weaknesses = (
        "As coarse as Grad-CAM. Where maps have both signs, a sum near 0 makes a weight large."
    )

    def weights(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The weight of each map: equation 8 of the paper.

        Args:
            maps: float32 (rows, columns, units), A.
            gradient: ∂a/∂A, the same shape.

        Returns:
            float32 (units,).

        Example:
            >>> maps, gradient = np.float32([[[1.0]], [[3.0]]]), np.float32([[[2.0]], [[-2.0]]])
            >>> XGradCam().weights(maps, gradient)  # 1/4 · 2 - 3/4 · 2
            array([-1.], dtype=float32)
        """
        product = (maps.astype(np.float64) * gradient).sum(axis=(0, 1))
        total = maps.sum(axis=(0, 1), dtype=np.float64)
        share = np.divide(product, total, out=np.zeros_like(product), where=total != 0)
        return share.astype(np.float32)
