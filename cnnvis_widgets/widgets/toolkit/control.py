"""What all controls share: a label, a way to switch them off, and values that are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import traitlets

from cnnvis_widgets.errors import CnnvisError, UnknownNameError, UnsuitableError
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
        # What there is to choose from must stand before the choice is checked against it.
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


def offered(kind: str, name: object, records: Iterable[Mapping[str, Any]], flag: str = "") -> str:
    """A name that is among the records and may be chosen; "" stands for no choice.

    Args:
        kind: what the records are, in words.
        name: what came; `None` is taken for "".
        records: with "name", and with `flag` and "why" where `flag` is given.
        flag: the field that is false where a record is shown but cannot be chosen.

    Raises:
        UnknownNameError: there is no such record.
        UnsuitableError: it is there, but cannot be chosen; says why.
    """
    if name is None or name == "":
        return ""
    for record in records:
        if record["name"] == name:
            if flag and not record[flag]:
                raise UnsuitableError(f"The {kind} {name!r} cannot be chosen: {record['why']}")
            return str(name)
    raise UnknownNameError.of(kind, name, [r["name"] for r in records])


def still_offered(name: str, records: Iterable[Mapping[str, Any]], flag: str = "") -> str:
    """The name, or "" once it is not offered any more."""
    allowed = {r["name"] for r in records if not flag or r[flag]}
    return name if name in allowed else ""
