"""Error messages for model files that Keras cannot load."""

from __future__ import annotations

import re

from cnnvis_widgets.errors import gist

_MISSING = re.compile(r"Could not locate (?:class|function) '([^']+)'|Unknown layer: '?([\w>]+)")

_IN_A_NOTEBOOK = (
    "In a notebook, load it with keras.saving.load_model({how}) and show it with "
    "cnnvis.Explorer(cnnvis.Network(model))."
)


def refusal(name: str, error: Exception) -> str:
    """The message for a file that Keras cannot load.

    Args:
        name: the file's name.
        error: Keras' error.

    Example:
        >>> refusal("a.keras", ValueError("Could not locate class 'Mine'. Make sure"))[:71]
        "a.keras could not be loaded as a Keras model: it has a layer or function"
    """
    message = str(error)
    start = f"{name} could not be loaded as a Keras model: "
    if "safe_mode" in message or "unsafe" in message:
        instructions = _IN_A_NOTEBOOK.format(how="path, safe_mode=False")
        return (
            f"{start}it has Python code in it (a Lambda layer, say), and such code is never run "
            f"here: Keras' safe mode stays on. Do this only if you trust its maker. {instructions}"
        )
    if missing := _MISSING.search(message):
        custom_name = (missing[1] or missing[2]).rpartition(">")[2]
        instructions = _IN_A_NOTEBOOK.format(
            how=f'path, custom_objects={{"{custom_name}": {custom_name}}}'
        )
        return (
            f"{start}it has a layer or function {custom_name!r} that Keras does not know, and its "
            f"code is not in the file. {instructions}"
        )
    if "No model config found" in message or "model_config" in message:
        return (
            f"{start}it holds weights alone, without the network that they are of. Save the "
            "network with model.save('name.keras'), not with save_weights."
        )
    return f"{start}{gist(error)}"
