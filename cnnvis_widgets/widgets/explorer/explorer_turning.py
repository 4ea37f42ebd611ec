"""Set network, picture, neuron and method of an explorer at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.widgets.explorer.explorer_records import method_records

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Neuron
    from cnnvis_widgets.widgets.explorer.explorer import Explorer


def turn(
    explorer: Explorer,
    network: str,
    image: str | np.ndarray,
    method: str,
    neuron: Neuron | None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Show another explanation; the explorer's requests under way are cancelled.

    Args:
        explorer: the explorer.
        network: a name of the zoo, a file, or a name in the engine's library.
        image: a picture's or upload's name, or an array, which becomes an upload.
        method: its name.
        neuron: the neuron; None for the most probable class.
        parameters: the method's; None for the defaults.
    """
    explorer.cancel()
    with explorer._quietly():
        names = [record["name"] for record in explorer.networks.networks]
        if network not in names:
            record = {"name": network, "title": network, "note": "yours"}
            explorer.networks.networks = [record, *explorer.networks.networks]
        explorer.networks.value = network
        if isinstance(image, str):
            explorer.pictures.value = image
        else:
            explorer.pictures.add(image, "a picture of the grid")
        explorer.methods.methods = method_records({})
        explorer.methods.value = method
        explorer.parameters.parameters = explorer._declared()
        if parameters:
            explorer.parameters.value = dict(parameters)
        explorer._first, explorer._turned = (
            neuron,
            True,
        )  # keep the picture, even if it does not suit
        explorer._open()
