"""What people wish: by which channels, in which hours, how many a day, what waits for the week."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.domain.delivery import Delivery, Drop, Send, Verdict, Wait
from services.notify.domain.templates import TEMPLATES
from shared.contracts.booking import BookingFrozen, BookingUnfrozen
from shared.contracts.conclusions import MilestoneReached
from shared.contracts.contacts import ContactChanged, Preferences, QuietTime, Window
from shared.contracts.submissions import CheckInKind
from shared.postgres import Database
from tests.integration.notify.ears import (
    EVERY_WAY,
    Ears,
    Scheduled,
    a_device,
    a_grant,
    claimed,
    settle,
)
from tests.integration.notify.test_messages_golden import answered, invited, recorded
from tests.unit.notify.builders import BOOKING, CLIENT, NOW, START, a_contact, a_fact

CODES = ("steady-weeks", "green-week", "goals-better", "peg-better", "first-session", "one-goal")


@pytest.fixture
def ears(notify_db: Database) -> Ears:
    return Ears(notify_db)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def wishing(version: int, *, tz: str = "America/Toronto", **wishes: Any) -> ContactChanged:
    return a_contact(version=version, tz=tz, preferences=Preferences(**wishes))


def reached(code: str, moment: datetime = NOW) -> MilestoneReached:
    return MilestoneReached(client_id=CLIENT, code=code, kind="habit", at=moment)


async def due(ears: Ears, template: str) -> list[datetime]:
    rows = await ears.rows(
        "select due_at from deliveries where template = $1 and state = 'scheduled' order by due_at",
        template,
    )
    return [row["due_at"] for row in rows]


async def test_a_channel_that_is_allowed_later_takes_what_is_still_to_come(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact())
    ears.now = START - timedelta(hours=20)
    await ears.judged()
    before = await ears.scheduled("scheduled")
    assert {"email"} == {one.channel for one in before}

    await ears.hear(a_contact(version=2, **EVERY_WAY))
    added = set(await ears.scheduled("scheduled")) - set(before)
    assert {
        Scheduled("reminder-2h", "sms", CLIENT),
        Scheduled("reminder-2h", "push", CLIENT),
        Scheduled("check-in-before", "push", CLIENT),
    } == added

    await ears.hear(a_contact(version=3, **EVERY_WAY))
    assert len(before) + len(added) == len(await ears.scheduled("scheduled"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"grants": (a_grant("email"), a_grant("sms", granted=False))},
            "no consent to service messages by sms",
        ),
        (
            {"grants": (a_grant("email"), a_grant("sms", expires_at=START - timedelta(hours=3)))},
            "no consent to service messages by sms",
        ),
        ({"phone": None}, "no phone number"),
    ],
)
async def test_a_channel_is_judged_again_when_a_message_is_due(
    ears: Ears, change: dict[str, Any], reason: str
) -> None:
    await ears.hear(a_contact(**EVERY_WAY), a_fact())
    await ears.hear(a_contact(version=2, **(EVERY_WAY | change)))
    ears.now = START - timedelta(hours=2)

    assert {"reminder-2h": Drop("cancelled", reason)} == await ears.judged("sms")
    assert Send() == (await ears.judged("email"))["reminder-2h"]


async def test_push_goes_while_there_is_a_device_and_nobody_turned_it_off(ears: Ears) -> None:
    await ears.hear(a_contact(devices=(a_device(),)), a_fact())
    ears.now = START - timedelta(hours=2)
    assert {"reminder-2h": Send()} == await ears.judged("push", sent=False)

    await ears.hear(a_contact(version=2))
    assert {"reminder-2h": Drop("cancelled", "no device for push")} == await ears.judged("push")


async def test_reminders_move_with_a_persons_own_hours_and_back(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact())
    assert [START - timedelta(hours=24)] == await due(ears, "reminder-24h")

    # 10:00 in Toronto lies in these quiet hours, so it is told when they begin.
    await ears.hear(wishing(2, quiet=QuietTime(start="09:30", end="12:00")))
    assert [at("2026-11-25T09:30:00-05:00")] == await due(ears, "reminder-24h")

    # Mondays alone: the last window before it, and the check-in keeps its hour.
    await ears.hear(wishing(3, windows=(Window(day=0, start="12:00", end="13:00"),)))
    assert [at("2026-11-23T13:00:00-05:00")] == await due(ears, "reminder-24h")
    assert [START - timedelta(hours=1)] == await due(ears, "check-in-before")

    await ears.hear(a_contact(version=4))
    assert [START - timedelta(hours=24)] == await due(ears, "reminder-24h")


async def test_a_booking_made_later_is_planned_by_a_persons_own_hours(ears: Ears) -> None:
    await ears.hear(wishing(1, quiet=QuietTime(start="09:30", end="12:00")), a_fact())

    assert [at("2026-11-25T09:30:00-05:00")] == await due(ears, "reminder-24h")
    # 09:00 is allowed before these quiet hours, so the question before the session stays.
    assert [START - timedelta(hours=1)] == await due(ears, "check-in-before")


async def test_a_check_in_before_a_session_is_left_out_where_its_hour_is_quiet(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact(start=at("2026-11-26T08:30:00-05:00")))

    assert [] == await due(ears, "check-in-before")
    assert [at("2026-11-25T21:00:00-05:00")] == await due(ears, "reminder-2h")


async def test_what_waited_for_the_morning_goes_out_when_the_hours_change(ears: Ears) -> None:
    ears.now = at("2026-11-24T22:00:00-05:00")
    await ears.hear(a_contact(), reached("steady-weeks", ears.now))
    assert {"milestone": Wait(at("2026-11-25T08:00:00-05:00"), "hours")} == await ears.judged()
    assert {} == await ears.judged()

    await ears.hear(wishing(2, quiet=QuietTime(start="23:00", end="06:00")))

    assert {"milestone": Send()} == await ears.judged()


async def test_two_senders_together_keep_a_persons_most_of_a_day(
    ears: Ears, notify_db: Database
) -> None:
    await ears.hear(wishing(1, per_day=2), *(reached(code) for code in CODES))

    async def another() -> list[tuple[Delivery, Verdict]]:
        async with notify_db.transaction() as tx:
            found = await claimed(tx, "email", NOW)
            await settle(tx, found, NOW, sent=True)
            return found

    async with notify_db.transaction() as tx:
        mine = await claimed(tx, "email", NOW, most=3)
        meanwhile = asyncio.create_task(another())
        await _one_waits(ears)
        await settle(tx, mine, NOW, sent=True)
    theirs = await meanwhile

    verdicts = [verdict for _, verdict in (*mine, *theirs)]
    tomorrow = at("2026-11-24T08:00:00-05:00")
    assert 2 == verdicts.count(Send())
    assert 4 == verdicts.count(Wait(tomorrow, "cap"))

    async with notify_db.transaction() as tx:
        next_day = await claimed(tx, "email", tomorrow)
    assert 2 == [verdict for _, verdict in next_day].count(Send())


async def _one_waits(ears: Ears) -> None:
    """Wait until somebody waits for a cap's lock."""
    waiting = (
        "select from pg_locks where locktype = 'advisory' and not granted and database ="
        " (select oid from pg_database where datname = current_database())"
    )
    async with asyncio.timeout(20):
        while not await ears.rows(waiting):  # noqa: ASYNC110 - the condition is the database's
            await asyncio.sleep(0.01)


async def test_a_message_in_another_senders_hand_counts_for_the_cap(
    ears: Ears, notify_db: Database
) -> None:
    await ears.hear(wishing(1, per_day=1), reached("steady-weeks"), reached("green-week"))

    async with notify_db.transaction() as tx:
        [(_, first)] = await claimed(tx, "email", NOW, most=1)
    async with notify_db.transaction() as tx:
        [(_, second)] = await claimed(tx, "email", NOW, most=1)

    assert Send() == first
    assert Wait(at("2026-11-24T08:00:00-05:00"), "cap") == second


async def test_reminders_count_for_the_cap_but_are_never_held_back(ears: Ears) -> None:
    await ears.hear(wishing(1, per_day=1), a_fact())
    ears.now = START - timedelta(hours=2)
    await ears.hear(reached("steady-weeks", ears.now))

    verdicts = await ears.judged()

    assert Send() == verdicts["reminder-2h"]
    assert isinstance(verdicts["milestone"], Wait)


INVITED: dict[CheckInKind, str] = {"post": "check-in-after", "next-morning": "check-in-morning"}


@pytest.mark.parametrize("kind", INVITED)
@pytest.mark.parametrize(
    ("told", "is_asked"),
    [
        ({}, False),
        # Of no session in particular, but since it could be asked.
        ({"booking_id": None}, False),
        ({"booking_id": None, "at": NOW - timedelta(days=1)}, True),
        ({"booking_id": UUID(int=99)}, True),
        ({"kind": "daily"}, True),
    ],
)
async def test_nobody_is_asked_for_what_they_told_already(
    ears: Ears, kind: CheckInKind, told: dict[str, Any], is_asked: bool
) -> None:
    await ears.hear(a_contact(), a_fact(start=NOW - timedelta(hours=1)))
    await ears.judged()
    await ears.hear(invited(kind=kind), recorded(**({"kind": kind} | told)))

    verdict = (await ears.judged())[INVITED[kind]]

    assert (Send() if is_asked else Drop("cancelled", "answered already")) == verdict


async def test_a_session_that_was_told_of_beforehand_is_not_asked_about(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact())
    ears.now = START - timedelta(hours=1)
    await ears.hear(recorded(kind="pre", booking_id=BOOKING, at=ears.now - timedelta(minutes=5)))

    assert Drop("cancelled", "answered already") == (await ears.judged())["check-in-before"]


@pytest.mark.parametrize(("why", "is_asked"), [(["stress"], False), ([], True)])
async def test_why_it_hurt_is_asked_when_the_page_got_no_word(
    ears: Ears, why: list[str], is_asked: bool
) -> None:
    await ears.hear(a_contact(), recorded(at=NOW - timedelta(hours=20)), answered("ask-why"))
    assert {} == await ears.judged()
    ears.now = NOW + timedelta(minutes=20)
    await ears.hear(recorded(check_in_id=UUID(int=81), why=why))

    ears.now = NOW + timedelta(minutes=30)
    verdict = (await ears.judged())["why-it-hurt"]

    assert (Send() if is_asked else Drop("cancelled", "answered already")) == verdict


async def test_a_why_given_with_the_report_itself_needs_no_question(ears: Ears) -> None:
    await ears.hear(a_contact(), recorded(why=["stress"]), answered("ask-why"))
    ears.now = NOW + timedelta(minutes=30)

    assert {"why-it-hurt": Drop("cancelled", "answered already")} == await ears.judged()


async def test_a_freeze_silences_all_that_comes_before_a_session_and_its_end_brings_it_back(
    ears: Ears,
) -> None:
    before = {"reminder-24h", "reminder-2h", "check-in-before"}
    await ears.hear(a_contact(), a_fact(), a_fact(BookingFrozen, version=2))
    assert before == {one.template for one in await ears.scheduled("cancelled")}
    assert not before & {one.template for one in await ears.scheduled("scheduled")}

    await ears.hear(a_fact(BookingUnfrozen, version=3))

    assert before <= {one.template for one in await ears.scheduled("scheduled")}


async def test_who_is_forgotten_leaves_no_report_behind(ears: Ears) -> None:
    await ears.hear(a_contact(), recorded(), reached("steady-weeks"), reached("green-week"))

    await ears.forget(CLIENT)

    assert [] == await ears.rows("select from happenings")
    assert [] == await ears.rows("select from deliveries")


def test_whatever_is_capped_could_wait() -> None:
    assert {"invitation", "encouragement", "notice", "digest"} == {
        kind.nature for kind in TEMPLATES.values() if kind.capped
    }
    assert not [
        name
        for name, kind in TEMPLATES.items()
        if kind.capped and kind.message_class == "essential"
    ]
