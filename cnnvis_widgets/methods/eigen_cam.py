"""Eigen-CAM: the first principal component of the last maps, whatever the class."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.grad_cam import LAYER, GradCam, about_tokens, chosen_layer


class EigenCam(GradCam):
    """relu(A v), v the first right singular vector of the maps A, (places, units).

    The sign of a singular vector is arbitrary: it is chosen such that the sum of A v is positive.
    """

    name = "eigen_cam"
    title = "Eigen-CAM"
    summary = "the regions where the layer's maps are strongest together, whatever the class"
    paper = (
        "Muhammad & Yeasin, Eigen-CAM: Class Activation Map using Principal Components, IJCNN "
        "2020, arXiv:2008.00299"
    )
    section = "not in the thesis"
    order = 47
    acts_on = "a layer"
    gradient_based = False
    weaknesses = (
        "The same for every class and neuron: it shows what is conspicuous, not what a class was "
        "told by. As coarse as the layer."
    )
    unit = "activation along the component"
    parameters = (LAYER,)

    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """A singular value decomposition of the layer's maps."""
        network = question.network
        layer = chosen_layer(question)
        maps = backward.activations[0][0]  # type: ignore[index]
        component, share = principal(maps)
        return Answer(
            backward.unit,
            float(backward.value[0]),
            Coverage({layer: "its first component", "all layers": "forward"}),
            np.maximum(component, 0)[..., None],
            layer=layer,
            notes=(
                f"The component holds {share:.0%} of the maps' squares. It is the same for every "
                "class.",
                *about_tokens(network, layer),
            ),
            details={"before_relu": component, "share": share},
        )


def principal(maps: np.ndarray) -> tuple[np.ndarray, float]:
    """The maps projected on their first singular vector, and its share of their squares.

    Args:
        maps: float32 (rows, columns, units).

    Returns:
        float32 (rows, columns), adding up to 0 or more; a share of 1.

    Example:
        >>> component, share = principal(np.float32([[[3, 4]], [[0, 0]]]))
        >>> component.ravel().round(4), round(share, 4)
        (array([5., 0.], dtype=float32), 1.0)
    """
    flat = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
    _, sizes, vectors = np.linalg.svd(flat, full_matrices=False)
    projection = flat @ vectors[0]
    total = float(np.square(sizes).sum())
    share = float(sizes[0] ** 2 / total) if total else 0.0
    projection = -projection if projection.sum() < 0 else projection
    return projection.reshape(maps.shape[:2]).astype(np.float32), share
