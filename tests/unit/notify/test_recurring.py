"""What comes by the calendar: at which moment, for whom, and once."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.recurring import OCCASIONS, PLANNED_AHEAD, due_now, next_look
from services.notify.domain.tips import tip_of, tips
from services.notify.domain.windows import QUIET_HOURS
from shared.options.catalogue import catalogue
from shared.zones import zone
from tests.unit.notify.builders import CLIENT, NOW, TRAINER

ZONES = ("America/Toronto", "Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("role", "tz", "now", "due"),
    [
        # An hour before six in the evening, and until the day has begun.
        ("trainer", "America/Toronto", "2026-11-23T16:59:59-05:00", []),
        ("trainer", "America/Toronto", "2026-11-23T17:00:00-05:00", ["2026-11-23T18:00:00-05:00"]),
        ("trainer", "America/Toronto", "2026-11-24T07:59:59-05:00", ["2026-11-23T18:00:00-05:00"]),
        ("trainer", "America/Toronto", "2026-11-24T08:00:00-05:00", []),
        # Sunday at five where the client is, also on a day when clocks change.
        ("client", "Europe/Paris", "2026-10-25T16:30:00+01:00", ["2026-10-25T17:00:00+01:00"]),
        ("client", "Asia/Kathmandu", "2026-11-29T10:15:00+00:00", ["2026-11-29T17:00:00+05:45"]),
        ("client", "Asia/Kathmandu", "2026-11-30T14:00:00+00:00", []),
        # A tip on Wednesday.
        ("client", "America/Toronto", "2026-11-25T16:30:00-05:00", ["2026-11-25T17:00:00-05:00"]),
        ("client", "America/Toronto", "2026-11-27T16:30:00-05:00", ["2026-11-25T17:00:00-05:00"]),
        ("client", "America/Toronto", "2026-11-27T17:00:00-05:00", []),
        ("clinician", "America/Toronto", "2026-11-25T16:30:00-05:00", []),
    ],
)
def test_what_is_planned_at_a_moment(role: str, tz: str, now: str, due: list[str]) -> None:
    found = due_now(CLIENT, role, tz, now=at(now))

    assert [at(moment) for moment in due] == [one.planned.due_at for one in found]


def test_an_agenda_is_of_the_day_after_it_and_named_by_it() -> None:
    [evening] = due_now(TRAINER, "trainer", "America/Toronto", now=at("2026-11-23T17:30:00-05:00"))
    [night] = due_now(TRAINER, "trainer", "America/Toronto", now=at("2026-11-24T03:00:00-05:00"))
    [next_day] = due_now(TRAINER, "trainer", "America/Toronto", now=at("2026-11-24T17:30:00-05:00"))

    assert {"day": "2026-11-24"} == evening.planned.detail == night.planned.detail
    assert evening.planned.subject_id == night.planned.subject_id
    assert evening.planned.subject_id != next_day.planned.subject_id


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    tz=st.sampled_from(ZONES),
    role=st.sampled_from(["client", "trainer"]),
)
def test_each_look_leads_to_the_next_and_none_is_missed(minutes: int, tz: str, role: str) -> None:
    now = NOW + timedelta(minutes=minutes)

    look = next_look(role, tz, now=now)

    assert look is not None
    assert now < look <= now + timedelta(days=8)
    fresh = due_now(CLIENT, role, tz, now=look)
    assert look + PLANNED_AHEAD in [one.planned.due_at for one in fresh]
    moments = {one.next(now + PLANNED_AHEAD, zone(tz)) for one in OCCASIONS if one.role == role}
    assert min(moments) == look + PLANNED_AHEAD
    assert not QUIET_HOURS.covers(min(moments), zone(tz))


def test_people_of_the_desk_are_never_looked_at() -> None:
    assert [None, None] == [next_look(role, "UTC", now=NOW) for role in ("lead", "clinician")]


def test_every_tip_comes_once_before_the_first_comes_again() -> None:
    weeks = [(NOW + timedelta(weeks=week)).date() for week in range(len(tips()) + 1)]

    told = [tip_of(CLIENT, day) for day in weeks]

    assert len(tips()) == len(set(told))
    assert told[0] == told[-1]
    assert tip_of(CLIENT, NOW.date()) != tip_of(UUID(int=CLIENT.int + 1), NOW.date())
    assert {"calm"} == {catalogue().by_code()[code].family for code in told}
