"""How often somebody may ask: every figure of it, with its unit and its reason.

A limit of n in a period lets n through at once; then one more is let through each time the n-th
part of the period has passed (the generic cell rate algorithm).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import TypeAlias

IPNetwork: TypeAlias = IPv4Network | IPv6Network

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

IPV6_PREFIX = 64
"""Bits: what one household or office is given; an address inside it costs its owner nothing."""


@dataclass(frozen=True)
class Limit:
    """`times` in `per`, for each key: an address, a person, or where a request comes from."""

    name: str
    times: int
    per: timedelta

    @property
    def step(self) -> timedelta:
        """What one request costs."""
        return self.per / self.times

    @property
    def room(self) -> timedelta:
        """How far ahead of time the next request may be due and still be let through."""
        return self.per - self.step

    def key(self, value: str) -> str:
        """The name of a counter; a hash, for it is made from an address."""
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.name}:{digest[:32]}"

    def wait_s(self, due_at: datetime, now: datetime) -> int:
        """Whole seconds until the next request is let through; at least 1."""
        return max(1, ceil((due_at - self.room - now).total_seconds()))


SIGN_IN_CODES_PER_ADDRESS = Limit("codes-address", 5, HOUR)
"""A slow mail and a few second thoughts; more would be a nuisance in somebody else's inbox."""

SIGN_IN_CODES_PER_ORIGIN = Limit("codes-origin", 60, HOUR)
"""A clinic where everybody signs in on Monday morning; far below what a sender of spam needs."""

WRONG_CODES_PER_ADDRESS = Limit("wrong-codes", 20, DAY)
"""A code dies after five wrong tries, but the next one can be asked for: at 20 guesses a day of
one in a million, a guesser needs 137 years. The price: whoever spends somebody's tries keeps them
from signing in with a code for that while; the sessions they have go on."""

CODE_TRIES_PER_ORIGIN = Limit("tries-origin", 120, HOUR)
"""Two tries for each code that the same place may ask for."""

HOLDS_PER_ORIGIN = Limit("holds", 120, HOUR)
"""A family comparing times all evening, or a clinic booking for its patients; a hold lives ten
minutes, so one place can keep 20 at a time after the first hour."""

BOOKINGS_PER_ORIGIN = Limit("bookings", 120, HOUR)
"""Two a minute from one office; nobody fills in the form faster."""

WAITLIST_PER_ORIGIN = Limit("waitlist", 30, HOUR)
"""Each entry is looked at when a time becomes free, so they are dearer than bookings."""

SERIES_PER_PERSON = Limit("series", 60, HOUR)
"""A trainer planning the season, dry runs included; one series is up to 52 bookings."""

REPORTS_PER_CLIENT = Limit("reports", 120, HOUR)
"""Of one person about one client. An evening of catching up has a dozen; an emergency must never
meet a limit."""

DECISIONS_PER_PERSON = Limit("decisions", 120, HOUR)
"""Plans begun or spoken about, and clearances: a trainer's or a clinic's busiest hour."""

EXPORTS_PER_CLIENT = Limit("exports", 60, HOUR)
"""Letters and exports of one client for one person: each is drawn up anew."""

MEMBERS_PER_CLIENT = Limit("members", 60, DAY)
"""Changes of one care team; each new address becomes a person."""

DEVICES_PER_PERSON = Limit("devices", 60, DAY)
"""A browser says at each visit that it is still there; each new one changes what notify is told."""


def origin(host: str | None) -> str:
    """What counts as one place: an IPv4 address, or the network around an IPv6 address."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, IPV6_PREFIX), strict=False))
    return str(address)


def is_loopback(host: str | None) -> bool:
    """Whether a request comes from this machine."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def asker(peer: str | None, forwarded: str | None, trusted: tuple[IPNetwork, ...]) -> str | None:
    """The address that asks: the last one on the way that is not a proxy of ours.

    `forwarded` is X-Forwarded-For, to which each proxy adds whom it heard; what stands before the
    first address that we do not trust was written by whoever asks, and is not believed.
    """
    host = peer
    for hop in reversed((forwarded or "").split(",")):
        if not _is_trusted(host, trusted) or not hop.strip():
            break
        host = hop.strip()
    return host


def _is_trusted(host: str | None, trusted: tuple[IPNetwork, ...]) -> bool:
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return any(address in network for network in trusted if network.version == address.version)
