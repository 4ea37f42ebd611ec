"""What a method did at each kind of layer, and which layers it could not treat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Coverage:
    """The account of one explanation.

    Attributes:
        treated: kind of layer → what was done there, in words.
        untreated: name of a layer → why the method's rule could not be applied to it (the ordinary
            derivative was used there instead).
    """

    treated: Mapping[str, str] = field(default_factory=dict)
    untreated: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("treated", "untreated"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def complete(self) -> bool:
        """Whether the method could be applied as published, everywhere."""
        return not self.untreated

    @property
    def warning(self) -> str:
        """One sentence for a reader; empty if the coverage is complete."""
        if self.complete:
            return ""
        names = list(self.untreated)
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        reason = next(iter(self.untreated.values()))
        noun = "layers" if len(names) > 1 else "layer"
        return f"Not as published: {len(names)} {noun} could not be treated ({listed}): {reason}."

    def __str__(self) -> str:
        lines = [f"{kind}: {treatment}" for kind, treatment in self.treated.items()]
        lines += [f"NOT TREATED {name}: {reason}" for name, reason in self.untreated.items()]
        return "\n".join(lines) or "nothing was done to any layer"

    def __reduce__(self) -> tuple[type[Coverage], tuple[dict[str, str], dict[str, str]]]:
        return Coverage, (dict(self.treated), dict(self.untreated))
