"""Use cases: lock the client, decide, record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.progress import store
from services.progress.domain import decide
from services.progress.domain.decide import Outcome
from services.progress.domain.model import BookingStatus, Client
from services.progress.domain.rules import Rules
from shared import outbox
from shared.contracts import booking
from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Envelope, Event
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted
from shared.postgres import Transaction

STATUS_AFTER: dict[type[booking.BookingFact], BookingStatus] = {
    booking.BookingConfirmed: "confirmed",
    booking.BookingRescheduled: "confirmed",
    booking.BookingUnfrozen: "confirmed",
    booking.BookingFrozen: "frozen",
    booking.BookingCancelled: "cancelled",
    booking.BookingCompleted: "completed",
    booking.BookingMissed: "missed",
}
"""What each fact leaves its booking as."""


class UnknownEntryError(Exception):
    """The log holds a type that this release cannot apply."""


async def record_check_in(
    tx: Transaction, envelope: Envelope[CheckInSubmitted], rules: Rules
) -> None:
    """Judge a check-in and say what follows; one that came before changes nothing."""
    client = await store.lock_client(tx, envelope.data.client_id)
    if await store.append_submission(tx, client, envelope.data):
        outcome = await _apply_check_in(tx, client, envelope.data, rules)
        await outbox.add(tx, outcome.events, now=envelope.data.submitted_at)


async def lift_hold(tx: Transaction, envelope: Envelope[HoldLiftSubmitted], rules: Rules) -> None:
    """End a hold, or refuse; a wish that came before changes nothing."""
    client = await store.lock_client(tx, envelope.data.client_id)
    if await store.append_submission(tx, client, envelope.data):
        outcome = await _apply_lift(tx, client, envelope.data, rules)
        await outbox.add(tx, outcome.events, now=envelope.data.submitted_at)


async def follow_booking(
    tx: Transaction, envelope: Envelope[booking.BookingFact], rules: Rules
) -> None:
    """Keep a booking's newest version and look again at what comes next."""
    fact = envelope.data
    client = await store.lock_client(tx, fact.client_id)
    if await store.save_booking(tx, fact, STATUS_AFTER[type(fact)]):
        await store.append_booking(tx, client, fact, envelope.time)
        outcome = await _apply_booking(tx, client, envelope.time, rules)
        await outbox.add(tx, outcome.events, now=envelope.time)


async def rebuild(tx: Transaction, client_id: UUID, rules: Rules) -> Sequence[Event]:
    """Make a client's state again from the log; returns the events that followed, unpublished.

    With the rules of the same version the state and the events are the same to the byte.

    Raises:
        UnknownEntryError: the log was written by a newer release.
    """
    await store.lock_client(tx, client_id)
    client = await store.forget_state(tx, client_id)
    events: list[Event] = []
    for kind, at, data in await store.read_log(tx, client_id):
        event = EVENT_TYPES[kind].model_validate(data) if kind in EVENT_TYPES else None
        match event:
            case CheckInSubmitted():
                outcome = await _apply_check_in(tx, client, event, rules)
            case HoldLiftSubmitted():
                outcome = await _apply_lift(tx, client, event, rules)
            case booking.BookingFact():
                await store.save_booking(tx, event, STATUS_AFTER[type(event)])
                outcome = await _apply_booking(tx, client, at, rules)
            case _:
                raise UnknownEntryError(f"the log of a client holds a {kind}")
        events += outcome.events
        client = replace(outcome.client, reports=(), holds=(), bookings=())
    return events


async def _apply_check_in(
    tx: Transaction, client: Client, submission: CheckInSubmitted, rules: Rules
) -> Outcome:
    client = await _load(
        tx, client, rules, since=submission.check_in.at, now=submission.submitted_at
    )
    outcome = decide.check_in(client, submission, rules)
    if outcome.report is not None:
        await store.add_report(tx, client.id, outcome.report)
    await store.save_client(tx, outcome.client, outcome.placed)
    return outcome


async def _apply_lift(
    tx: Transaction, client: Client, submission: HoldLiftSubmitted, rules: Rules
) -> Outcome:
    at = submission.submitted_at
    client = await _load(tx, client, rules, since=at, now=at, hold=submission.hold_id)
    outcome = decide.lift(client, submission, rules)
    await store.lift_hold(tx, submission)
    await store.save_client(tx, outcome.client)
    return outcome


async def _apply_booking(tx: Transaction, client: Client, at: datetime, rules: Rules) -> Outcome:
    client = await _load(tx, client, rules, since=at, now=at)
    outcome = decide.booking_changed(client, at)
    await store.save_client(tx, outcome.client)
    return outcome


async def _load(
    tx: Transaction,
    client: Client,
    rules: Rules,
    *,
    since: datetime,
    now: datetime,
    hold: UUID | None = None,
) -> Client:
    as_of = now if client.as_of is None else max(client.as_of, now)
    return replace(
        client,
        reports=await store.load_reports(tx, client.id, rules, since),
        holds=await store.load_holds(tx, client.id, hold),
        bookings=await store.load_bookings(tx, client.id, as_of),
    )
