"""The calendar's messages on a real database: planned in time, told once, and only with news."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.domain.delivery import Drop, Send, Wait
from services.notify.store import claims, digests
from shared.contracts.booking import BookingCompleted
from shared.contracts.conclusions import MilestoneReached
from shared.contracts.contacts import Preferences
from shared.postgres import Database
from tests.integration.notify.ears import Ears, Scheduled
from tests.integration.notify.test_messages_golden import recorded
from tests.unit.notify.builders import (
    CLIENT,
    START,
    TRAINER,
    a_booking_access,
    a_contact,
    a_fact,
)

OTHER, OTHER_BOOKING = UUID(int=50), UUID(int=51)
SUNDAY = datetime.fromisoformat("2026-11-29T17:00:00-05:00")
EVENING = datetime.fromisoformat("2026-11-25T18:00:00-05:00")
"""Before the day of START."""

TRAINER_CONTACT = a_contact(TRAINER, role="trainer", bookings=(), name="Maya Trainer")


@pytest.fixture
def ears(notify_db: Database) -> Ears:
    return Ears(notify_db)


def reached(code: str, at: datetime) -> MilestoneReached:
    return MilestoneReached(client_id=CLIENT, code=code, kind="habit", at=at)


async def plan(ears: Ears, now: datetime) -> set[str]:
    """What the calendar plans at a moment."""
    ears.now = now
    before = set(await ears.scheduled())
    while await ears.calendar.plan_due():
        pass
    return {one.template for one in set(await ears.scheduled()) - before}


async def gathered(ears: Ears, template: str) -> Any:
    """What a digest would tell now, after it was claimed like any message."""
    async with ears.db.transaction() as tx:
        found = await claims.claim(tx, "email", limit=50, now=ears.now)
        [digest] = [delivery for delivery in found if delivery.template == template]
        told = await digests.gather(tx, digest, ears.now)
        await tx.execute(
            "update deliveries set state = 'retrying', lease = null, leased_until = null"
            " where state = 'sending'"
        )
    return told


async def test_a_trainer_gets_the_agenda_the_evening_before_with_what_came_until_then(
    ears: Ears,
) -> None:
    # START is Thursday, 10:00; another client's session comes into being after it was planned.
    contact = a_contact()
    await ears.hear(contact, TRAINER_CONTACT, a_fact())
    assert set() == await plan(ears, EVENING - timedelta(minutes=61))
    assert {"trainer-agenda"} == await plan(ears, EVENING - timedelta(minutes=60))
    other = a_contact(
        OTHER,
        name="Bo Other",
        bookings=(
            a_booking_access(OTHER_BOOKING, address=None, join_url="https://meet.example/1"),
        ),
    )
    start = START + timedelta(hours=3)
    await ears.hear(
        other,
        a_fact(booking_id=OTHER_BOOKING, client_id=OTHER, start=start, mode="virtual"),
        a_fact(booking_id=UUID(int=52), start=START + timedelta(days=1)),
    )

    ears.now = EVENING
    told = await gathered(ears, "trainer-agenda")

    assert "2026-11-26" == told["day"]
    assert [
        ("2026-11-26T15:00:00Z", "in-person", "Ada Sample", "5 Main Street, Toronto", None),
        ("2026-11-26T18:00:00Z", "virtual", "Bo Other", None, "https://meet.example/1"),
    ] == [
        tuple(one[name] for name in ("start", "mode", "client_name", "address", "join_url"))
        for one in told["sessions"]
    ]


async def test_an_agenda_of_a_day_without_sessions_is_not_told(ears: Ears) -> None:
    await ears.hear(a_contact(), TRAINER_CONTACT, a_fact(start=START + timedelta(days=1)))
    assert {"trainer-agenda"} == await plan(ears, EVENING)

    assert await gathered(ears, "trainer-agenda") is None


async def test_a_trainer_without_coming_sessions_is_left_alone(ears: Ears) -> None:
    await ears.hear(TRAINER_CONTACT)

    assert set() == await plan(ears, EVENING)


async def test_replicas_that_plan_at_once_and_again_plan_each_message_once(
    ears: Ears, notify_db: Database
) -> None:
    trainers = [
        a_contact(UUID(int=100 + n), role="trainer", bookings=(), tz="Europe/Paris")
        for n in range(30)
    ]
    for n, trainer in enumerate(trainers):
        await ears.hear(trainer, a_fact(booking_id=UUID(int=200 + n), trainer_id=trainer.person_id))
    replicas = [Ears(notify_db, now=EVENING) for _ in range(3)]

    await asyncio.gather(*(replica.calendar.plan_due() for replica in replicas))
    await ears.rows("update contacts set plan_at = '-infinity'")
    await asyncio.gather(*(replica.calendar.plan_due() for replica in replicas))

    agendas = [one for one in await ears.scheduled() if one.template == "trainer-agenda"]
    assert 30 == len(agendas) == len({one.recipient for one in agendas})
    assert 0 == await replicas[0].calendar.plan_due()


@pytest.mark.parametrize(
    ("late", "planned"),
    [(timedelta(hours=13, minutes=59), {"trainer-agenda"}), (timedelta(hours=14), set())],
)
async def test_after_an_outage_an_agenda_comes_while_it_is_of_use(
    ears: Ears, late: timedelta, planned: set[str]
) -> None:
    await ears.hear(a_contact(), TRAINER_CONTACT, a_fact(), a_fact(booking_id=OTHER_BOOKING))

    assert planned == await plan(ears, EVENING + late)


async def test_a_week_is_summed_up_on_sunday_at_five(ears: Ears) -> None:
    done = SUNDAY - timedelta(days=3)
    await ears.hear(
        a_contact(bookings=(a_booking_access(), a_booking_access(OTHER_BOOKING))),
        a_fact(BookingCompleted, version=2, start=done),
        a_fact(booking_id=OTHER_BOOKING, start=SUNDAY + timedelta(days=2), service="training"),
        recorded(at=done),
        recorded(check_in_id=UUID(int=81), at=SUNDAY - timedelta(days=8)),
        reached("steady-weeks", done),
    )

    assert {"weekly-summary"} == await plan(ears, SUNDAY - timedelta(hours=1))
    ears.now = SUNDAY
    told = await gathered(ears, "weekly-summary")

    assert (1, 1) == (told["sessions_done"], told["check_ins"])
    assert [{"code": "steady-weeks", "kind": "habit"}] == told["milestones"]
    assert [] == told["waiting"]
    assert ("training", "Maya Trainer", SUNDAY + timedelta(days=2)) == (
        told["next"]["service"],
        told["next"]["with_name"],
        datetime.fromisoformat(told["next"]["start"]),
    )


async def test_who_has_nothing_to_be_told_gets_no_summary(ears: Ears) -> None:
    await ears.hear(a_contact())

    assert set() == await plan(ears, SUNDAY)


async def test_a_tip_comes_weekly_to_who_is_in_training(ears: Ears) -> None:
    wednesday = datetime.fromisoformat("2026-11-25T17:00:00-05:00")
    await ears.hear(a_contact(), a_fact(start=wednesday - timedelta(days=20)))
    await ears.hear(a_contact(OTHER), a_fact(booking_id=OTHER_BOOKING, client_id=OTHER))

    told = []
    for weeks in range(3):
        await plan(ears, wednesday + timedelta(weeks=weeks))
        told.append(
            await ears.rows(
                "select recipient_id, detail ->> 'option' as option from deliveries"
                " where template = 'tip' and due_at = $1",
                wednesday + timedelta(weeks=weeks),
            )
        )

    # The second client trains on Thursday for the first time.
    assert [[CLIENT], [CLIENT, OTHER], [OTHER]] == [
        sorted(row["recipient_id"] for row in week) for week in told
    ]
    assert told[0][0]["option"] != next(
        row["option"] for row in told[1] if row["recipient_id"] == CLIENT
    )


async def test_encouragement_waits_for_the_summary_of_who_wants_it_so_and_is_told_once(
    ears: Ears,
) -> None:
    digest = a_contact(preferences=Preferences(digest=True))
    ears.now = SUNDAY - timedelta(days=4)
    await ears.hear(digest, reached("steady-weeks", ears.now), reached("green-week", ears.now))
    verdicts = await ears.judged()
    assert [Wait(SUNDAY + timedelta(hours=2), "digest")] == list(verdicts.values())

    await plan(ears, SUNDAY)
    told = await gathered(ears, "weekly-summary")
    assert {"steady-weeks", "green-week"} == {one["code"] for one in told["milestones"]}
    assert [
        Scheduled("milestone", "email", CLIENT, "cancelled"),
        Scheduled("milestone", "email", CLIENT, "cancelled"),
    ] == await ears.scheduled("cancelled")
    reasons = await ears.rows("select distinct reason from deliveries where state = 'cancelled'")
    assert ["told in the weekly summary"] == [row["reason"] for row in reasons]
    facts = await ears.rows("select type from outbox where type = 'message.cancelled.v1'")
    assert 2 == len(facts)

    # A server that says "later" makes it a second try, which tells the same.
    assert told == await gathered(ears, "weekly-summary")


async def test_a_tip_that_waited_is_told_in_the_summary(ears: Ears) -> None:
    wednesday = datetime.fromisoformat("2026-11-25T17:00:00-05:00")
    digest = a_contact(preferences=Preferences(digest=True))
    await ears.hear(digest, a_fact(start=wednesday - timedelta(days=20)))
    await plan(ears, wednesday)
    ears.now = wednesday
    assert isinstance((await ears.judged())["tip"], Wait)

    await plan(ears, SUNDAY)
    [waiting] = (await gathered(ears, "weekly-summary"))["waiting"]

    assert "tip" == waiting["template"]
    assert waiting["detail"]["option"]


async def test_what_waited_goes_out_by_itself_when_the_digest_is_given_up(ears: Ears) -> None:
    ears.now = SUNDAY - timedelta(days=4)
    await ears.hear(
        a_contact(preferences=Preferences(digest=True)), reached("steady-weeks", ears.now)
    )
    await ears.judged()

    await ears.hear(a_contact(version=2))

    assert {"milestone": Send()} == await ears.judged()


async def test_a_late_summary_is_left_to_the_next(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact(BookingCompleted, version=2))
    await plan(ears, SUNDAY)
    ears.now = SUNDAY + timedelta(hours=26)

    assert {"weekly-summary": Drop("expired", "the next one tells it")} == {
        name: verdict for name, verdict in (await ears.judged()).items() if "summary" in name
    }


async def test_who_moves_to_another_zone_is_planned_by_it(ears: Ears) -> None:
    await ears.hear(a_contact(), a_fact(BookingCompleted, version=2))
    await ears.hear(a_contact(version=2, tz="Europe/Paris"))

    assert {"weekly-summary"} == await plan(ears, SUNDAY - timedelta(hours=7))
    [row] = await ears.rows("select due_at from deliveries where template = 'weekly-summary'")
    assert SUNDAY - timedelta(hours=6) == row["due_at"]
