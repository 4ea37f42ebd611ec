"""An extension of IPython for forked kernels: what imports do in a kernel, and could not before."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets

from cnnvis_widgets import wording, write_sandbox
from cnnvis_widgets.translation import phrases


def load_ipython_extension(shell: Any) -> None:
    """The kernel is there, and runs no cell yet.

    Args:
        shell: the kernel's.
    """
    ipywidgets.load_ipython_extension(shell)  # answers pages that ask for their widgets
    wording.set_translation(phrases.of_query(os.environ.get("QUERY_STRING", "")))
    write_sandbox.enforce()  # on a public page
