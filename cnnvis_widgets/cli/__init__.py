"""The command `cnnvis`: one module for each of its words. TensorFlow is loaded only if needed."""

from cnnvis_widgets.cli.main import main

__all__ = ["main"]
