"""Slots: exact on every day of every zone, and honest about why a time is not offered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain import slots
from services.booking.domain.slots import (
    COMPANY,
    Block,
    Hours,
    Overrides,
    Range,
    Reason,
    Rules,
    Session,
    SlotSettings,
    Taken,
    Timetable,
    span,
)

HOUR = timedelta(hours=1)
NOON_IN_MAY = datetime(2026, 5, 4, 12, tzinfo=UTC)
EVERY_DAY: Hours = tuple(span(day, 9 * 60, 17 * 60) for day in range(7))


def every_day(opens: str, closes: str) -> Hours:
    minutes = [int(wall[:2]) * 60 + int(wall[3:]) for wall in (opens, closes)]
    return tuple(span(day, *minutes) for day in range(7))


def taking(*ranges: Range, off: tuple[Range, ...] = ()) -> Taken:
    return Taken([Block(lo, hi, None) for lo, hi in ranges], list(off))


def offered_on(
    tz: str,
    day: date,
    hours: Hours = EVERY_DAY,
    length: timedelta = HOUR,
    taken: tuple[Range, ...] = (),
    *,
    off: tuple[Range, ...] = (),
    overrides: Overrides = (),
    settings: SlotSettings = COMPANY,
    now: datetime | None = None,
) -> list[str]:
    """The starts of a local day as UTC wall times; asked ten days ahead."""
    within = slots.local_days(tz, day, day)
    found = slots.offered(
        Rules(Timetable(tz, hours, overrides), settings),
        Session(length),
        taking(*taken, off=off),
        within=within,
        now=now or datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=10),
    )
    return [datetime.fromtimestamp(at, UTC).strftime("%d %H:%M") for at in found]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_an_ordinary_day_offers_each_half_hour_that_leaves_room_for_the_session() -> None:
    found = offered_on("America/Toronto", date(2026, 6, 1))

    assert ["01 13:00", "01 13:30", "01 14:00"] == found[:3]
    assert "01 20:00" == found[-1]
    assert 15 == len(found)


def test_a_longer_session_stops_being_offered_earlier() -> None:
    found = offered_on("America/Toronto", date(2026, 6, 1), length=timedelta(minutes=90))

    assert "01 19:30" == found[-1]


def test_a_local_time_that_does_not_exist_is_never_offered() -> None:
    found = offered_on("America/Toronto", date(2027, 3, 14), every_day("01:00", "05:00"))

    assert ["14 06:00", "14 06:30", "14 07:00", "14 07:30", "14 08:00"] == found


def test_a_repeated_hour_is_offered_once_for_each_of_its_two_instants() -> None:
    found = offered_on("America/Toronto", date(2027, 11, 7), every_day("00:00", "03:00"))

    assert [
        "07 04:00", "07 04:30", "07 05:00", "07 05:30", "07 06:00", "07 06:30", "07 07:00",
    ] == found  # fmt: skip


def test_hours_that_end_inside_a_repeated_hour_are_worked_twice_with_a_break() -> None:
    found = offered_on(
        "America/Toronto", date(2027, 11, 7), every_day("01:00", "01:30"), timedelta(minutes=30)
    )

    assert ["07 05:00", "07 06:00"] == found


def test_hours_that_open_inside_a_skipped_hour_begin_after_it_on_their_own_grid() -> None:
    found = offered_on("America/Toronto", date(2027, 3, 14), every_day("02:15", "05:00"))

    assert ["14 07:15", "14 07:45"] == found


def test_a_change_of_half_an_hour_keeps_to_the_wall() -> None:
    hours = every_day("00:00", "04:00")

    spring = offered_on("Australia/Lord_Howe", date(2026, 10, 4), hours)
    autumn = offered_on("Australia/Lord_Howe", date(2027, 4, 4), hours)

    assert ["03 13:30", "03 14:00", "03 14:30", "03 15:00", "03 15:30", "03 16:00"] == spring
    assert 8 == len(autumn)


def test_british_columbia_stays_on_summer_time_from_november_2026() -> None:
    found = offered_on("America/Vancouver", date(2027, 1, 11))

    assert "11 16:00" == found[0]


def test_new_years_day_begins_in_the_old_year_of_utc() -> None:
    found = offered_on("Pacific/Auckland", date(2027, 1, 1))

    assert ["31 20:00", "31 20:30"] == found[:2]
    assert "01 03:00" == found[-1]


def test_hours_that_span_midnight_belong_to_the_day_they_begin_on() -> None:
    only_monday: Hours = (span(0, 22 * 60, 2 * 60),)

    monday = offered_on("Europe/London", date(2026, 1, 5), only_monday)
    tuesday = offered_on("Europe/London", date(2026, 1, 6), only_monday)

    assert ["05 22:00", "05 22:30", "05 23:00", "05 23:30"] == monday
    assert ["06 00:00", "06 00:30", "06 01:00"] == tuesday


def test_a_session_may_run_from_one_span_of_hours_into_the_next() -> None:
    hours: Hours = (span(0, 9 * 60, 10 * 60), span(0, 10 * 60, 11 * 60))

    assert ["05 09:00", "05 09:30", "05 10:00"] == offered_on(
        "Europe/London", date(2026, 1, 5), hours
    )


def test_a_trainer_without_hours_is_offered_for_nothing() -> None:
    assert [] == offered_on("America/Toronto", date(2026, 6, 1), ())


@pytest.mark.parametrize(
    ("taken", "missing"),
    [
        (("2026-06-01T14:00Z", "2026-06-01T15:00Z"), ["01 13:30", "01 14:00", "01 14:30"]),
        (("2026-06-01T14:15Z", "2026-06-01T14:20Z"), ["01 13:30", "01 14:00"]),
        (("2026-06-01T12:00Z", "2026-06-01T13:00Z"), []),
        (("2026-06-01T21:00Z", "2026-06-01T22:00Z"), []),
    ],
)
def test_what_is_taken_hides_the_sessions_that_would_meet_it(
    taken: tuple[str, str], missing: list[str]
) -> None:
    free = offered_on("America/Toronto", date(2026, 6, 1))
    left = offered_on("America/Toronto", date(2026, 6, 1), taken=((at(taken[0]), at(taken[1])),))

    assert missing == [start for start in free if start not in left]


def test_taken_ranges_may_overlap_and_come_in_any_order() -> None:
    day = at("2026-06-01T00:00Z")
    taken = ((day + 61200, day + 64800), (day, day + 50400), (day + 3600, day + 7200))

    found = offered_on("America/Toronto", date(2026, 6, 1), taken=taken)

    assert ["01 14:00", "01 14:30", "01 15:00", "01 15:30", "01 16:00", "01 18:00"] == found[:6]


def test_only_starts_between_notice_and_booking_window_can_be_booked() -> None:
    earliest, latest = COMPANY.bookable(NOON_IN_MAY)

    assert at("2026-05-04T14:00Z") == earliest
    assert at("2027-06-08T12:00Z") == latest - 1


def test_a_fraction_of_a_second_too_late_is_too_late() -> None:
    earliest, _ = COMPANY.bookable(NOON_IN_MAY + timedelta(microseconds=1))

    assert at("2026-05-04T14:00:01Z") == earliest


def explained(start: str, taken: Taken, **rules: Any) -> list[Reason]:
    return slots.explain(
        Rules(Timetable("America/Toronto", EVERY_DAY, rules.pop("overrides", ())), **rules),
        Session(HOUR),
        taken,
        start=datetime.fromisoformat(start),
        now=NOON_IN_MAY,
    )


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        ("2026-05-05T13:00:00Z", []),
        ("2026-05-05T13:10:00Z", ["off-grid"]),
        ("2026-05-05T13:00:00.500000Z", ["off-grid"]),
        ("2026-05-05T12:30:00Z", ["outside-hours"]),
        ("2026-05-05T20:30:00Z", ["outside-hours"]),
        ("2026-05-05T15:30:00Z", ["taken"]),
        ("2026-05-05T15:20:00Z", ["off-grid", "taken"]),
        ("2026-05-04T13:30:00Z", ["notice"]),
        ("2026-05-04T14:00:00Z", []),
        ("2026-05-01T13:00:00Z", ["notice"]),
        ("2027-06-08T13:00:00Z", ["window"]),
        ("2099-12-31T05:00:00Z", ["window", "outside-hours"]),
    ],
)
def test_every_reason_against_a_start_is_named(start: str, codes: list[str]) -> None:
    reasons = explained(start, taking((at("2026-05-05T16:00Z"), at("2026-05-05T17:00Z"))))

    assert codes == [reason.code for reason in reasons]
    assert all(reason.detail.endswith(".") for reason in reasons)


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        (100, [100, 90, 130]),
        (115, [100, 130, 90]),
        (0, [10, 90, 100]),
        (999, [200, 130, 100]),
    ],
)
def test_the_nearest_starts_come_first_and_the_earlier_of_two(
    wished: int, found: list[int]
) -> None:
    assert found == slots.nearest([10, 90, 100, 130, 200], wished, 3)


def test_there_may_be_fewer_alternatives_than_asked_for() -> None:
    assert [5] == slots.nearest([5], 7, 3)
    assert [] == slots.nearest([], 7, 3)


def test_the_dates_of_a_zone_cover_a_repeated_hour_around_midnight() -> None:
    # Beirut goes back at midnight: from 24:00 to 23:00 of the same day.
    ranges = slots.local_days("Asia/Beirut", date(2026, 10, 24), date(2026, 10, 24))

    assert [(at("2026-10-23T21:00Z"), at("2026-10-24T22:00Z"))] == ranges


def test_the_hours_of_a_date_replace_those_of_its_weekday() -> None:
    monday = date(2026, 6, 1)
    overrides = ((monday.toordinal(), (span(0, 13 * 60, 15 * 60),)),)

    assert ["01 17:00", "01 17:30", "01 18:00"] == offered_on(
        "America/Toronto", monday, overrides=overrides
    )
    assert 15 == len(offered_on("America/Toronto", date(2026, 6, 8), overrides=overrides))


def test_a_date_without_hours_is_a_day_off_that_leaves_the_night_before_alone() -> None:
    night: Hours = tuple(span(day, 22 * 60, 2 * 60) for day in range(7))
    tuesday = date(2026, 6, 2)

    found = offered_on("Europe/London", tuesday, night, overrides=((tuesday.toordinal(), ()),))

    assert ["01 23:00", "01 23:30", "02 00:00"] == found


def test_hours_of_a_date_may_span_midnight() -> None:
    monday = date(2026, 6, 1)
    overrides = ((monday.toordinal(), (span(0, 23 * 60, 1 * 60),)),)

    found = offered_on("Etc/UTC", date(2026, 6, 2), (), overrides=overrides)

    assert ["02 00:00"] == found


def test_time_off_hides_every_session_that_would_meet_it() -> None:
    off = ((at("2026-06-01T15:10Z"), at("2026-06-01T19:00Z")),)

    found = offered_on("America/Toronto", date(2026, 6, 1), off=off)

    assert ["01 13:00", "01 13:30", "01 14:00", "01 19:00", "01 19:30", "01 20:00"] == found


def test_buffers_keep_sessions_apart_and_may_lie_outside_the_hours_and_in_time_off() -> None:
    settings = SlotSettings(120, 400, buffer_before_minutes=15, buffer_after_minutes=30)
    taken = ((at("2026-06-01T15:00Z"), at("2026-06-01T17:00Z")),)
    off = ((at("2026-06-01T19:00Z"), at("2026-06-01T20:00Z")),)

    found = offered_on("America/Toronto", date(2026, 6, 1), taken=taken, off=off, settings=settings)

    assert ["01 13:00", "01 13:30", "01 17:30", "01 18:00", "01 20:00"] == found


def test_notice_and_window_are_the_trainers_own() -> None:
    settings = SlotSettings(25 * 60, 3, 0, 0)
    now = datetime(2026, 6, 1, 13, tzinfo=UTC)

    def first_and_last(day: int) -> list[str]:
        found = offered_on("America/Toronto", date(2026, 6, day), settings=settings, now=now)
        return found[:1] + found[-1:]

    assert [
        [],
        ["02 14:00", "02 20:00"],
        ["03 13:00", "03 20:00"],
        ["04 13:00", "04 13:00"],
        [],
    ] == [first_and_last(day) for day in range(1, 6)]


def test_a_repeated_hour_of_a_date_override_is_offered_twice() -> None:
    sunday = date(2027, 11, 7)
    overrides = ((sunday.toordinal(), (span(6, 60, 120),)),)

    found = offered_on("America/Toronto", sunday, (), timedelta(minutes=30), overrides=overrides)

    assert ["07 05:00", "07 05:30", "07 06:00", "07 06:30"] == found


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        ("2026-05-06T12:00:00Z", ["off"]),
        ("2026-05-06T14:00:00Z", ["off"]),
        ("2026-05-07T14:00:00Z", ["outside-hours"]),
        ("2026-05-07T17:00:00Z", []),
        ("2026-05-08T13:30:00Z", ["off"]),
        ("2026-05-08T15:00:00Z", []),
    ],
)
def test_days_off_and_time_off_are_told_apart_from_other_hours(
    start: str, codes: list[str]
) -> None:
    wednesday = date(2026, 5, 6).toordinal()
    overrides = ((wednesday, ()), (wednesday + 1, (span(3, 13 * 60, 17 * 60),)))
    taken = taking(off=((at("2026-05-08T14:00Z"), at("2026-05-08T15:00Z")),))

    reasons = explained(start, taken, overrides=overrides)

    assert codes == [reason.code for reason in reasons]
