"""A row of thumbnails of kept maps; choosing one restores its settings."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import NAME, PICTURE, TEXT, Records


class KeptMaps(Component):
    """A thumbnail and a title for each kept map; hidden while there is none.

    The page sends ``{"kind": "show", "name": …}`` and ``{"kind": "remove", "name": …}``.

    Attributes:
        entries: records of name, title and thumbnail.
        value: the name of the map that is shown; "" for none.
        label: the heading of the row.
        coming: how many maps of a link are still to be recomputed.
        removable: whether maps can be removed.
    """

    entries = Records("kept map", name=NAME, title=TEXT, thumbnail=PICTURE).tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    coming = traitlets.Int(0).tag(sync=True)
    removable = traitlets.Bool(True).tag(sync=True)
