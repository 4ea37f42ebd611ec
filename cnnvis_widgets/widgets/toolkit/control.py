"""The base class of controls: a label, a disabled state, and checked values."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import Checked


class Control(Component):
    """A component for choosing a value.

    Attributes:
        label: the text above it; also its name for a screen reader.
        disabled: whether it is shown but cannot be used.
    """

    label = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        # The options must be set before the choice is checked against them.
        traits = self.traits()

        def order(name: str) -> int:
            trait = traits.get(name)
            return (1 if trait.first else 2) if isinstance(trait, Checked) else 0

        super().__init__(**{name: kwargs[name] for name in sorted(kwargs, key=order)})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Set values from the browser; an invalid one shows an error and is reset in the page.

        The page offers only valid values, but a click may cross with a change made here.
        """
        try:
            super().set_state(sync_data)
        except CnnvisError as error:
            self.error = str(error)
            self.send_state([name for name in sync_data if name in self.keys])
