"""How often somebody may ask: where requests come from, and figures that are written down."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.booking.domain import limits
from services.booking.domain.limits import Limit, asker, is_loopback, origin

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
EVERY = sorted(
    (one for one in vars(limits).values() if isinstance(one, Limit)), key=lambda one: one.name
)


@pytest.mark.parametrize(
    ("peer", "forwarded", "asks"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("10.0.0.1", "garbage", "garbage"),
        ("10.0.0.1", "", "10.0.0.1"),
        (None, "198.51.100.1", None),
    ],
)
def test_a_proxy_is_believed_only_when_it_is_trusted(
    peer: str | None, forwarded: str | None, asks: str | None
) -> None:
    assert asks == asker(peer, forwarded, PROXIES)


def test_nobody_is_believed_by_default() -> None:
    assert "127.0.0.1" == asker("127.0.0.1", "198.51.100.1", ())


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("garbage", "unknown"),
    ],
)
def test_a_place_is_an_address_or_the_network_around_one(host: str | None, place: str) -> None:
    assert place == origin(host)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False), ("localhost", False), (None, False), ("", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_loopback(host: str | None, here: bool) -> None:
    assert here == is_loopback(host)


def test_the_wait_is_whole_seconds_and_never_none() -> None:
    limit = Limit("test", 5, timedelta(hours=1))

    assert 720 == limit.wait_s(NOW + timedelta(hours=1), NOW)
    assert 1 == limit.wait_s(NOW + limit.room, NOW)
    assert 721 == limit.wait_s(NOW + timedelta(hours=1, microseconds=1), NOW)


def test_a_counter_does_not_tell_whose_it_is() -> None:
    key = limits.SIGN_IN_CODES_PER_ADDRESS.key("ann@example.org")

    assert "ann" not in key
    assert key != limits.SIGN_IN_CODES_PER_ORIGIN.key("ann@example.org")


@pytest.mark.parametrize("limit", EVERY, ids=[one.name for one in EVERY])
def test_every_figure_is_in_the_documentation(limit: Limit) -> None:
    text = (Path(__file__).parents[3] / "docs" / "limits.md").read_text()
    period = {timedelta(hours=1): "hour", timedelta(days=1): "day"}[limit.per]

    assert f"| {limit.times} an {period} |" in text or f"| {limit.times} a {period} |" in text
    assert f"| `{limit.name}` |" in text


def test_names_of_limits_differ() -> None:
    assert len(EVERY) == len({one.name for one in EVERY})
