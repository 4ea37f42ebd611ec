"""UpConvNet: a trained decoder makes the picture from a layer's code (thesis 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets import policy
from cnnvis_widgets.backend.colours import as_picture, find_colours
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.decoders.decoder_file import DecoderFacts, decoders, read_facts
from cnnvis_widgets.errors import FileError, UnsuitableError
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.representations import (
    about_the_layer,
    asked_layer,
    code_of,
    relative_error,
)

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

LAYER = Parameter(
    "layer",
    "Layer",
    "layer",
    "",
    "the layer whose activations are decoded; automatic: that of the chosen neuron, for an output "
    "unit the deepest layer that has a decoder",
)
DECODER = Parameter(
    "decoder",
    "Decoder",
    "file",
    "",
    "the file of a decoder that cnnvis.train_decoder made; empty: those that come along",
)
TRAIN = "cnnvis.train_decoder(network, layer, folder_of_pictures, path) trains one"


class UpConvNet(Method):
    """x̂ = D(Φ(x)): Φ(x) is the layer's result on the picture, D an up-convolutional network.

    D was trained on other pictures to minimise the squared error of the colours. So it approximates
    the mean of all pictures with this code: blurred where the code does not determine the picture.
    One pass of each network, no descent.
    """

    name = "upconvnet"
    title = "UpConvNet"
    summary = "the mean of the pictures that have the layer's code, as a trained decoder sees it"
    paper = (
        "Dosovitskiy & Brox, Inverting Visual Representations with Convolutional Networks, CVPR "
        "2016, arXiv:1506.02753"
    )
    section = "3.12"
    order = 130
    acts_on = "a layer"
    gradient_based = False
    resolution = "high"
    needs_training = True
    networks = "those with a trained decoder"
    weaknesses = (
        "Shows what the decoder has learned as well as what the layer has kept: on pictures unlike "
        "its training pictures it paints those. Says nothing about one neuron."
    )
    unit = "colours of a picture"
    quick = True
    parameters = (LAYER, DECODER)

    def answer(self, question: Question) -> Answer:
        """One pass through the network, and one through the decoder."""
        from cnnvis_widgets.backend.decoders.decoder import load_decoder

        network = question.network
        path = chosen_decoder(question)
        decoder = load_decoder(network, path)
        facts = decoder.facts
        code = code_of(network, question.input, facts.layer)
        reconstruction = decoder.reconstruct(code)
        picture = as_picture(reconstruction)
        reconstruction_code = network.activations(network.prepare(picture).input, facts.layer)
        error = relative_error(reconstruction_code, code)
        colours = find_colours(network.input_shape, network.preprocess, question.input)
        pixels = rms(np.clip(reconstruction, 0, 1), colours.colours(question.input))
        neuron, value = network.resolved(question.input, question.neuron)
        return Answer(
            neuron.unit,
            value,
            Coverage({"all layers": "forward passes only"}),
            image=picture,
            layer=facts.layer,
            notes=(
                f"Off by {pixels:.3g} of 255 grey levels (root mean square); by "
                f"{255 * facts.loss**0.5:.3g} on the pictures that the decoder was trained on.",
                f"Relative error of the reconstruction's own code: {error:.3g} (0: the layer "
                "cannot tell the two pictures apart; 1: as far off as no activation at all).",
                f"The decoder was trained on {facts.pictures} pictures, {facts.steps} steps.",
                about_the_layer(question, facts.layer),
            ),
            details={
                "relative_error": error,
                "pixel_error": pixels,
                "decoder": {**facts._asdict(), "file": path.name},
            },
        )

    def unsuited(self, network: Network) -> str:
        """Empty if decoders are bundled."""
        if decoders(network.decoders):
            return ""
        return (
            f"No decoder for {network.name} comes along. {TRAIN}, to be named as decoder=; "
            "network_inversion needs none."
        )

    def refusal(self, network: Network, parameters: Mapping[str, Any]) -> str:
        """Empty also if a decoder is given."""
        return "" if parameters["decoder"] else self.unsuited(network)


def chosen_decoder(question: Question) -> Path:
    """The file of the requested decoder.

    Raises:
        UnsuitableError: there is none for this layer; the message lists those that exist.
        FileError: the given file is not a decoder.
    """
    network, layer = question.network, asked_layer(question)
    if question.parameters["decoder"]:
        path = Path(question.parameters["decoder"]).expanduser()
        if refusal := policy.current().no_file(path, "a decoder"):
            raise FileError(refusal)
        _is_for(read_facts(path), question.parameters["layer"], path)
        return path
    files = decoders(network.decoders)
    layers = [info.name for info in network.layers if info.name in files]
    if layer and layer not in layers:
        raise UnsuitableError(
            f"There is no decoder for {layer!r} of {network.name}. There are decoders for: "
            f"{', '.join(layers)}. {TRAIN}; network_inversion works at any layer and needs none."
        )
    return files[layer or layers[-1]]


def _is_for(facts: DecoderFacts, layer: str, path: Path) -> None:
    if layer and layer != facts.layer:
        raise UnsuitableError(
            f"The decoder in {str(path)!r} is for {facts.layer!r}; layer= says {layer!r}. Leave "
            "layer= out, or name another decoder. network_inversion works at any layer."
        )


def rms(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square difference of two arrays of colours, 0 to 1, in grey levels of 255."""
    return 255 * float(np.sqrt(np.square(one.astype(np.float64) - other).mean()))
