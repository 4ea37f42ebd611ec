"""What all controls share: a label, a way to switch them off, and values that are checked."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import Checked


class Control(Component):
    """A component with which something is chosen.

    Attributes:
        label: the words above it; also its name for a screen reader.
        disabled: it is shown, and cannot be used.
    """

    label = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        # What there is to choose from must be set before the choice is checked against it.
        traits = self.traits()

        def turn(name: str) -> int:
            trait = traits.get(name)
            return (1 if trait.first else 2) if isinstance(trait, Checked) else 0

        super().__init__(**{name: kwargs[name] for name in sorted(kwargs, key=turn)})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser sends; what is refused is said beside the control and put back.

        The page offers nothing that is refused, but a click may cross with a change made here.
        """
        try:
            super().set_state(sync_data)
        except CnnvisError as error:
            self.error = str(error)
            self.send_state([name for name in sync_data if name in self.keys])
