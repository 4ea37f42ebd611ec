"""How much of the server a visitor may have, and what is said to those who ask for more."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cnnvis_widgets.serving.frames import Allowance

MOST_ADDRESSES = 20_000
"""Addresses that are remembered at once; those that were quiet are forgotten first."""

MEMORY_OF_A_VISITOR = {False: 700, True: 120}
"""MB, by whether an engine is shared: a kernel with a TensorFlow of its own, or a light one; as
measured, with room to spare."""

MEMORY_OF_THE_REST = {False: 2000, True: 6000}
"""MB: the system and the server, and the processes that compute for all."""


THEMES = ("light", "dark", "JupyterLab Light", "JupyterLab Dark")


@dataclass(frozen=True)
class Limits:
    """What holds for all visitors; 0 stands for no bound.

    Attributes:
        visitors: pages that are open at once.
        visitors_an_address: those of them from one address (a lecture hall may be one).
        pages_a_minute: pages that one address may open within a minute.
        requests_a_minute: all that one address may ask for within a minute.
        connections: that one address may have open; behind a proxy all are the proxy's.
        megabytes: memory of one page's kernel and of what it starts.
        orphan_seconds: how long a kernel may go on computing when its page is gone, or wait for a
            page that never comes.
        absent_seconds: how long it waits for a page that was there (a laptop that sleeps).
    """

    visitors: int = 0
    visitors_an_address: int = 0
    pages_a_minute: int = 0
    requests_a_minute: int = 0
    connections: int = 0
    megabytes: int = 0
    orphan_seconds: float = 120
    absent_seconds: float = 600

    @classmethod
    def for_the_public(cls, memory: int, shared: bool) -> Limits:
        """What suits a machine.

        Args:
            memory: of the machine, in bytes.
            shared: whether all visitors share what computes.
        """
        left = memory // 2**20 - MEMORY_OF_THE_REST[shared]
        places = max(2, left // MEMORY_OF_A_VISITOR[shared])
        return cls(
            visitors=places,
            visitors_an_address=min(60, max(2, places // 2)),
            pages_a_minute=60,
            requests_a_minute=6000,
            connections=1000,
            megabytes=2500,
            orphan_seconds=30,
            absent_seconds=120,
        )


class Sentence(Exception):
    """A refusal, in the words that the visitor reads.

    Attributes:
        status: the HTTP status.
        text: one or two sentences.
        seconds: after which another try makes sense; 0 where none does.
    """

    def __init__(self, status: int, text: str, seconds: int = 0) -> None:
        super().__init__(text)
        self.status, self.text, self.seconds = status, text, seconds


class Counter:
    """Counts what comes from each address."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pages: dict[str, Allowance] = {}
        self._requests: dict[str, Allowance] = {}

    def request(self, address: str) -> None:
        """One more request of an address.

        Raises:
            Sentence: too many within a minute.
        """
        most = self.limits.requests_a_minute
        if most and not _taken(self._requests, group(address), most):
            raise Sentence(
                429,
                f"More than {most} requests came from your network address within a minute. "
                "Please wait a minute, then load the page again.",
                60,
            )

    def page(self, address: str, open_here: int, open_in_all: int) -> None:
        """One more page of an address.

        Raises:
            Sentence: too many are open, or were opened within a minute.
        """
        limits = self.limits
        if limits.visitors and open_in_all >= limits.visitors:
            raise Sentence(
                503,
                f"All {limits.visitors} places on this server are taken. Please try again in a few "
                "minutes; a place is free as soon as somebody closes a page.",
                120,
            )
        if limits.visitors_an_address and open_here >= limits.visitors_an_address:
            raise Sentence(
                429,
                f"{limits.visitors_an_address} pages are open from your network address, the most "
                "that one may have. Please close one that you no longer need.",
                60,
            )
        if limits.pages_a_minute and not _taken(self._pages, group(address), limits.pages_a_minute):
            raise Sentence(
                429,
                f"More than {limits.pages_a_minute} pages were opened from your network address "
                "within a minute. Please wait a minute, then load the page again.",
                60,
            )


def group(address: str) -> str:
    """What counts as one address: of IPv6, the 64 bits that one household has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _taken(stores: dict[str, Allowance], key: str, a_minute: int) -> bool:
    if key not in stores:
        if len(stores) >= MOST_ADDRESSES:
            for quiet in [k for k, store in stores.items() if store.full]:
                del stores[quiet]
        while len(stores) >= MOST_ADDRESSES:
            del stores[next(iter(stores))]
        stores[key] = Allowance(a_minute / 60, a_minute)
    return stores[key].take()


@dataclass(frozen=True)
class Publishing:
    """For whom a server is, and how they reach it.

    Attributes:
        public: for anyone; else for people who know each other.
        limits: what holds for all visitors.
        base_url: the path that all addresses begin with.
        behind_proxy: a proxy hands requests on: visitors' addresses, and whether they came by
            https, are what it says in X-Forwarded-For and X-Forwarded-Proto.
        embedders: origins whose pages may show ours in a frame.
    """

    public: bool = False
    limits: Limits = Limits()
    base_url: str = "/"
    behind_proxy: bool = False
    embedders: tuple[str, ...] = ()


AMONG_FRIENDS = Publishing()
"""For people who know each other, in a lecture room."""
