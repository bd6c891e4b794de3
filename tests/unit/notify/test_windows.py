"""Quiet hours over changes of the clock, in five zones and with windows that span midnight."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.windows import QUIET_HOURS, Hours, QuietHours, zone_or_company
from shared.zones import zone

ZONES = (
    "America/Toronto",
    "America/Vancouver",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/Santiago",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "zone_name", "before", "after"),
    [
        # An ordinary evening, and both edges: 21:00 is quiet, 08:00 is not.
        ("2026-11-24T20:59:59-05:00", "America/Toronto", None, None),
        (
            "2026-11-24T21:00:00-05:00",
            "America/Toronto",
            "2026-11-24T21:00:00-05:00",
            "2026-11-25T08:00:00-05:00",
        ),
        (
            "2026-11-25T07:59:59-05:00",
            "America/Toronto",
            "2026-11-24T21:00:00-05:00",
            "2026-11-25T08:00:00-05:00",
        ),
        ("2026-11-25T08:00:00-05:00", "America/Toronto", None, None),
        # The night the clocks go forward, and the one they go back.
        (
            "2027-03-14T07:00:00-04:00",
            "America/Toronto",
            "2027-03-13T21:00:00-05:00",
            "2027-03-14T08:00:00-04:00",
        ),
        (
            "2026-11-01T07:00:00-05:00",
            "America/Toronto",
            "2026-10-31T21:00:00-04:00",
            "2026-11-01T08:00:00-05:00",
        ),
        # British Columbia stays at UTC-7 from November 2026 on.
        ("2026-12-01T15:30:00+00:00", "America/Vancouver", None, None),
        (
            "2026-12-01T14:30:00+00:00",
            "America/Vancouver",
            "2026-12-01T04:00:00+00:00",
            "2026-12-01T15:00:00+00:00",
        ),
        # Half an hour of summer time.
        (
            "2026-10-04T02:45:00+11:00",
            "Australia/Lord_Howe",
            "2026-10-03T21:00:00+10:30",
            "2026-10-04T08:00:00+11:00",
        ),
        # Midnight itself does not exist that night.
        (
            "2026-09-06T01:30:00-03:00",
            "America/Santiago",
            "2026-09-05T21:00:00-04:00",
            "2026-09-06T08:00:00-03:00",
        ),
        (
            "2026-03-29T06:00:00+01:00",
            "Europe/Dublin",
            "2026-03-28T21:00:00+00:00",
            "2026-03-29T08:00:00+01:00",
        ),
    ],
)
def test_the_nearest_allowed_moments(
    moment: str, zone_name: str, before: str | None, after: str | None
) -> None:
    rules = zone(zone_name)

    hours = Hours(QUIET_HOURS, (), rules)

    assert at(before or moment) == hours.last_allowed(at(moment))
    assert at(after or moment) == hours.next_allowed(at(moment))


def test_an_edge_that_the_clocks_jump_over_or_repeat_never_falls_into_quiet_hours() -> None:
    rules = zone("America/Toronto")
    in_the_gap = Hours(QuietHours(start=time(2, 30), end=time(5)), (), rules)
    repeated = Hours(QuietHours(start=time(1, 30), end=time(5)), (), rules)

    forward = in_the_gap.last_allowed(at("2027-03-14T04:00:00-04:00"))
    back = repeated.last_allowed(at("2026-11-01T04:00:00-05:00"))

    assert at("2027-03-14T01:30:00-05:00") == forward
    assert at("2026-11-01T01:30:00-04:00") == back


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    rules = zone("America/Toronto")
    noon = QuietHours(start=time(12), end=time(14))
    moment = at("2026-11-24T13:00:00-05:00")

    assert at("2026-11-24T12:00:00-05:00") == Hours(noon, (), rules).last_allowed(moment)
    assert at("2026-11-24T14:00:00-05:00") == Hours(noon, (), rules).next_allowed(moment)
    assert not QuietHours(start=time(9), end=time(9)).covers(moment, rules)


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus"])
def test_a_missing_or_unknown_zone_is_the_companys(name: str | None) -> None:
    assert "America/Toronto" == zone_or_company(name).key


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone_name=st.sampled_from(ZONES),
    start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    end=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
def test_nothing_is_ever_moved_into_quiet_hours(
    minutes: int, zone_name: str, start: time, end: time
) -> None:
    quiet, rules = QuietHours(start, end), zone(zone_name)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    hours = Hours(quiet, (), rules)
    before, after = hours.last_allowed(moment), hours.next_allowed(moment)

    assert before is not None
    assert after is not None
    assert before <= moment <= after
    assert not quiet.covers(after, rules)
    assert before == moment or not quiet.covers(before - timedelta(microseconds=1), rules)
