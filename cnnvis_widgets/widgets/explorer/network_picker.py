"""Choose a network; those that are not at hand are shown with the reason."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Records, still_offered


class NetworkPicker(Control, from_page="value"):
    """A list of networks.

    Attributes:
        networks: records of name, title, note (one line on what it is), available, and why (the
            reason where it is not available, and what would help).
        value: the chosen network's name; "" when none is. Falls back to "" when `networks`
            changes and offers it no more.
        loading: a line on work under way ("loading TensorFlow… 12 s"); "" when there is none.

    Raises:
        UnknownNameError: `value` is set to a name that is not in `networks`.
        UnsuitableError: `value` is set to a network that is not available.
    """

    label = traitlets.Unicode("Network").tag(sync=True)
    networks = Records("network", name=NAME, title=TEXT, note=TEXT, available=FLAG, why=TEXT).tag(
        sync=True
    )
    value = Offered("network", lambda picker: picker.networks, "available").tag(sync=True)
    loading = traitlets.Unicode("").tag(sync=True)

    @traitlets.observe("networks")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, self.networks, "available")
