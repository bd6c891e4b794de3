"""An entry for a client's log: written once, decided on, and what follows is published."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.progress.domain import decide
from services.progress.domain.model import BookingStatus, Client
from services.progress.domain.outcome import Outcome
from services.progress.domain.passing import next_due
from services.progress.domain.rules import Rules
from services.progress.store import clients, log
from shared import outbox
from shared.contracts import booking
from shared.contracts.event import Envelope, Event
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted, Submission
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


async def record_submission(tx: Transaction, envelope: Envelope[Submission], rules: Rules) -> None:
    """Decide on what somebody submitted; what came before changes nothing."""
    submission = envelope.data
    client = await clients.lock_client(tx, submission.client_id)
    if await log.append_submission(tx, client, submission):
        outcome = await apply(tx, client, submission, submission.submitted_at, rules)
        await outbox.add(tx, outcome.events, now=submission.submitted_at)


async def follow_booking(
    tx: Transaction, envelope: Envelope[booking.BookingFact], rules: Rules
) -> None:
    """Keep a booking's newest version and look again at what comes next."""
    fact = envelope.data
    client = await clients.lock_client(tx, fact.client_id)
    if await clients.save_booking(tx, fact, STATUS_AFTER[type(fact)]):
        await log.append_booking(tx, client, fact, envelope.time)
        outcome = await apply(tx, client, fact, envelope.time, rules)
        await outbox.add(tx, outcome.events, now=envelope.time)


async def apply(
    tx: Transaction, client: Client, entry: Event, at: datetime, rules: Rules
) -> Outcome:
    """Decide on an entry that is in the log, and store what it makes of the client.

    `at` is when the entry happened. A booking's newest state is stored already.
    """
    client = await _load(tx, client, entry, at, rules)
    if isinstance(entry, booking.BookingFact):
        outcome = decide.booking_changed(client, at, rules)
    else:
        outcome = decide.decide(client, entry, rules)
    due_at = next_due(outcome.client, rules)
    outcome = replace(outcome, client=replace(outcome.client, due_at=due_at))
    if outcome.report is not None:
        await clients.add_report(tx, client.id, outcome.report)
    if outcome.lifted:
        by = entry.submitted_by if isinstance(entry, Submission) else None
        await clients.lift_holds(tx, client.id, outcome.lifted, by, at)
    await clients.save_client(tx, outcome.client, outcome.placed)
    return outcome


async def _load(
    tx: Transaction, client: Client, entry: Event, at: datetime, rules: Rules
) -> Client:
    as_of = at if client.as_of is None else max(client.as_of, at)
    since = entry.check_in.at if isinstance(entry, CheckInSubmitted) else at
    hold: UUID | None = entry.hold_id if isinstance(entry, HoldLiftSubmitted) else None
    return replace(
        client,
        reports=await clients.load_reports(tx, client.id, rules, since),
        holds=await clients.load_holds(tx, client.id, hold),
        # After an outage also the sessions that time should have looked at since.
        bookings=await clients.load_bookings(tx, client.id, min(as_of, client.due_at or as_of)),
    )
