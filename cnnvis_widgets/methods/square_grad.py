"""SquareGrad: SmoothGrad whose attributions are squared before their mean is taken."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.smoothgrad import SmoothGrad


class SquareGrad(SmoothGrad):
    """The mean of the squared attributions of `samples` copies x + N(0, σ²).

    Called SmoothGrad-Squared in the paper. It is VarGrad plus SmoothGrad's square.
    """

    name = "square_grad"
    title = "SquareGrad"
    summary = "squared gradient averaged over noisy copies of the picture"
    paper = (
        "Hooker, Erhan, Kindermans & Kim, A Benchmark for Interpretability Methods in Deep Neural "
        "Networks, NeurIPS 2019, arXiv:1806.10758, section 4.1"
    )
    section = "not in the thesis"
    order = 101
    weaknesses = (
        "Says nothing of signs, and a few pixels with large values outshine the rest. The right "
        "amount of noise is a matter of taste, as for SmoothGrad."
    )
    unit = "mean squared attribution"
    statistic = "mean of the squares"

    def combined(self, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """The mean of the squares, by way of the variance."""
        return variance + mean**2
