"""DeconvNet: the network run backwards, with ReLUs applied to the gradient (thesis 3.3)."""

from __future__ import annotations

from cnnvis_widgets.methods.saliency import Saliency


class DeconvNet(Saliency):
    """As saliency, but every ReLU passes relu(gradient) and ignores its own input.

    Max-pooling's switches are its ordinary gradient. A whole feature map starts as ones at all of
    its places; the thesis starts from the map's own activations, which weights places by them.
    """

    name = "deconvnet"
    title = "DeconvNet"
    summary = "the pattern that reaches the neuron, rebuilt by running the network backwards"
    paper = (
        "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, "
        "arXiv:1311.2901"
    )
    section = "3.3"
    order = 20
    neurons = "intermediate"
    gradient_based = False
    weaknesses = (
        "Rebuilds edges of the picture whatever the class: it hardly changes when the upper layers "
        "are made random."
    )
    networks = "those whose activations are ReLUs"
    unit = "reconstructed signal"
    rule = "deconvnet"
