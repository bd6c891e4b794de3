"""Which hours may be stored."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.schedule import (
    DAY_MINUTES,
    DEFAULTS,
    TIME_OFF_MAX,
    Override,
    Schedule,
    Settings,
    check_base,
    check_schedule,
    check_time_off,
    outside,
)
from services.booking.domain.slots import Span, span
from shared.errors import Invalid

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FRIDAY = date(2026, 12, 25)
NINE, NOON, FIVE, SIX = 9 * 60, 12 * 60, 17 * 60, 18 * 60


def refused(weekly: tuple[Span, ...], overrides: tuple[Override, ...] = ()) -> list[str]:
    """The fields that are blamed."""
    try:
        check_schedule(Schedule("America/Toronto", weekly, overrides))
    except Invalid as no:
        return [fault.field for fault in no.fields]
    return []


def on(day: date, opens: int, closes: int) -> Override:
    _, begin, end = span(0, opens, closes)
    return Override(day, begin, end)


@pytest.mark.parametrize(
    ("weekly", "blamed"),
    [
        ((), []),
        ((span(0, NINE, FIVE),), []),
        ((span(0, NINE, NOON), span(0, NOON, FIVE)), []),
        ((span(0, NINE, FIVE), span(0, NOON, SIX)), ["weekly.1"]),
        ((span(0, NOON, SIX), span(0, NINE, FIVE)), ["weekly.0"]),
        ((span(0, NINE, FIVE), span(0, NINE, FIVE)), ["weekly.1"]),
        ((span(0, SIX, 2 * 60), span(1, 2 * 60, FIVE)), []),
        ((span(0, SIX, 2 * 60), span(1, 60, FIVE)), ["weekly.1"]),
        ((span(6, SIX, 2 * 60), span(0, 60, FIVE)), ["weekly.1"]),
        (tuple(span(day, NINE, NINE) for day in range(7)), []),
        ((span(0, NINE, NINE), span(1, 8 * 60, NOON)), ["weekly.1"]),
        ((span(0, NINE, FIVE), span(0, NOON, SIX), span(0, FIVE, SIX)), ["weekly.1", "weekly.2"]),
    ],
)
def test_hours_of_a_week_must_not_overlap(weekly: tuple[Span, ...], blamed: list[str]) -> None:
    assert blamed == refused(weekly)


@pytest.mark.parametrize(
    ("overrides", "blamed"),
    [
        ((on(FRIDAY, NINE, NOON),), []),
        ((Override(FRIDAY, None, None),), []),
        ((on(FRIDAY, NINE, NOON), on(FRIDAY, 11 * 60, FIVE)), ["overrides.1"]),
        ((Override(FRIDAY, None, None),) * 2, ["overrides.0", "overrides.1"]),
        ((on(FRIDAY, NINE, NOON), Override(FRIDAY, None, None)), ["overrides.1"]),
        # The Thursday before runs until two in the morning, the Saturday after opens at nine.
        ((on(FRIDAY, 60, NOON),), ["overrides.0"]),
        ((on(FRIDAY, 2 * 60, NOON),), []),
        ((on(FRIDAY, SIX, 10 * 60),), ["overrides.0"]),
        ((on(FRIDAY, SIX, 10 * 60), Override(FRIDAY + timedelta(days=1), None, None)), []),
        ((on(FRIDAY, SIX, 10 * 60), on(FRIDAY + timedelta(days=1), NINE, NOON)), ["overrides.1"]),
        ((Override(FRIDAY - timedelta(days=1), None, None), on(FRIDAY, 60, NOON)), []),
    ],
)  # fmt: skip
def test_hours_of_a_date_replace_its_weekdays_and_must_not_overlap_those_beside_it(
    overrides: tuple[Override, ...], blamed: list[str]
) -> None:
    weekly = (span(3, SIX, 2 * 60), span(4, NINE, FIVE), span(5, NINE, FIVE))

    assert blamed == refused(weekly, overrides)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 47), st.integers(0, 47)).map(
            lambda s: span(s[0], s[1] * 30, s[2] * 30)
        ),
        max_size=8,
    )
)
def test_a_week_is_refused_exactly_when_two_spans_share_a_minute(weekly: list[Span]) -> None:
    taken: list[set[int]] = []
    for day, opens, closes in weekly:
        minutes = range(day * DAY_MINUTES + opens, day * DAY_MINUTES + closes, 30)
        taken.append({minute % (7 * DAY_MINUTES) for minute in minutes})
    share = sum(map(len, taken)) != len(set().union(*taken))

    assert share == bool(refused(tuple(weekly)))


def test_a_session_lies_outside_when_a_minute_of_it_does() -> None:
    monday = Schedule("America/Toronto", (span(0, NINE, FIVE),))
    at_nine = datetime(2026, 5, 4, 13, tzinfo=UTC)
    hour, minute = timedelta(hours=1), timedelta(minutes=1)

    assert outside(monday, at_nine, at_nine + hour) is None
    assert outside(monday, at_nine + 7 * hour, at_nine + 8 * hour) is None
    assert "outside-hours" == outside(monday, at_nine - minute, at_nine + hour - minute)
    assert "outside-hours" == outside(
        monday, at_nine + 7 * hour + minute, at_nine + 8 * hour + minute
    )


def test_a_day_off_is_off_and_a_shorter_day_is_hours_to_lie_outside_of() -> None:
    monday = date(2026, 5, 4)
    weekly = (span(0, NINE, FIVE),)
    at_nine = datetime(2026, 5, 4, 13, tzinfo=UTC)
    hour = timedelta(hours=1)
    day_off = Schedule("America/Toronto", weekly, (Override(monday, None, None),))
    short = Schedule("America/Toronto", weekly, (on(monday, NINE, NOON), on(monday, SIX, 20 * 60)))

    assert "off" == outside(day_off, at_nine, at_nine + hour)
    assert outside(day_off, at_nine + 7 * 24 * hour, at_nine + (7 * 24 + 1) * hour) is None
    assert outside(short, at_nine, at_nine + hour) is None
    assert outside(short, at_nine + 10 * hour, at_nine + 11 * hour) is None
    assert "outside-hours" == outside(short, at_nine + 5 * hour, at_nine + 6 * hour)
    assert "outside-hours" == outside(short, at_nine + 12 * hour, at_nine + 13 * hour)


def test_null_settings_follow_the_default_and_zero_does_not() -> None:
    own = Settings(notice_minutes=0, buffer_after_minutes=15)

    effective = own.over(DEFAULTS)

    assert (0, 15) == (effective.notice_minutes, effective.buffer_after_minutes)
    assert DEFAULTS.window_days == effective.window_days
    assert DEFAULTS == Settings().over(DEFAULTS)


def test_the_base_must_lie_where_trainers_visit() -> None:
    check_base(Settings(base_postal="M5V 2T6"))
    check_base(Settings())
    with pytest.raises(Invalid):
        check_base(Settings(base_postal="V6B 1A1"))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW, NOW),
        (NOW + timedelta(hours=2), NOW + timedelta(hours=1)),
        (NOW - timedelta(hours=2), NOW),
        (NOW, NOW + TIME_OFF_MAX + timedelta(seconds=1)),
    ],
)
def test_time_off_takes_time_that_is_left_and_not_for_ever(start: datetime, end: datetime) -> None:
    with pytest.raises(Invalid):
        check_time_off(start, end, now=NOW)
    check_time_off(NOW - timedelta(hours=1), NOW + timedelta(hours=1), now=NOW)
