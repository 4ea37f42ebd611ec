"""An IPython extension for forked kernels, for set-up that needs a running kernel."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets

from cnnvis_widgets import wording, write_sandbox
from cnnvis_widgets.translation import phrases


def load_ipython_extension(shell: Any) -> None:
    """Set up a new kernel before its first cell.

    Args:
        shell: the kernel's shell.
    """
    ipywidgets.load_ipython_extension(shell)  # answers pages that ask for their widgets
    wording.set_translation(phrases.of_query(os.environ.get("QUERY_STRING", "")))
    write_sandbox.enforce()  # on a public page
