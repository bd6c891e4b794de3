"""Which freed start somebody is offered, for which days, and until when."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import waitlist as rules
from services.booking.domain.slots import Range
from services.booking.domain.waitlist import Entry
from shared.errors import Invalid

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEN = int(datetime(2026, 5, 6, 14, tzinfo=UTC).timestamp())
"""Ten in the morning in Toronto."""

HOUR, HALF = 3600, 1800
GRID = [TEN + n * HALF for n in range(-4, 8)]


def an_entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "client_id": UUID(int=2),
        "service": "training",
        "mode": "virtual",
        "area": None,
        "postal": None,
        "trainer_id": None,
        "tz": "America/Toronto",
        "first_day": date(2026, 5, 6),
        "last_day": date(2026, 5, 6),
        "status": "waiting",
        "created_at": NOW,
    }
    return Entry(**(values | changes))


@pytest.mark.parametrize(
    ("starts", "known", "offered"),
    [
        (GRID, [], TEN),
        ([TEN - HALF, TEN + HALF], [], TEN + HALF),
        ([TEN - 2 * HALF, TEN - HALF], [], TEN - HALF),
        (GRID, [(TEN, TEN + HALF)], TEN + HALF),
        (GRID, [(TEN, TEN + HOUR)], None),
        ([TEN - HOUR, TEN + HOUR], [], None),
        ([], [], None),
    ],
    ids=[
        "the first inside",
        "inside before across",
        "the last across",
        "what is new to them",
        "half an hour later is the same time",
        "beside it is not in it",
        "nothing is free",
    ],
)
def test_the_start_that_fills_the_freed_time_best_is_offered(
    starts: list[int], known: list[Range], offered: int | None
) -> None:
    assert offered == rules.best_start(an_entry(), starts, [(TEN, TEN + HOUR)], known)


def test_only_starts_on_the_days_that_were_asked_for_are_offered() -> None:
    late = int(datetime(2026, 5, 7, 3, 30, tzinfo=UTC).timestamp())  # 23:30 in Toronto
    freed, starts = [(late, late + 2 * HOUR)], [late, late + HALF, late + HOUR]
    next_day = an_entry(first_day=date(2026, 5, 7), last_day=date(2026, 5, 7))

    assert late == rules.best_start(an_entry(), starts, freed, [])
    assert late + HALF == rules.best_start(next_day, starts, freed, [])


ranges = st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda r: (r[0], r[0] + r[1]))


@given(left=st.lists(ranges, max_size=5), taken=ranges)
def test_what_is_left_is_what_was_there_and_is_not_taken(left: list[Range], taken: Range) -> None:
    def covered(parts: list[Range]) -> set[int]:
        return {second for lo, hi in parts for second in range(lo, hi)}

    assert covered(left) - covered([taken]) == covered(rules.without(left, taken))


@given(left=st.lists(ranges, min_size=1, max_size=5), start=st.integers(-8000, 100))
def test_the_starts_that_are_sought_are_those_that_meet_freed_time(
    left: list[Range], start: int
) -> None:
    sought = rules.starts_meeting(left, "training")

    meets = any(start < hi and lo < start + HOUR for lo, hi in left)
    assert meets == any(lo <= start < hi for lo, hi in sought)
    assert all(one[1] < other[0] for one, other in pairwise(sought))


def test_an_offer_stands_half_an_hour_but_never_past_the_start() -> None:
    soon = NOW + timedelta(minutes=20)

    assert NOW + timedelta(minutes=30) == rules.offer_ends(NOW + timedelta(hours=2), NOW)
    assert soon == rules.offer_ends(soon, NOW)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (date(2026, 5, 4), date(2026, 7, 2), None),
        (date(2026, 5, 4), date(2026, 7, 3), "to"),
        (date(2026, 5, 5), date(2026, 5, 4), "to"),
        (date(2026, 5, 3), date(2026, 5, 4), "from"),
    ],
)
def test_up_to_sixty_days_from_today_can_be_waited_for(
    first: date, last: date, field: str | None
) -> None:
    if field is None:
        rules.check_days(first, last, "America/Toronto", now=NOW)
        return
    with pytest.raises(Invalid) as refused:
        rules.check_days(first, last, "America/Toronto", now=NOW)
    assert [field] == [error.field for error in refused.value.fields]


@pytest.mark.parametrize(
    ("tz", "day_ends"),
    [
        ("Pacific/Kiritimati", datetime(2026, 5, 6, 10, tzinfo=UTC)),
        ("America/Toronto", datetime(2026, 5, 7, 4, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 5, 7, 11, tzinfo=UTC)),
    ],
)
def test_the_last_day_ends_where_the_client_is(tz: str, day_ends: datetime) -> None:
    entry = an_entry(tz=tz)

    assert [False, True] == [
        rules.is_over(entry, day_ends - timedelta(seconds=1)),
        rules.is_over(entry, day_ends),
    ]


def test_wishes_of_one_district_are_judged_together() -> None:
    kinds = {an_entry(mode="in-person", postal=code).kind for code in ("M5V 2T6", "M5V", "M5V 3K1")}

    assert {("training", "in-person", "M5V")} == kinds
