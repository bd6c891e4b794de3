"""Sessions that repeat: the calendar of their dates, the verdicts, and the choice of a trainer."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from services.booking.domain import series
from services.booking.domain.series import Choice, Judged, SeriesDate
from services.booking.domain.slots import Reason, ReasonCode

ZONES = (
    "America/Toronto",
    "America/Vancouver",
    "America/St_Johns",
    "America/Regina",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/London",
    "Asia/Kolkata",
    "Pacific/Auckland",
)
HOUR = 3600
TORONTO = "America/Toronto"


@lru_cache
def rules_of(tz: str) -> ZoneInfo:
    with (resources.files("tzdata") / "zoneinfo" / tz).open("rb") as rules:
        return ZoneInfo.from_file(rules)


@lru_cache
def noons(tz: str) -> list[datetime]:
    start = datetime(2024, 1, 1, 12, tzinfo=rules_of(tz))
    return [start + timedelta(days=n) for n in range(15 * 366)]


@lru_cache
def offsets(tz: str) -> set[timedelta]:
    """Every offset from UTC that the zone has in these years."""
    return {noon.utcoffset() or timedelta(0) for noon in noons(tz)}


def instants_that_show(tz: str, day: date, at: time) -> list[datetime]:
    """All instants at which a clock in the zone shows that date and time: each offset is tried."""
    wall = datetime.combine(day, at)
    tried = (wall.replace(tzinfo=UTC) - offset for offset in offsets(tz))
    shown = rules_of(tz)
    return sorted(i for i in tried if i.astimezone(shown).replace(tzinfo=None, fold=0) == wall)


def change_days(tz: str) -> list[date]:
    found = [b.date() for a, b in pairwise(noons(tz)) if a.utcoffset() != b.utcoffset()]
    return [day for day in found if day.year <= 2030]


def wall(text: str) -> datetime:
    """What a clock on the wall shows; it knows no zone."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("tz", ZONES)
def test_each_date_is_the_first_instant_at_which_the_wall_shows_the_time_of_the_first(
    tz: str,
) -> None:
    draw, changes = random.Random(f"series in {tz}"), change_days(tz)
    missing = 0
    for _ in range(300):
        every, count = draw.randint(1, 8), draw.randint(2, 52)
        day = date(2024, 1, 1) + timedelta(days=draw.randrange(6 * 365))
        if changes and draw.random() < 0.8:
            # So that one of the dates is a day of change, or the one beside it.
            weeks = every * draw.randrange(count)
            day = draw.choice(changes) - timedelta(weeks=weeks, days=draw.choice([-1, 0, 0, 0]))
        at = time(draw.choice([0, 1, 1, 2, 2, 2, 3, 9, 18, 23]), draw.choice([0, 15, 30, 45]))
        first_instants = instants_that_show(tz, day, at)
        if not first_instants:
            continue
        first = draw.choice(first_instants)

        found = series.dates(first, tz, every_weeks=every, numbers=range(1, count + 1))

        assert list(range(1, count + 1)) == [one.number for one in found]
        assert (first, True) == (found[0].start, found[0].exists)
        for n, one in enumerate(found[1:], start=1):
            promised = day + timedelta(days=7 * every * n)
            shows = instants_that_show(tz, promised, at)
            assert datetime.combine(promised, at) == one.wall
            assert bool(shows) == one.exists, (tz, first, every, n)
            if shows:
                assert shows[0] == one.start, (tz, first, every, n)
            missing += not shows
    assert bool(missing) == bool(changes)


def test_later_dates_keep_their_distance_where_dates_between_them_were_left_out() -> None:
    first = datetime(2026, 10, 20, 14, tzinfo=UTC)

    found = series.dates(first, TORONTO, every_weeks=2, numbers=[3, 4, 7])

    # Ten in the morning before and after the change of November 1.
    assert [
        SeriesDate(3, wall("2026-10-20T10:00"), datetime(2026, 10, 20, 14, tzinfo=UTC)),
        SeriesDate(4, wall("2026-11-03T10:00"), datetime(2026, 11, 3, 15, tzinfo=UTC)),
        SeriesDate(7, wall("2026-12-15T10:00"), datetime(2026, 12, 15, 15, tzinfo=UTC)),
    ] == found


def test_a_first_date_in_the_second_of_two_equal_hours_stays_there() -> None:
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)

    found = series.dates(second, TORONTO, every_weeks=1, numbers=[1, 2])

    assert [second, datetime(2026, 11, 8, 6, 30, tzinfo=UTC)] == [one.start for one in found]
    assert [wall("2026-11-01T01:30"), wall("2026-11-08T01:30")] == [one.wall for one in found]


A_DATE = SeriesDate(1, wall("2026-05-06T10:00"), datetime(2026, 5, 6, 14, tzinfo=UTC))
AT = int(A_DATE.start.timestamp())


def judged(
    *codes: ReasonCode, offered: bool = False, busy: tuple[tuple[int, int], ...] = ()
) -> Judged:
    reasons = [Reason(code, f"because {code}") for code in codes]
    return series.judge(A_DATE, offered=offered, reasons=reasons, busy=busy, seconds=HOUR)


def test_a_date_that_is_offered_while_the_client_is_free_is_free() -> None:
    beside = ((AT - HOUR, AT), (AT + HOUR, AT + 2 * HOUR))

    assert Judged(A_DATE, "free") == judged(offered=True)
    assert Judged(A_DATE, "free") == judged(offered=True, busy=beside)


@pytest.mark.parametrize("busy", [(-HOUR, 1), (HOUR - 1, 2 * HOUR), (600, 900), (-9, 2 * HOUR)])
def test_another_session_of_the_client_takes_a_date(busy: tuple[int, int]) -> None:
    found = judged(offered=True, busy=((AT + busy[0], AT + busy[1]),))

    assert ("taken", "The client has another session at this time.") == (
        found.verdict,
        found.detail,
    )


@pytest.mark.parametrize(
    ("codes", "verdict", "detail"),
    [
        (["outside-hours"], "outside-hours", "because outside-hours"),
        (["off-grid"], "outside-hours", "because off-grid"),
        (["window", "taken"], "outside-hours", "because window"),
        (["taken", "notice"], "outside-hours", "because notice"),
        (["taken", "unreachable"], "taken", "because taken"),
        (["unreachable"], "unreachable", "because unreachable"),
        (["outside-hours", "off"], "off", "because off"),
        ([], "taken", "The trainer is already taken or held at this time."),
    ],
)
def test_the_verdict_names_what_can_be_changed_least(
    codes: list[ReasonCode], verdict: str, detail: str
) -> None:
    found = judged(*codes)

    assert (verdict, detail) == (found.verdict, found.detail)


def test_a_wall_time_that_a_day_leaves_out_says_so_whatever_else_is_true() -> None:
    gone = SeriesDate(
        2,
        wall("2027-03-14T02:30"),
        datetime(2027, 3, 14, 7, 30, tzinfo=UTC),
        exists=False,
    )

    found = series.judge(gone, offered=True, reasons=[], busy=[], seconds=HOUR)

    assert "outside-hours" == found.verdict
    assert "02:30 does not exist on 2027-03-14: the clocks go forward." == found.detail


@dataclass(frozen=True)
class Named(Choice):
    """A choice that can be told from others."""

    name: str


def test_the_known_trainer_takes_the_series_else_who_is_free_most_often_else_the_first() -> None:
    known = Named(known=True, free=1, name="known")
    known_but_away = Named(known=True, free=0, name="away")
    first, second, best = (
        Named(known=False, free=free, name=name) for free, name in ((3, "a"), (3, "b"), (4, "c"))
    )

    assert known == series.choose([known_but_away, first, known, best])
    assert best == series.choose([known_but_away, first, best, second])
    assert first == series.choose([first, second])


def test_alternatives_are_the_nearest_at_which_the_client_is_free() -> None:
    half_hours = [AT + n * HOUR // 2 for n in range(-4, 5) if n]
    busy = [(AT + HOUR // 2, AT + HOUR)]

    found = series.alternatives(half_hours, A_DATE.start, busy=busy, seconds=HOUR)

    assert [-HOUR // 2, -HOUR, HOUR] == [start - AT for start in found]
