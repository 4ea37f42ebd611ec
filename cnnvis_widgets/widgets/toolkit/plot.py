"""What components that draw curves share: `plot.js`."""

from __future__ import annotations

from cnnvis_widgets.widgets.toolkit.base import Component


class Plot(Component):
    """A component that draws axes and lines itself, as SVG in the page's own colours."""
