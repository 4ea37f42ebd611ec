"""The addresses of a study's pages, valid on every system and in every browser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.methods import method as method_named

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

AXES = ("network", "picture", "neuron", "method")


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Unique parts of addresses for names: letters, digits, dots, dashes.

    Examples:
        >>> slugs(["top layer", "top/layer", "Élan"])
        {'top layer': 'top-layer', 'top/layer': 'top-layer-2', 'Élan': 'lan'}
    """
    slug_of: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.").lower()[:60] or "x"
        slug, number = plain, 1
        while slug in used:
            number += 1
            slug = f"{plain}-{number}"
        used.add(slug)
        slug_of[name] = slug
    return slug_of


class Addresses:
    """The parts of the addresses of a study's runs, and of its networks' layers.

    Attributes:
        names: axis → its names in the study's order.
        slug: axis → name → part of an address.
    """

    def __init__(self, study: Study) -> None:
        neurons = dict.fromkeys(name for specs in study.neurons.values() for name in specs)
        axes: dict[str, Iterable[str]] = {
            "network": study.networks,
            "picture": study.pictures,
            "neuron": neurons,
            "method": study.methods,
        }
        self.names = {axis: list(names) for axis, names in axes.items()}
        self.slug = {axis: slugs(names) for axis, names in self.names.items()}

    def map(self, line: dict[str, Any]) -> str:
        """A run's page, without its ending: "maps/vgg16/cat/output/lime"."""
        return "/".join(["maps", *(self.slug[axis][line[axis]] for axis in AXES)])

    def index(self, line: dict[str, Any]) -> str:
        """A run's key in the table that the pages' script reads: "0.3.1.6"."""
        return ".".join(str(self.names[axis].index(line[axis])) for axis in AXES)

    def picture(self, name: str) -> str:
        """A picture's file."""
        return f"pictures/{self.slug['picture'][name]}.webp"

    def network(self, name: str) -> str:
        """A network's page."""
        return f"networks/{self.slug['network'][name]}/index.html"

    def layer(self, network: str, slug: str) -> str:
        """A layer's page."""
        return f"networks/{self.slug['network'][network]}/{slug}/index.html"

    def unit(self, network: str, slug: str, unit: int) -> str:
        """A unit's page."""
        return f"networks/{self.slug['network'][network]}/{slug}/{unit}.html"


def up(address: str) -> str:
    """The relative path from a page to the site's folder.

    Examples:
        >>> up("networks/vgg16/index.html")
        '../../'
    """
    return "../" * address.count("/")


def method_title(study: Study, label: str) -> str:
    """A method's title, with the study's own name if it has one."""
    name = study.methods[label]["method"]
    title = method_named(name).title
    return title if label == name else f"{label} ({title})"
