"""A study as pages that one opens from a folder: no kernel, no server, no internet."""

from cnnvis_widgets.study.site.writing import Options, write_site

__all__ = ["Options", "write_site"]
