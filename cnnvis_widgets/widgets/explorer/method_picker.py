"""Choose a method; those that do not suit the network are shown with the reason."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Records, still_offered


class MethodPicker(Control, from_page="value"):
    """Cards of methods, each with one line on what it shows.

    Attributes:
        methods: records of name, title, summary (one line), suits (whether the network can be
            treated so), and why (the reason where it cannot).
        value: the chosen method's name; "" when none is. Falls back to "" when `methods` changes
            and the method is not offered or does not suit any more.

    Raises:
        UnknownNameError: `value` is set to a name that is not in `methods`.
        UnsuitableError: `value` is set to a method that does not suit.
    """

    label = traitlets.Unicode("Method").tag(sync=True)
    methods = Records("method", name=NAME, title=TEXT, summary=TEXT, suits=FLAG, why=TEXT).tag(
        sync=True
    )
    value = Offered("method", lambda picker: picker.methods, "suits").tag(sync=True)

    @traitlets.observe("methods")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, self.methods, "suits")
