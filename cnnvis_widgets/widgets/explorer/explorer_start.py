"""The picture and the network that an explorer starts with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.explorer.explorer_records import offer_picture

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Network
    from cnnvis_widgets.widgets.explorer.explorer import Explorer


def adopt_picture(explorer: Explorer, image: str | np.ndarray) -> None:
    """Show a picture of the zoo, or add the caller's as an upload.

    Raises:
        UnknownNameError: an unknown picture.
        InvalidValueError: neither a name nor a picture.
    """
    if isinstance(image, str):
        offer_picture(explorer.pictures, image)
        explorer.pictures.value = image
    elif isinstance(image, np.ndarray) and image.dtype == np.uint8:
        explorer.pictures.add(image, "your picture")
    else:
        raise InvalidValueError(
            "image is a picture's name or an array, uint8 (rows, columns, 3); "
            f"got {type(image).__name__}."
        )


def adopt_network(explorer: Explorer, network: str | Path | Network) -> None:
    """Choose a network of the zoo, a file, or the caller's own, which is listed first.

    Raises:
        UnknownNameError: neither a network of the zoo nor a file.
    """
    picker = explorer.networks
    name = str(network) if isinstance(network, str | Path) else network.name
    names = [record["name"] for record in picker.networks]
    if not isinstance(network, str | Path):
        name = explorer._adopted_as(name, network)
    elif name not in (*names, *listings.versions()) and not Path(network).is_file():
        raise UnknownNameError.of("network (nor a model file)", name, names)
    if name not in names:
        record = {"name": name, "title": Path(name).name, "note": "yours"}
        record |= listings.versions().get(name, {})
        picker.networks = [record, *picker.networks]
    picker.value = name
