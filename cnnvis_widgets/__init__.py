"""See what a neuron of a convolutional network responds to.

The public names are listed below and loaded when they are first used, so that importing the package
(or its widgets) does not load TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.write_sandbox import enforce as _enforce

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network as Network
    from cnnvis_widgets.backend.neuron import Neuron as Neuron
    from cnnvis_widgets.backend.target import Target as Target
    from cnnvis_widgets.engine import use_engine as use_engine
    from cnnvis_widgets.engine.concepts import Concepts as Concepts
    from cnnvis_widgets.engine.concepts import concepts as concepts
    from cnnvis_widgets.engine.decoders import train_decoder as train_decoder
    from cnnvis_widgets.engine.explain_batch import explain_batch as explain_batch
    from cnnvis_widgets.engine.listings import methods as methods
    from cnnvis_widgets.engine.remote_network import explain as explain
    from cnnvis_widgets.engine.remote_network import load_network as load_network
    from cnnvis_widgets.errors import CnnvisError as CnnvisError
    from cnnvis_widgets.methods.explanation import Explanation as Explanation
    from cnnvis_widgets.study.study import Study as Study
    from cnnvis_widgets.widgets.comparison.blind_scoring import BlindScoring as BlindScoring
    from cnnvis_widgets.widgets.comparison.comparer import Comparer as Comparer
    from cnnvis_widgets.widgets.comparison.scoreboard import Scoreboard as Scoreboard
    from cnnvis_widgets.widgets.explorer.explorer import Explorer as Explorer
    from cnnvis_widgets.widgets.explorer.saved_page import save_page as save_page
    from cnnvis_widgets.zoo.images import images as images
    from cnnvis_widgets.zoo.images import load_image as load_image

__version__ = "0.1.0"

_PUBLIC = {
    "BlindScoring": "widgets.comparison.blind_scoring",
    "CnnvisError": "errors",
    "Comparer": "widgets.comparison.comparer",
    "Concepts": "engine.concepts",
    "Explanation": "methods.explanation",
    "Explorer": "widgets.explorer.explorer",
    "Network": "backend.network",
    "Neuron": "backend.neuron",
    "Scoreboard": "widgets.comparison.scoreboard",
    "Study": "study.study",
    "Target": "backend.target",
    "concepts": "engine.concepts",
    "explain": "engine.remote_network",
    "explain_batch": "engine.explain_batch",
    "images": "zoo.images",
    "load_image": "zoo.images",
    "load_network": "engine.remote_network",
    "methods": "methods",  # the room itself, which can be called
    "save_page": "widgets.explorer.saved_page",
    "train_decoder": "engine.decoders",
    "use_engine": "engine",
}

__all__ = list(_PUBLIC)


_enforce()


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module = importlib.import_module(f"{__name__}.{_PUBLIC[name]}")
        return module if _PUBLIC[name] == name else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
