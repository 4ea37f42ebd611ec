"""Where each page of a study's site is, in names that every system and every browser takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.methods import method as method_named

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

AXES = ("network", "picture", "neuron", "method")


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Names as parts of an address: letters, digits, dots, dashes; each its own.

    Examples:
        >>> slugs(["top layer", "top/layer", "Élan"])
        {'top layer': 'top-layer', 'top/layer': 'top-layer-2', 'Élan': 'lan'}
    """
    slug_of: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.").lower()[:60] or "x"
        slug, number = plain, 1
        while slug in taken:
            number += 1
            slug = f"{plain}-{number}"
        taken.add(slug)
        slug_of[name] = slug
    return slug_of


class Addresses:
    """The parts of the addresses of a study's runs, and of its networks' layers.

    Attributes:
        names: axis → its names in the study's order.
        slug: axis → name → part of an address.
    """

    def __init__(self, study: Study) -> None:
        neurons = dict.fromkeys(name for known in study.neurons.values() for name in known)
        axes: dict[str, Iterable[str]] = {
            "network": study.networks,
            "picture": study.pictures,
            "neuron": neurons,
            "method": study.methods,
        }
        self.names = {axis: list(names) for axis, names in axes.items()}
        self.slug = {axis: slugs(names) for axis, names in self.names.items()}

    def map(self, line: dict[str, Any]) -> str:
        """Of a run's page, without its ending: "maps/vgg16/cat/output/lime"."""
        return "/".join(["maps", *(self.slug[axis][line[axis]] for axis in AXES)])

    def index(self, line: dict[str, Any]) -> str:
        """Of a run in the table that the pages' script reads: "0.3.1.6"."""
        return ".".join(str(self.names[axis].index(line[axis])) for axis in AXES)

    def picture(self, name: str) -> str:
        """Of a picture as it was given."""
        return f"pictures/{self.slug['picture'][name]}.webp"

    def network(self, name: str) -> str:
        """Of a network's page."""
        return f"networks/{self.slug['network'][name]}/index.html"

    def layer(self, network: str, slug: str) -> str:
        """Of a layer's page."""
        return f"networks/{self.slug['network'][network]}/{slug}/index.html"

    def unit(self, network: str, slug: str, unit: int) -> str:
        """Of a unit's page."""
        return f"networks/{self.slug['network'][network]}/{slug}/{unit}.html"


def up(address: str) -> str:
    """What leads from a page to the site's folder.

    Examples:
        >>> up("networks/vgg16/index.html")
        '../../'
    """
    return "../" * address.count("/")


def method_title(study: Study, label: str) -> str:
    """A method's name in print; the study's own name besides where it has one."""
    asked = study.methods[label]["method"]
    title = method_named(asked).title
    return title if label == asked else f"{label} ({title})"
