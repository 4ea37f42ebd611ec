"""Guided backpropagation: only positive gradients through open ReLUs (thesis 3.5)."""

from __future__ import annotations

from cnnvis_widgets.methods.saliency import Saliency


class GuidedBackprop(Saliency):
    """As DeconvNet, and zero also where the ReLU was shut (a ReLU6: also where it saturated)."""

    name = "guided_backprop"
    title = "Guided backpropagation"
    summary = "fine detail that is positive at every layer"
    paper = (
        "Springenberg, Dosovitskiy, Brox & Riedmiller, Striving for Simplicity: The All "
        "Convolutional Net, ICLR workshop 2015, arXiv:1412.6806"
    )
    section = "3.5"
    order = 30
    weaknesses = (
        "Sharp but hardly discriminative: another class, or random upper layers, give nearly the "
        "same picture (Adebayo et al. 2018)."
    )
    networks = "those whose activations are ReLUs"
    unit = "guided signal"
    rule = "guided"
