"""Voilà's pages on Binder as `cnnvis app` serves them; postBuild puts this in place."""

from cnnvis_widgets.serving.server import within_a_jupyter_server

within_a_jupyter_server(get_config())  # type: ignore[name-defined]  # noqa: F821 (Jupyter's own)
