"""The messages Limber sends: what each is for, whom it waits for, and when it is too late."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

MessageClass = Literal["essential", "service", "marketing"]
Nature = Literal["announcement", "reminder", "code", "alert", "offer"]
Channel = Literal["email", "sms", "push", "webhook"]

CLIENT_ACCESS_WAIT = timedelta(minutes=2)
"""How long a client's mail waits for its manage link; then it goes out without, to be in time."""

TRAINER_ACCESS_WAIT = timedelta(seconds=5)
"""A trainer's mail is useful without the client's name, so it waits only a moment for it."""

ANNOUNCED_FOR = timedelta(hours=72)
"""News older than this is no news: also what keeps a replay of old topics from mailing anybody."""

ALERTED_FOR = timedelta(hours=24)
"""After a day the trainer has seen the client or the desk; a late alert would mislead."""


@dataclass(frozen=True)
class Template:
    """One kind of message.

    `access_wait`: how long it waits for links, place and names of the booking after it was made.
    """

    name: str
    message_class: MessageClass
    nature: Nature
    access_wait: timedelta = timedelta(0)


@dataclass(frozen=True)
class Reminder:
    """A reminder `before` the start, still of use until `useless` before the start."""

    template: Template
    before: timedelta
    useless: timedelta


def _announcement(name: str, access_wait: timedelta) -> Template:
    return Template(name, "essential", "announcement", access_wait)


BOOKING_CONFIRMED = _announcement("booking-confirmed", CLIENT_ACCESS_WAIT)
BOOKING_RESCHEDULED = _announcement("booking-rescheduled", CLIENT_ACCESS_WAIT)
BOOKING_CANCELLED = _announcement("booking-cancelled", timedelta(0))
TRAINER_BOOKED = _announcement("trainer-booked", TRAINER_ACCESS_WAIT)
TRAINER_MOVED = _announcement("trainer-moved", TRAINER_ACCESS_WAIT)
TRAINER_CANCELLED = _announcement("trainer-cancelled", timedelta(0))
REMINDER_24H = Template("reminder-24h", "service", "reminder", CLIENT_ACCESS_WAIT)
REMINDER_2H = Template("reminder-2h", "service", "reminder", CLIENT_ACCESS_WAIT)
SIGN_IN_CODE = Template("sign-in-code", "essential", "code")
SAFETY_ALERT = Template("safety-alert", "essential", "alert")
WAITLIST_OFFER = Template("waitlist-offer", "essential", "offer")

TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        BOOKING_CONFIRMED,
        BOOKING_RESCHEDULED,
        BOOKING_CANCELLED,
        TRAINER_BOOKED,
        TRAINER_MOVED,
        TRAINER_CANCELLED,
        REMINDER_24H,
        REMINDER_2H,
        SIGN_IN_CODE,
        SAFETY_ALERT,
        WAITLIST_OFFER,
    )
}

DEFAULT_REMINDERS = (
    # The first stops where the second takes over; the second while there is time to get ready.
    Reminder(REMINDER_24H, before=timedelta(hours=24), useless=timedelta(hours=3)),
    Reminder(REMINDER_2H, before=timedelta(hours=2), useless=timedelta(minutes=15)),
)

REMINDERS: dict[str, tuple[Reminder, ...]] = {
    "first-workout": DEFAULT_REMINDERS,
    "assessment": DEFAULT_REMINDERS,
    "training": DEFAULT_REMINDERS,
}
"""Reminders per service; one that is not listed here has the default ones."""
