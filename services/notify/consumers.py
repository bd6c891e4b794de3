"""Which events notify listens to."""

from collections.abc import Callable
from operator import attrgetter
from uuid import UUID

from services.notify.handlers import (
    bookings,
    care,
    check_ins,
    contacts,
    encouragement,
    safety,
)
from services.notify.handlers.telling import Decision, Telling, adding, looking
from shared.clock import Clock
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
    ClientErased,
    SafetyAcknowledged,
)
from shared.contracts.conclusions import (
    CheckInInvited,
    CheckInMissed,
    ClearanceDecided,
    ClearanceRequested,
    FlareSuspected,
    MilestoneReached,
    PlanActivated,
    SupportSuggested,
)
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope, Event
from shared.contracts.progress import (
    CheckInRecorded,
    RuleFired,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
)
from shared.contracts.waitlist import WaitlistOffered
from shared.handling import Handlers, Together
from shared.postgres import Transaction
from shared.records import Tombstone


def listen(clock: Clock, scheduled: Callable[[], None]) -> Handlers:
    """How events are heard, those of a batch together, and a person's tombstone.

    `scheduled` is called when a message may be due; the transaction is still open then.
    """
    changed = Decision(bookings.bookings_changed, concerns=attrgetter("booking_id"))
    decisions: dict[type[Event], Decision] = {
        ContactChanged: Decision(contacts.contacts_changed, concerns=attrgetter("person_id")),
        BookingConfirmed: changed,
        BookingRescheduled: changed,
        BookingCancelled: changed,
        BookingFrozen: changed,
        BookingUnfrozen: changed,
        BookingCompleted: changed,
        BookingMissed: changed,
        WaitlistOffered: adding(bookings.time_offered),
        SafetyLevelChanged: adding(safety.alarm_raised),
        SafetyHoldPlaced: adding(safety.alarm_raised),
        SafetyAcknowledged: looking(safety.acknowledged),
        SafetyHoldLifted: looking(safety.hold_lifted),
        RuleFired: adding(safety.rule_fired),
        FlareSuspected: adding(safety.trainers_should_look),
        CheckInMissed: adding(safety.trainers_should_look),
        SupportSuggested: adding(safety.support_suggested),
        CheckInInvited: adding(check_ins.invited),
        CheckInRecorded: adding(check_ins.recorded),
        SubmissionAnswered: adding(check_ins.answered),
        MilestoneReached: adding(encouragement.milestone_reached),
        PlanActivated: adding(encouragement.plan_activated),
        ClearanceRequested: adding(care.clearance_requested),
        ClearanceDecided: adding(care.clearance_decided),
    }

    async def forgotten(tx: Transaction, tombstone: Tombstone) -> None:
        await contacts.forget(tx, UUID(tombstone.key), clock())

    async def erased(tx: Transaction, event: Envelope[ClientErased]) -> None:
        await contacts.forget(tx, event.data.client_id, clock())

    return Handlers(
        events={ClientErased: erased},
        tombstones={ContactChanged.topic: forgotten},
        together=Together(frozenset(decisions), Telling(decisions, clock, scheduled).hear),
    )
