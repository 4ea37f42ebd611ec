"""Choose a network; unavailable ones are shown with the reason."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Records, still_offered


class NetworkPicker(Control, from_page="value"):
    """A list of networks.

    Attributes:
        networks: records of name, title, note (one line of description), available, and why (the
            reason if not, and what would help).
        value: the chosen network's name; "" for none. Becomes "" if new `networks` do not offer
            it.
        loading: a line on work under way ("loading TensorFlow… 12 s"); "" for none.

    Raises:
        UnknownNameError: `value` is not in `networks`.
        UnsuitableError: `value` is a network that is not available.
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
