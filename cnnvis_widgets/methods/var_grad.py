"""VarGrad: how much a gradient method's attributions vary over noisy copies of the picture."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.smoothgrad import SmoothGrad


class VarGrad(SmoothGrad):
    """The variance (the mean squared distance from the mean) of SmoothGrad's attributions."""

    name = "var_grad"
    title = "VarGrad"
    summary = "variance of the gradient over noisy copies of the picture"
    paper = (
        "Adebayo, Gilmer, Goodfellow & Kim, Local Explanation Methods for Deep Neural Networks "
        "Lack Sensitivity to Parameter Values, ICLR workshop 2018, arXiv:1810.03307"
    )
    section = "not in the thesis"
    order = 102
    weaknesses = (
        "Shows where the gradient is unsteady, not what it is: a pixel with a large gradient that "
        "never changes gets nothing. The right amount of noise is a matter of taste."
    )
    unit = "variance of the attribution"
    statistic = "variance"

    def combined(self, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """The variance."""
        return variance
