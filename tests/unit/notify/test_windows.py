"""Hours of a person over changes of the clock: quiet hours, weekly windows, zones."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.windows import (
    Hours,
    QuietHours,
    WeeklyWindow,
    hours_of,
    zone_or_company,
)
from shared.contracts.contacts import Preferences, QuietTime, Window
from shared.zones import zone

ZONES = (
    "America/Toronto",
    "Europe/Paris",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
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
        (
            "2027-03-28T07:30:00+02:00",
            "Europe/Paris",
            "2027-03-27T21:00:00+01:00",
            "2027-03-28T08:00:00+02:00",
        ),
        (
            "2026-10-25T07:30:00+01:00",
            "Europe/Paris",
            "2026-10-24T21:00:00+02:00",
            "2026-10-25T08:00:00+01:00",
        ),
        # A quarter of an hour beside the others, and never a change of clocks.
        (
            "2026-12-01T02:00:00+00:00",
            "Asia/Kathmandu",
            "2026-11-30T21:00:00+05:45",
            "2026-12-01T08:00:00+05:45",
        ),
        # British Columbia stays at UTC-7 from November 2026 on.
        ("2026-12-01T15:30:00+00:00", "America/Vancouver", None, None),
        (
            "2026-12-01T14:30:00+00:00",
            "America/Vancouver",
            "2026-12-01T04:00:00+00:00",
            "2026-12-01T15:00:00+00:00",
        ),
        # Half an hour of summer time, both ways.
        (
            "2026-10-04T02:45:00+11:00",
            "Australia/Lord_Howe",
            "2026-10-03T21:00:00+10:30",
            "2026-10-04T08:00:00+11:00",
        ),
        (
            "2027-04-04T01:45:00+10:30",
            "Australia/Lord_Howe",
            "2027-04-03T21:00:00+11:00",
            "2027-04-04T08:00:00+10:30",
        ),
        # Midnight itself does not exist that night.
        (
            "2026-09-06T01:30:00-03:00",
            "America/Santiago",
            "2026-09-05T21:00:00-04:00",
            "2026-09-06T08:00:00-03:00",
        ),
        # Where summer time is a thing of the past, and where a whole day is missing.
        (
            "2026-11-01T06:00:00-03:00",
            "America/Sao_Paulo",
            "2026-10-31T21:00:00-03:00",
            "2026-11-01T08:00:00-03:00",
        ),
        (
            "2011-12-31T01:00:00+14:00",
            "Pacific/Apia",
            "2011-12-29T21:00:00-10:00",
            "2011-12-31T08:00:00+14:00",
        ),
    ],
)
def test_the_nearest_allowed_moments(
    moment: str, zone_name: str, before: str | None, after: str | None
) -> None:
    hours = hours_of(zone_name, None)

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
def test_a_missing_or_unknown_zone_is_the_companys_and_never_utc(name: str | None) -> None:
    assert "America/Toronto" == zone_or_company(name).key
    # 03:00 in UTC is 22:00 in Toronto.
    assert not hours_of(name, None).allow(at("2026-11-25T03:00:00+00:00"))


def test_own_quiet_hours_take_the_place_of_the_companys() -> None:
    own = Preferences(quiet=QuietTime(start="22:30", end="06:00"))
    hours = hours_of("Europe/Paris", own)

    assert hours.allow(at("2026-11-24T22:00:00+01:00"))
    assert not hours.allow(at("2026-11-24T23:00:00+01:00"))
    assert hours.allow(at("2026-11-25T06:00:00+01:00"))


TUESDAY_EVENING = Window(day=1, start="18:00", end="20:00")
SATURDAY_LATE = Window(day=5, start="20:00", end="01:00")


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [
        # Tuesday within, before and after its window.
        ("2026-11-24T19:00:00-05:00", None, None),
        (
            "2026-11-24T12:00:00-05:00",
            # Saturday's window ends where the company's quiet hours begin.
            "2026-11-21T21:00:00-05:00",
            "2026-11-24T18:00:00-05:00",
        ),
        (
            "2026-11-24T20:00:00-05:00",
            "2026-11-24T20:00:00-05:00",
            "2026-11-28T20:00:00-05:00",
        ),
        # From Sunday it is most of a week, over the change of clocks.
        (
            "2026-11-01T09:00:00-05:00",
            "2026-10-31T21:00:00-04:00",
            "2026-11-03T18:00:00-05:00",
        ),
    ],
)
def test_weekly_windows_and_quiet_hours_both_count(
    moment: str, before: str | None, after: str | None
) -> None:
    hours = hours_of("America/Toronto", Preferences(windows=(TUESDAY_EVENING, SATURDAY_LATE)))

    assert at(before or moment) == hours.last_allowed(at(moment))
    assert at(after or moment) == hours.next_allowed(at(moment))


def test_a_window_that_spans_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    late = Preferences(quiet=QuietTime(start="03:00", end="05:00"), windows=(SATURDAY_LATE,))
    hours = hours_of("America/Toronto", late)

    assert hours.allow(at("2026-11-29T00:59:59-05:00"))
    assert not hours.allow(at("2026-11-29T01:00:00-05:00"))
    assert not hours.allow(at("2026-11-28T00:30:00-05:00"))


def test_windows_that_lie_within_quiet_hours_leave_no_moment() -> None:
    night = Preferences(windows=(Window(day=2, start="22:00", end="23:00"),))
    hours = hours_of("America/Toronto", night)
    moment = at("2026-11-24T12:00:00-05:00")

    assert (None, None) == (hours.next_allowed(moment), hours.last_allowed(moment))


def test_tomorrow_is_the_next_local_midnight_also_where_there_is_none() -> None:
    toronto, santiago = hours_of("America/Toronto", None), hours_of("America/Santiago", None)

    assert at("2026-11-02T00:00:00-05:00") == toronto.tomorrow(at("2026-11-01T12:00:00-05:00"))
    assert at("2026-09-06T01:00:00-03:00") == santiago.tomorrow(at("2026-09-05T12:00:00-04:00"))


wall_times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
weekly = st.builds(WeeklyWindow, st.integers(0, 6), wall_times, wall_times)


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone_name=st.sampled_from(ZONES),
    quiet=st.builds(QuietHours, wall_times, wall_times),
    windows=st.lists(weekly, max_size=4).map(tuple),
)
def test_nothing_is_ever_moved_into_quiet_hours_or_out_of_the_windows(
    minutes: int, zone_name: str, quiet: QuietHours, windows: tuple[WeeklyWindow, ...]
) -> None:
    hours = Hours(quiet, windows, zone(zone_name))
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    before, after = hours.last_allowed(moment), hours.next_allowed(moment)

    if after is not None:
        assert moment <= after
        assert hours.allow(after)
    if before is not None:
        assert before <= moment
        assert before == moment or hours.allow_until(before)
    if not windows:
        assert None not in (before, after)


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone_name=st.sampled_from(ZONES),
    quiet=st.builds(QuietHours, wall_times, wall_times),
)
def test_what_is_moved_is_moved_no_further_than_to_the_edge(
    minutes: int, zone_name: str, quiet: QuietHours
) -> None:
    hours = Hours(quiet, (), zone(zone_name))
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    before, after = hours.last_allowed(moment), hours.next_allowed(moment)

    assert before is not None
    assert after is not None
    # Half-way to either edge it is quiet too: nothing nearer was passed over, but for an hour
    # that the clocks repeat.
    if _offset(before, hours) == _offset(after, hours):
        for between in (before + (moment - before) / 2, moment + (after - moment) / 2):
            assert moment == before or not hours.allow(between)


def _offset(moment: datetime, hours: Hours) -> timedelta | None:
    return moment.astimezone(hours.rules).utcoffset()
