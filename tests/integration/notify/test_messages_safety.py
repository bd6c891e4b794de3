"""Safety alerts: at once, further up while nobody looks, and no further once somebody did."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.notify.domain.delivery import Drop, Send
from shared.contracts.booking import SafetyAcknowledged
from shared.contracts.progress import SafetyHoldLifted
from shared.postgres import Database
from tests.integration.notify.ears import Ears, Scheduled
from tests.integration.notify.test_messages_golden import LEAD, PEOPLE, STAFF, hold, level
from tests.unit.notify.builders import CLIENT, NOW, TRAINER, a_contact

LATER_LEAD = UUID(int=66)
EMERGENCY = level("emergency", rules=["R1"])


@pytest.fixture
def ears(notify_db: Database) -> Ears:
    return Ears(notify_db)


def looked(after: timedelta) -> SafetyAcknowledged:
    return SafetyAcknowledged(client_id=CLIENT, acknowledged_by=TRAINER, at=NOW + after)


async def told_since(ears: Ears, minutes: float) -> set[UUID]:
    """Who is told at that many minutes after the alert, in the middle of the night."""
    ears.now = NOW + timedelta(minutes=minutes)
    rows = await ears.rows(
        "select id, recipient_id from deliveries where state = 'scheduled' and next_at <= $1",
        ears.now,
    )
    verdicts = await ears.judged()
    assert {Send()} >= set(verdicts.values())
    return {row["recipient_id"] for row in rows}


@pytest.mark.parametrize(
    ("alert", "first", "second"), [(level("stop"), 15, 45), (EMERGENCY, 5, 15)]
)
async def test_an_alert_goes_further_up_while_nobody_looks(
    ears: Ears, alert: object, first: int, second: int
) -> None:
    await ears.hear(*PEOPLE, alert)  # type: ignore[arg-type]
    at_once = {TRAINER} if alert is not EMERGENCY else {TRAINER, LEAD}

    assert at_once == await told_since(ears, 0)
    assert set() == await told_since(ears, first - 0.1)
    assert {LEAD} == await told_since(ears, first)
    assert set() == await told_since(ears, second - 0.1)
    assert {LEAD, STAFF} == await told_since(ears, second)
    assert set() == await told_since(ears, 24 * 60)


@pytest.mark.parametrize(
    "word",
    [
        looked(timedelta(minutes=3)),
        SafetyHoldLifted(
            client_id=CLIENT,
            hold_id=UUID(int=70),
            lifted_by=TRAINER,
            at=NOW + timedelta(minutes=3),
        ),
    ],
)
async def test_a_word_from_anybody_calls_off_the_steps_that_were_not_taken(
    ears: Ears, word: SafetyAcknowledged | SafetyHoldLifted
) -> None:
    await ears.hear(*PEOPLE, EMERGENCY, hold(rule="R1", level="emergency"))
    await told_since(ears, 0)

    ears.now += timedelta(minutes=3)
    await ears.hear(word)

    states = {(one.template, one.state) for one in await ears.scheduled()}
    assert {("safety-alert", "sent"), ("safety-escalation", "cancelled")} == states
    reasons = await ears.rows("select distinct reason from deliveries where state = 'cancelled'")
    assert ["somebody has looked at it"] == [row["reason"] for row in reasons]


async def test_a_step_already_claimed_is_not_taken_once_somebody_looked(ears: Ears) -> None:
    await ears.hear(*PEOPLE, level("stop"))
    await ears.judged()
    ears.now = NOW + timedelta(minutes=15)
    await ears.rows(
        "update safety_alerts set acknowledged_at = $1, acknowledged_by = $2", ears.now, TRAINER
    )

    verdicts = await ears.judged()

    assert {"safety-escalation": Drop("cancelled", "somebody has looked at it")} == verdicts


async def test_a_word_that_arrives_before_the_alert_it_answers_counts(ears: Ears) -> None:
    await ears.hear(*PEOPLE, looked(timedelta(seconds=30)), level("stop"))

    assert [Scheduled("safety-alert", "email", TRAINER)] == await ears.scheduled()


async def test_an_older_word_does_not_answer_a_newer_alert(ears: Ears) -> None:
    await ears.hear(*PEOPLE, looked(-timedelta(seconds=30)), level("stop"))

    assert {"safety-alert", "safety-escalation"} == {one.template for one in await ears.scheduled()}


async def test_who_comes_on_call_later_hears_of_what_nobody_looked_at(ears: Ears) -> None:
    await ears.hear(EMERGENCY)
    ears.now = NOW + timedelta(minutes=7)

    await ears.hear(a_contact(LATER_LEAD, role="lead", bookings=()))
    told = [one for one in await ears.scheduled() if one.recipient == LATER_LEAD]
    assert ["safety-alert", "safety-escalation", "safety-escalation"] == [
        one.template for one in told
    ]
    # The first step's time has passed: it is taken now.
    due = await ears.rows(
        "select due_at from deliveries where recipient_id = $1 order by due_at", LATER_LEAD
    )
    assert [ears.now, ears.now, NOW + timedelta(minutes=15)] == [row["due_at"] for row in due]


async def test_an_alert_that_is_heard_late_begins_its_ladder_then(ears: Ears) -> None:
    ears.now = NOW + timedelta(hours=3)
    await ears.hear(*PEOPLE, level("stop"))

    assert {TRAINER} == await told_since(ears, 3 * 60)
    assert set() == await told_since(ears, 3 * 60 + 14)
    assert {LEAD} == await told_since(ears, 3 * 60 + 15)


async def test_who_comes_on_call_after_both_steps_is_called_once(ears: Ears) -> None:
    await ears.hear(level("stop"))
    ears.now = NOW + timedelta(hours=2)

    await ears.hear(a_contact(LATER_LEAD, role="lead", bookings=()))

    called = [one for one in await ears.scheduled() if one.recipient == LATER_LEAD]
    assert [Scheduled("safety-escalation", "email", LATER_LEAD)] == called


async def test_who_becomes_a_lead_hears_of_it_too_and_a_lead_not_again(ears: Ears) -> None:
    await ears.hear(EMERGENCY, a_contact(STAFF, role="staff", bookings=()))
    await ears.hear(a_contact(STAFF, role="lead", bookings=(), version=2))
    once = await ears.scheduled()
    await ears.hear(a_contact(STAFF, role="lead", bookings=(), version=3))

    assert 3 == sum(one.recipient == STAFF for one in once)
    assert once == await ears.scheduled()


async def test_nobody_is_called_for_what_somebody_looked_at_before(ears: Ears) -> None:
    await ears.hear(EMERGENCY, looked(timedelta(minutes=1)))
    before = await ears.scheduled()

    await ears.hear(a_contact(LATER_LEAD, role="lead", bookings=()))

    assert before == await ears.scheduled()


async def test_the_hold_tells_the_lead_where_the_level_came_first(ears: Ears) -> None:
    await ears.hear(*PEOPLE, level("stop"))
    assert LEAD not in {
        one.recipient for one in await ears.scheduled() if one.template == "safety-alert"
    }

    await ears.hear(hold(level="stop"))

    assert {TRAINER, LEAD} == {
        one.recipient for one in await ears.scheduled() if one.template == "safety-alert"
    }
    assert 3 == sum(one.template == "safety-escalation" for one in await ears.scheduled())
