"""What components that draw heatmaps in the browser share: `drawing.js`."""

from __future__ import annotations

from cnnvis_widgets.widgets.toolkit.base import Component


class Drawing(Component):
    """A component that draws raw numbers itself, so that a change of look needs no round trip.

    `drawing.js` repeats the formulas of `cnnvis_widgets.rendering`; a browser test holds the two
    against each other, pixel by pixel.
    """
