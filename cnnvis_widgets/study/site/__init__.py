"""A study as static pages in a folder, without kernel, server or internet."""

from cnnvis_widgets.study.site.writing import Options, write_site

__all__ = ["Options", "write_site"]
