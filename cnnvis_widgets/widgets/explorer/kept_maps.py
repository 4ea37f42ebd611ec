"""Maps that were kept: a row of thumbnails, of which each brings its settings back."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import NAME, PICTURE, TEXT, Records


class KeptMaps(Component):
    """A thumbnail and a title for each map that is kept; nothing is seen while there is none.

    The page sends ``{"kind": "show", "name": …}`` and ``{"kind": "remove", "name": …}``.

    Attributes:
        entries: records of name, title and thumbnail.
        value: the name of the one that is shown; "" for none.
        label: what the row is.
        coming: how many more are computed again, after a link was followed.
        removable: whether each can be removed.
    """

    entries = Records("kept map", name=NAME, title=TEXT, thumbnail=PICTURE).tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    coming = traitlets.Int(0).tag(sync=True)
    removable = traitlets.Bool(True).tag(sync=True)
