"""Network inversion: a picture with nearly the same code at a layer (thesis 3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.colours import as_picture, find_colours
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.contract import Answer, Curve, Method, Question
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.representations import (
    about_the_layer,
    asked_layer,
    code_of,
    relative_error,
)

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

MOST_FRAMES = 24
LAYER = Parameter(
    "layer",
    "Layer",
    "layer",
    "",
    "the layer whose activations are matched; automatic: that of the chosen neuron, for an output "
    "unit the last convolutional block",
)
STEPS = Parameter(
    "steps", "Steps", "integer", 300, "how often the picture is changed", 1, 5000, 10, unit="steps"
)
STEP_SIZE = Parameter(
    "step_size",
    "Step size",
    "float",
    0.02,
    "how far the first step goes, as a share of the way from black to white; later ones are "
    "shorter",
    0.0001,
    0.5,
    0.001,
)
FIDELITY = Parameter(
    "fidelity",
    "Fidelity",
    "float",
    100.0,
    "weight of the code's relative error against that of the two terms below",
    0.0,
    1e6,
    1.0,
)
ALPHA = Parameter(
    "alpha",
    "α",
    "float",
    6.0,
    "the power of the α-norm, which keeps colours from becoming extreme",
    1.0,
    10.0,
    0.5,
)
# The papers' weight is 1, beside an error of weight 300 at early layers. With 1 white is pulled so
# far towards grey that EfficientNet-Lite0's first layer was off by 41 grey levels on "coffee", with
# 0.1 by 30; bounds keep colours from becoming extreme in any case.
ALPHA_WEIGHT = Parameter(
    "alpha_weight", "Weight of the α-norm", "float", 0.1, "0 leaves it out", 0.0, 1000.0, 0.1
)
BETA = Parameter(
    "beta",
    "β",
    "float",
    2.0,
    "the power of the total variation: 2 is smooth, 1 keeps edges and spikes",
    1.0,
    4.0,
    0.1,
)
TV_WEIGHT = Parameter(
    "tv_weight",
    "Weight of the total variation",
    "float",
    1.0,
    "0 leaves it out",
    0.0,
    1000.0,
    0.1,
)


class NetworkInversion(Method):
    """Gradient descent from noise on fidelity · ‖Φ(x) - Φ₀‖² / ‖Φ₀‖² + α-norm + total variation.

    Φ₀ is the layer's result on the picture, Φ(x) on the reconstruction. The two regularisers are
    normalised as in the 2016 paper, so that their weights hold for any network, and colours stay
    within black and white. Steps are Adam's, without jitter; the 2015 paper has momentum, and the
    2016 paper shifts the picture by some pixels at each step.
    """

    name = "network_inversion"
    title = "Network inversion"
    summary = "a picture that the layer takes for the given one: what it has kept, and what not"
    paper = (
        "Mahendran & Vedaldi, Understanding Deep Image Representations by Inverting Them, CVPR "
        "2015, arXiv:1412.0035; normalised as in their Visualizing Deep Convolutional Neural "
        "Networks Using Natural Pre-images, IJCV 120, 2016, arXiv:1512.02017"
    )
    section = "3.12"
    order = 120
    acts_on = "a layer"
    gradient_based = True
    resolution = "high"
    needs_training = True
    weaknesses = (
        "One picture of many that the layer cannot tell apart, and which one is decided by the "
        "start, the smoothing and the steps as well as by the network: what is missing in it may "
        "still be in the code. Says nothing about one neuron."
    )
    unit = "colours of a picture"
    random = True
    parameters = (LAYER, STEPS, STEP_SIZE, FIDELITY, ALPHA, ALPHA_WEIGHT, BETA, TV_WEIGHT)

    def answer(self, question: Question) -> Answer:
        """`steps` times a forward and a backward pass, one compiled call each."""
        from cnnvis_widgets.backend.synthesis.inversion import Descent, Weights

        network, parameters = question.network, question.parameters
        layer = asked_layer(question) or automatic_layer(network)
        code = code_of(network, question.input, layer)
        colours = find_colours(network.input_shape, network.preprocess, question.input)
        weights = Weights(*(parameters[name] for name in Weights._fields))
        descent = Descent(
            network, layer, code, colours, weights, parameters["step_size"], question.seed
        )
        neuron, value = network.resolved(question.input, question.neuron)
        notes = [about_the_layer(question, layer)]
        if not colours.exact:
            notes.append(
                "The network's preprocessing is not the same for every picture, so that colours "
                "are merely the range of its input."
            )
        frames: dict[int, np.ndarray] = {}

        def so_far() -> Answer:
            steps, picture = len(descent.errors), as_picture(descent.colours)
            reconstruction = network.prepare(picture).input
            error = relative_error(network.activations(reconstruction, layer), code)
            value_on_image = float(network.values(reconstruction[None], neuron)[0])
            return Answer(
                neuron.unit,
                value,
                network.coverage(Neuron(layer, 0)),
                image=picture,
                layer=layer,
                notes=(
                    f"Relative error of the code after {steps} steps: {error:.3g} (0: the layer "
                    "cannot tell the two pictures apart; 1: as far off as no activation at all).",
                    f"The neuron's activation is {value:.4g} on the picture and "
                    f"{value_on_image:.4g} on this one.",
                    *notes,
                ),
                details={
                    "relative_error": error,
                    "value_on_the_image": value_on_image,
                    **_film({**frames, steps: picture}),
                },
                curve=Curve(
                    tuple(range(steps + 1)),
                    (*descent.errors, error),
                    "relative error of the code",
                ),
                parameters={"steps": steps},
            )

        steps = parameters["steps"]
        kept_steps = frame_steps(steps)
        question.progress(0, steps)
        for step in range(1, steps + 1):
            if step - 1 in kept_steps:
                frames[step - 1] = as_picture(descent.colours)
            descent.step()
            question.progress(step, steps)
            if step < steps:
                question.preview(so_far)
        return so_far()


def automatic_layer(network: Network) -> str:
    """The last convolutional block's layer; without maps, the network's last layer."""
    try:
        return network.last_convolution(None)
    except UnsuitableError:
        return network.layers[-1].name


def frame_steps(steps: int) -> frozenset[int]:
    """The steps after which a frame is kept: denser at the beginning."""
    positions = np.linspace(0, 1, min(MOST_FRAMES, steps + 1)) ** 2
    return frozenset(np.rint(positions * steps).astype(int).tolist())


def _film(frames: dict[int, np.ndarray]) -> dict[str, Any]:
    return {"frames": np.stack([*frames.values()]), "frame_steps": tuple(frames)}
