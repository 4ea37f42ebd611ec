"""The seven columns of the thesis' Table 1 (section 3.13) against what the methods declare."""

from __future__ import annotations

import pytest

from cnnvis_widgets.methods import all_methods

BOTH = "output and intermediate"
COLUMNS = (
    *("perspective", "acts_on", "neurons", "gradient_based", "resolution"),
    *("needs_training", "model_dependent"),
)
# As printed, rows and columns in the thesis' order. It has one row for the two inversions
# (its footnote 21), and none for what it only mentions (occlusion, its references 41 and 42).
TABLE = {
    "activation_maximization": ("neuron", "one neuron", BOTH, True, "high", True, False),
    "deconvnet": ("image", "one neuron", "intermediate", False, "high", False, False),
    "saliency": ("image", "one neuron", BOTH, True, "high", False, False),
    "guided_backprop": ("image", "one neuron", BOTH, True, "high", False, False),
    "deep_taylor": ("image", "one neuron", "output", False, "high", False, False),
    "cam": ("image", "one neuron", "output", False, "low", False, True),
    "grad_cam": ("image", "one neuron", BOTH, True, "low", False, False),
    "guided_grad_cam": ("image", "one neuron", BOTH, True, "high", False, False),
    "lime": ("image", "one neuron", "output", False, "low", True, False),
    "visual_backprop": (
        *("image", "the last convolutional layer", "the last convolutional layer"),
        *(False, "high", False, False),
    ),
    "network_inversion": ("image", "a layer", BOTH, True, "high", True, False),
    "upconvnet": ("image", "a layer", BOTH, True, "high", True, False),
}
# Where ours says otherwise, and why.
DIFFERENT = {
    ("upconvnet", "gradient_based"): "the row is that of both inversions; a trained decoder "
    "answers with one forward pass, and only the regularised inversion descends a gradient",
}


@pytest.mark.parametrize("name", [name for name in all_methods() if name in TABLE])
def test_declared_as_printed(name: str) -> None:
    facts = all_methods()[name].facts()
    for column, printed in zip(COLUMNS, TABLE[name], strict=True):
        if (name, column) in DIFFERENT:
            assert facts[column] != printed, f"{name}: the exception for {column} can go"
        else:
            assert facts[column] == printed, column


def test_methods_beside_the_table_are_those_the_thesis_only_mentions() -> None:
    beside = {name for name in all_methods() if name not in TABLE}
    assert {"occlusion", "integrated_gradients", "smoothgrad"} <= beside
