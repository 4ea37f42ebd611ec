"""Limits for visitors, and the messages for those who exceed them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cnnvis_widgets.serving.frames import TokenBucket

MAX_ADDRESSES = 20_000
"""The most addresses with counters; inactive ones are removed first."""

MEMORY_PER_VISITOR = {False: 700, True: 120}
"""MB by whether the engine is shared: a kernel with TensorFlow or without; measured, rounded up."""

MEMORY_RESERVED = {False: 2000, True: 6000}
"""MB for the system, the server and the shared workers."""


THEMES = ("light", "dark", "JupyterLab Light", "JupyterLab Dark")


@dataclass(frozen=True)
class Limits:
    """The limits for all visitors; 0 is no limit.

    Attributes:
        visitors: open pages.
        visitors_an_address: open pages from one address (a lecture hall may be one).
        pages_a_minute: pages that one address may open within a minute.
        requests_a_minute: requests of one address within a minute.
        connections: open connections of one address; behind a proxy all are the proxy's.
        megabytes: memory of a page's kernel and its child processes.
        orphan_seconds: how long a kernel may compute after its page was closed, or wait for a page
            that never connects.
        absent_seconds: how long an idle kernel waits for its page to reconnect (a sleeping laptop).
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
        """Limits that suit a machine.

        Args:
            memory: of the machine, in bytes.
            shared: whether all visitors share an engine.
        """
        available = memory // 2**20 - MEMORY_RESERVED[shared]
        visitors = max(2, available // MEMORY_PER_VISITOR[shared])
        return cls(
            visitors=visitors,
            visitors_an_address=min(60, max(2, visitors // 2)),
            pages_a_minute=60,
            requests_a_minute=6000,
            connections=1000,
            megabytes=2500,
            orphan_seconds=30,
            absent_seconds=120,
        )


class Refusal(Exception):
    """A refused request, with a message for the visitor.

    Attributes:
        status: the HTTP status.
        text: one or two sentences.
        seconds: after which to retry; 0 for never.
    """

    def __init__(self, status: int, text: str, seconds: int = 0) -> None:
        super().__init__(text)
        self.status, self.text, self.seconds = status, text, seconds


class Counter:
    """Counts pages and requests of each address."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pages: dict[str, TokenBucket] = {}
        self._requests: dict[str, TokenBucket] = {}

    def request(self, address: str) -> None:
        """Count a request of an address.

        Raises:
            Refusal: too many within a minute.
        """
        limit = self.limits.requests_a_minute
        if limit and not _take_token(self._requests, group(address), limit):
            raise Refusal(
                429,
                f"More than {limit} requests came from your network address within a minute. "
                "Please wait a minute, then load the page again.",
                60,
            )

    def page(self, address: str, open_here: int, open_in_all: int) -> None:
        """Count a page of an address.

        Raises:
            Refusal: too many are open, or were opened within a minute.
        """
        limits = self.limits
        if limits.visitors and open_in_all >= limits.visitors:
            raise Refusal(
                503,
                f"All {limits.visitors} places on this server are taken. Please try again in a few "
                "minutes; a place is free as soon as somebody closes a page.",
                120,
            )
        if limits.visitors_an_address and open_here >= limits.visitors_an_address:
            raise Refusal(
                429,
                f"{limits.visitors_an_address} pages are open from your network address, the most "
                "that one may have. Please close one that you no longer need.",
                60,
            )
        if limits.pages_a_minute and not _take_token(
            self._pages, group(address), limits.pages_a_minute
        ):
            raise Refusal(
                429,
                f"More than {limits.pages_a_minute} pages were opened from your network address "
                "within a minute. Please wait a minute, then load the page again.",
                60,
            )


def group(address: str) -> str:
    """The address to count by; of IPv6 the /64 network, which one household has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _take_token(buckets: dict[str, TokenBucket], key: str, a_minute: int) -> bool:
    if key not in buckets:
        if len(buckets) >= MAX_ADDRESSES:
            for full_key in [name for name, bucket in buckets.items() if bucket.full]:
                del buckets[full_key]
        while len(buckets) >= MAX_ADDRESSES:
            del buckets[next(iter(buckets))]
        buckets[key] = TokenBucket(a_minute / 60, a_minute)
    return buckets[key].take()


@dataclass(frozen=True)
class Publishing:
    """The audience of a server, and how it is reached.

    Attributes:
        public: whether it is for anyone, not only for people who know each other.
        limits: for all visitors.
        base_url: the prefix of all paths.
        behind_proxy: whether a proxy forwards requests; visitors' addresses and protocols are then
            read from X-Forwarded-For and X-Forwarded-Proto.
        embedders: origins whose pages may show ours in a frame.
    """

    public: bool = False
    limits: Limits = Limits()
    base_url: str = "/"
    behind_proxy: bool = False
    embedders: tuple[str, ...] = ()


AMONG_FRIENDS = Publishing()
"""For people who know each other, in a lecture room."""
