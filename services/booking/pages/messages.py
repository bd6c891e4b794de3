"""Messages in words: which it was, by which way, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args
from zoneinfo import ZoneInfo

from services.booking.domain.messages import MessageState
from services.booking.pages.language import Tongue
from services.booking.queries.messages import MessageRow

STATES: tuple[MessageState, ...] = get_args(MessageState)

GRAVE: frozenset[MessageState] = frozenset({"failed", "unknown"})
"""States that somebody should look at."""


@dataclass(frozen=True)
class Told:
    """A message as a line: whom it is for, what it was, and when its state began."""

    recipient_id: str
    recipient: str | None
    what: str
    channel: str
    state: str
    grave: bool
    at: str


def lines(rows: Iterable[MessageRow], words: Tongue, rules: ZoneInfo) -> list[Told]:
    """Messages in the words of the page; one that waits says when it is due."""
    return [
        Told(
            recipient_id=str(row.recipient_id),
            recipient=row.recipient_name,
            what=name_of(row.template, words),
            channel=words.label("message_channels", row.channel),
            state=state_of(row.state, words),
            grave=row.state in GRAVE,
            at=words.moment(
                row.due_at if row.state == "scheduled" and row.due_at else row.at, rules
            ),
        )
        for row in rows
    ]


def state_of(state: MessageState, words: Tongue) -> str:
    """What a state is called."""
    _ = words.translations.gettext
    return {
        "scheduled": _("goes out"),
        "sent": _("sent"),
        "failed": _("did not arrive"),
        "unknown": _("may have arrived"),
        "cancelled": _("no longer needed"),
    }[state]


def name_of(template: str, words: Tongue) -> str:
    """What people call a kind of message; the code itself where it is new."""
    _ = words.translations.gettext
    return {
        "booking-confirmed": _("Confirmation of a booking"),
        "booking-rescheduled": _("New time of a booking"),
        "booking-cancelled": _("Cancellation of a booking"),
        "booking-frozen": _("Sessions wait"),
        "booking-unfrozen": _("Sessions go on"),
        "trainer-booked": _("New booking, to the trainer"),
        "trainer-moved": _("Moved booking, to the trainer"),
        "trainer-cancelled": _("Cancelled booking, to the trainer"),
        "reminder-24h": _("Reminder the day before"),
        "reminder-2h": _("Reminder two hours before"),
        "check-in-before": _("Check-in before a session"),
        "check-in-after": _("Check-in after a session"),
        "check-in-morning": _("Check-in the morning after"),
        "check-in-morning-again": _("Check-in the morning after, once more"),
        "why-it-hurt": _("What may have caused the pain"),
        "sign-in-code": _("Code to sign in"),
        "waitlist-offer": _("Offer from the waitlist"),
        "safety-alert": _("Safety alert"),
        "safety-escalation": _("Safety alert, next person"),
        "clearance-needed": _("A clinician's word is needed"),
        "clearance-request": _("Request to a clinician"),
        "care-team-invitation": _("Invitation to look on"),
        "milestone": _("Milestone"),
        "plan-ready": _("The plan is ready"),
        "tip": _("Tip"),
        "weekly-summary": _("Weekly summary"),
        "trainer-agenda": _("Agenda of the day"),
        "trainer-notice": _("Notice to the trainer"),
    }.get(template, template)
