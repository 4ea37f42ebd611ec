"""Choose a method; unsuitable ones are shown with the reason."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Records, still_offered


class MethodPicker(Control, from_page="value"):
    """Cards of methods, each with one line on what it shows.

    Attributes:
        methods: records of name, title, summary (one line), suits (whether it suits the network),
            and why (the reason if not).
        value: the chosen method's name; "" for none. Becomes "" if new `methods` do not offer it
            or it no longer suits.

    Raises:
        UnknownNameError: `value` is not in `methods`.
        UnsuitableError: `value` is a method that does not suit.
    """

    label = traitlets.Unicode("Method").tag(sync=True)
    methods = Records("method", name=NAME, title=TEXT, summary=TEXT, suits=FLAG, why=TEXT).tag(
        sync=True
    )
    value = Offered("method", lambda picker: picker.methods, "suits").tag(sync=True)

    @traitlets.observe("methods")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, self.methods, "suits")
