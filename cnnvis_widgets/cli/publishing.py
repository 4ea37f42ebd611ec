"""The options of `cnnvis app` for public pages."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

from cnnvis_widgets.engine import IN_PROCESS
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.serving.limits import Limits, Publishing

_ORIGIN = re.compile(r"https?://[\w.-]+(:\d+)?")
_BASE = re.compile(r"(/[\w.~-]+)*/?")


def add_publishing(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = command.add_argument_group("for people whom you do not know")
    group.add_argument(
        "--public",
        action="store_true",
        help="refuse what a public page must not offer, and bound what each visitor takes",
    )
    for name, meaning in (
        ("visitors", "pages open at once (default: what this machine's memory holds)"),
        ("visitors-per-address", "of them from one network address (default: half, at most 60)"),
        ("memory-per-visitor", "MB that a page's kernel may take (default: 2500)"),
    ):
        group.add_argument(
            f"--{name}", type=int, metavar="N", help=f"with --public: {meaning}; 0: no bound"
        )
    group.add_argument(
        "--base-url", default="/", metavar="PATH", help="what all addresses begin with, as /course/"
    )
    group.add_argument(
        "--behind-proxy",
        action="store_true",
        help="believe X-Forwarded-For and X-Forwarded-Proto, which a proxy in front must set",
    )
    group.add_argument(
        "--embed-in",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site that may show the pages in a frame, as https://moodle.example.org; over https",
    )


def publishing(options: argparse.Namespace) -> Publishing:
    """The settings of the options.

    Raises:
        InvalidValueError: a number below 0, an invalid path or origin, or limits for a server that
            is not public.
    """
    if not _BASE.fullmatch(options.base_url):
        raise InvalidValueError(
            f"--base-url is a path like /course/, of letters and digits; got {options.base_url!r}."
        )
    for origin in options.embed_in:
        if not _ORIGIN.fullmatch(origin):
            raise InvalidValueError(
                f"--embed-in is a site like https://moodle.example.org; got {origin!r}."
            )
    return Publishing(
        options.public,
        _limits(options),
        f"{options.base_url.rstrip('/')}/",
        options.behind_proxy,
        tuple(options.embed_in),
    )


def _limits(options: argparse.Namespace) -> Limits:
    overrides = {
        "visitors": options.visitors,
        "visitors_an_address": options.visitors_per_address,
        "megabytes": options.memory_per_visitor,
    }
    overrides = {name: number for name, number in overrides.items() if number is not None}
    for name, number in overrides.items():
        if number < 0:
            raise InvalidValueError(f"{name} is a number from 0; got {number}.")
    if not options.public:
        if overrides:
            raise InvalidValueError("Bounds for visitors hold with --public alone; give it too.")
        return Limits()
    import psutil

    shared = options.engine != IN_PROCESS
    limits = Limits.for_the_public(psutil.virtual_memory().total, shared)
    if "visitors" in overrides and "visitors_an_address" not in overrides:
        limits = replace(limits, visitors_an_address=min(60, overrides["visitors"]))
    return replace(limits, **overrides)
