"""Why Keras could not load a model file, in words that say what to do."""

from __future__ import annotations

import re

from cnnvis_widgets.errors import gist

_MISSING = re.compile(r"Could not locate (?:class|function) '([^']+)'|Unknown layer: '?([\w>]+)")

_IN_A_NOTEBOOK = (
    "In a notebook, load it with keras.saving.load_model({how}) and show it with "
    "cnnvis.Explorer(cnnvis.Network(model))."
)


def refusal(name: str, error: Exception) -> str:
    """What is said of a file that Keras does not load.

    Args:
        name: the file's.
        error: what Keras raised.

    Example:
        >>> refusal("a.keras", ValueError("Could not locate class 'Mine'. Make sure"))[:71]
        "a.keras could not be loaded as a Keras model: it has a layer or function"
    """
    said = str(error)
    start = f"{name} could not be loaded as a Keras model: "
    if "safe_mode" in said or "unsafe" in said:
        how = _IN_A_NOTEBOOK.format(how="path, safe_mode=False")
        return (
            f"{start}it has Python code in it (a Lambda layer, say), and such code is never run "
            f"here: Keras' safe mode stays on. Do this only if you trust its maker. {how}"
        )
    if missing := _MISSING.search(said):
        own = (missing[1] or missing[2]).rpartition(">")[2]
        how = _IN_A_NOTEBOOK.format(how=f'path, custom_objects={{"{own}": {own}}}')
        return (
            f"{start}it has a layer or function {own!r} that Keras does not know, and its code is "
            f"not in the file. {how}"
        )
    if "No model config found" in said or "model_config" in said:
        return (
            f"{start}it holds weights alone, without the network that they are of. Save the "
            "network with model.save('name.keras'), not with save_weights."
        )
    return f"{start}{gist(error)}"
