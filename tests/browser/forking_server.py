"""A Jupyter application whose kernels have TensorFlow loaded when they start.

    python forking_server.py voila.app OPTION...

They are forked from a process that has imported it and has computed nothing, which takes a tenth of
a second instead of ten seconds of processor time. `cnnvis app` forks kernels in the same way.
"""

from __future__ import annotations

import importlib
import sys

from cnnvis_widgets.serving.forked_kernels import forked_kernels

LOADED = (
    "cnnvis_widgets.backend.tensorflow_import:import_tensorflow",  # as quietly as the package does
    "keras",
    "cnnvis_widgets",
    "cnnvis_widgets.backend.network",
    "cnnvis_widgets.engine.explain",
)

if __name__ == "__main__":
    _, module, *options = sys.argv
    sys.argv[1:] = options
    with forked_kernels(*LOADED):
        sys.exit(importlib.import_module(module).main())
