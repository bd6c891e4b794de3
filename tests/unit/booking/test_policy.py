"""When a change is late: a table of who, when, what and why, and days on which clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import policy
from services.booking.domain.people import once_key
from services.booking.domain.services import SERVICES, ServiceId
from shared.contracts.booking import By
from shared.zones import zone

START = datetime(2026, 5, 6, 14, tzinfo=UTC)
HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)

LATE_BELOW: dict[ServiceId, timedelta | None] = {
    "first-workout": None,
    "assessment": 12 * HOUR,
    "training": 12 * HOUR,
}
"""The notice below which a client is late; None for never."""

NOTICES = (72 * HOUR, 12 * HOUR + TICK, 12 * HOUR, 12 * HOUR - TICK, HOUR, TICK)


@pytest.mark.parametrize("service", get_args(ServiceId))
@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("notice", NOTICES)
def test_who_is_late_with_what(service: ServiceId, by: By, notice: timedelta) -> None:
    below = LATE_BELOW[service]
    for frozen, in_flare in product((False, True), repeat=2):
        late = (
            below is not None and by == "client" and notice < below and not frozen and not in_flare
        )

        assert late is policy.is_late(
            service, START, by=by, frozen=frozen, in_flare=in_flare, now=START - notice
        )


def test_every_service_says_its_notice() -> None:
    assert set(LATE_BELOW) == {service.id for service in SERVICES}
    for service in SERVICES:
        assert (LATE_BELOW[service.id] or timedelta(0)) == service.notice


@pytest.mark.parametrize(
    ("tz", "wall", "last_wall"),
    [
        # Clocks go forward in the night: twelve hours before nine is eight in the evening.
        ("America/Toronto", "2026-03-08 09:00", "2026-03-07 20:00"),
        # They go back: ten in the evening.
        ("America/Toronto", "2026-11-01 09:00", "2026-10-31 22:00"),
        ("America/Toronto", "2026-05-06 09:00", "2026-05-05 21:00"),
        # Half an hour alone.
        ("Australia/Lord_Howe", "2026-04-05 09:00", "2026-04-04 21:30"),
        ("America/Vancouver", "2026-11-01 09:00", "2026-10-31 21:00"),
    ],
)
def test_twelve_hours_are_twelve_hours_also_over_a_change_of_the_clocks(
    tz: str, wall: str, last_wall: str
) -> None:
    rules = zone(tz)
    start = datetime.fromisoformat(wall).replace(tzinfo=rules).astimezone(UTC)

    last = policy.free_until("training", start)

    assert last_wall == last.astimezone(rules).strftime("%Y-%m-%d %H:%M")
    for now, late in ((last, False), (last + TICK, True)):
        assert late is policy.is_late(
            "training", start, by="client", frozen=False, in_flare=False, now=now
        )


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    earlier=st.timedeltas(timedelta(0), timedelta(days=3)),
    later=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_who_is_late_does_not_become_punctual_by_waiting(
    start: datetime, earlier: timedelta, later: timedelta
) -> None:
    def late(at: datetime) -> bool:
        return policy.is_late("training", start, by="client", frozen=False, in_flare=False, now=at)

    at = start - earlier
    assert late(at + later) or not late(at)


def test_a_word_can_be_corrected_for_seven_days_from_the_end() -> None:
    assert policy.may_be_corrected(START, START + timedelta(days=7))
    assert not policy.may_be_corrected(START, START + timedelta(days=7) + TICK)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann@example.org", "ANN@Example.org", True),
        ("ann@example.org", " ann@example.org ", True),
        ("ann@example.org", "ann+limber@example.org", True),
        ("ann+1@example.org", "ann+2@example.org", True),
        ("ann@gmail.com", "a.n.n@gmail.com", True),
        ("ann@gmail.com", "A.nn+x@googlemail.com", True),
        ("ann@example.org", "a.nn@example.org", False),
        ("ann@example.org", "ann@example.com", False),
        ("ann@example.org", "ann@mail.example.org", False),
        ("ann@gmail.com", "ann@example.org", False),
        ("+ann@example.org", "+ben@example.org", False),
    ],
)
def test_spellings_of_one_mailbox_are_one_and_other_mailboxes_are_not(
    one: str, other: str, same: bool
) -> None:
    assert same is (once_key(one) == once_key(other))


def test_what_is_kept_of_a_mailbox_does_not_tell_it() -> None:
    assert 32 == len(once_key("ann@example.org"))
    assert b"ann" not in once_key("ann@example.org")
