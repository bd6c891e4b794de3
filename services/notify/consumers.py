"""Which events notify listens to."""

from collections.abc import Callable

from services.notify.handlers import (
    bookings,
    care,
    check_ins,
    contacts,
    encouragement,
    safety,
)
from services.notify.handlers.telling import Decide, telling
from shared.clock import Clock
from shared.consumer import Handlers
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
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
from shared.contracts.event import Event
from shared.contracts.progress import (
    CheckInRecorded,
    RuleFired,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
)
from shared.contracts.waitlist import WaitlistOffered
from shared.postgres import Transaction
from shared.records import Tombstone


def listen(clock: Clock, scheduled: Callable[[], None]) -> Handlers:
    """The handler of each event, and of a person's tombstone.

    `scheduled` is called when a message may be due; the transaction is still open then.
    """
    decisions: dict[type[Event], Decide] = {
        ContactChanged: contacts.contact_changed,
        BookingConfirmed: bookings.booking_changed,
        BookingRescheduled: bookings.booking_changed,
        BookingCancelled: bookings.booking_changed,
        BookingFrozen: bookings.booking_changed,
        BookingUnfrozen: bookings.booking_changed,
        BookingCompleted: bookings.booking_changed,
        BookingMissed: bookings.booking_changed,
        WaitlistOffered: bookings.time_offered,
        SafetyLevelChanged: safety.alarm_raised,
        SafetyHoldPlaced: safety.alarm_raised,
        SafetyAcknowledged: safety.acknowledged,
        SafetyHoldLifted: safety.hold_lifted,
        RuleFired: safety.rule_fired,
        FlareSuspected: safety.trainers_should_look,
        CheckInMissed: safety.trainers_should_look,
        SupportSuggested: safety.support_suggested,
        CheckInInvited: check_ins.invited,
        CheckInRecorded: check_ins.recorded,
        SubmissionAnswered: check_ins.answered,
        MilestoneReached: encouragement.milestone_reached,
        PlanActivated: encouragement.plan_activated,
        ClearanceRequested: care.clearance_requested,
        ClearanceDecided: care.clearance_decided,
    }

    async def forgotten(tx: Transaction, tombstone: Tombstone) -> None:
        await contacts.forgotten(tx, tombstone, clock())

    return Handlers(
        events={event: telling(decide, clock, scheduled) for event, decide in decisions.items()},
        tombstones={ContactChanged.topic: forgotten},
    )
