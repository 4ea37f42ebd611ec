"""Turn an explorer to another network, picture, neuron and method at once."""

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
    """Show another explanation; what was under way for the explorer is dropped.

    Args:
        explorer: which one.
        network: a name of the zoo, a file, or one that the engine's library knows.
        image: a picture's name or an upload's, or a picture, which becomes an upload.
        method: its name.
        neuron: which one; None for the most probable class.
        parameters: the method's, where they are not the declared ones.
    """
    explorer.cancel()
    with explorer._quietly():
        known = [record["name"] for record in explorer.networks.networks]
        if network not in known:
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
        explorer._first, explorer._turned = neuron, True  # the picture stays, suited or not
        explorer._open()
