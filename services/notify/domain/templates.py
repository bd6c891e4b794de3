"""The messages Limber sends: what each is for, by which channels, and when it is too late."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

MessageClass = Literal["essential", "service", "marketing"]
Nature = Literal[
    "announcement",
    "reminder",
    "code",
    "alert",
    "offer",
    "invitation",
    "encouragement",
    "digest",
    "notice",
]
"""announcement: tells what happened at a version, in order. reminder: lapses with its version.
code: the newest counts. alert, offer: at once. invitation: lapses when it was answered.
encouragement: may wait for the weekly summary. digest: sums up what is read when it is sent.
notice: tells a trainer that a client needs a look."""

Channel = Literal["email", "sms", "push", "webhook"]
PastDue = Literal["send", "skip", "next"]

CLIENT_ACCESS_WAIT = timedelta(minutes=2)
"""How long a client's mail waits for its manage link; then it goes out without, to be in time."""

TRAINER_ACCESS_WAIT = timedelta(seconds=5)
"""A trainer's mail is useful without the client's name, so it waits only a moment for it."""

ANNOUNCED_FOR = timedelta(hours=72)
"""News older than this is no news: also what keeps a replay of old topics from mailing anybody."""

ALERTED_FOR = timedelta(hours=24)
"""After a day the trainer has seen the client or the desk; a late alert would mislead."""

ENCOURAGED_FOR = timedelta(days=8)
"""A word of encouragement keeps until the next weekly summary, and a day for a late one."""

AGENDA_OF_USE = timedelta(hours=14)
"""The agenda of the evening before: by 08:00 the day has begun and the desk shows it better."""

SUMMARY_OF_USE = timedelta(hours=26)
"""Sunday's summary may come on Monday after an outage; after that the next one tells it."""

TIP_OF_USE = timedelta(days=2)
"""A tip is planned so late after an outage; after that next week's is near enough."""


@dataclass(frozen=True)
class Template:
    """One kind of message.

    `access_wait`: how long it waits for links, place and names of the booking after it was made.
    `past_due`: what becomes of one that could not go out in time: `send` it while it is of use,
    `skip` it from `late` on, or leave it to the `next` one from `late` on. `capped`: it counts
    towards the most messages of a day and is held back by it; all service messages count.
    """

    name: str
    message_class: MessageClass
    nature: Nature
    access_wait: timedelta = timedelta(0)
    channels: tuple[Channel, ...] = ("email",)
    past_due: PastDue = "send"
    late: timedelta = timedelta(0)
    capped: bool = False


@dataclass(frozen=True)
class Reminder:
    """A reminder `before` the start, still of use until `useless` before the start.

    One that falls in hours when nothing is sent is `moved` to the end of the hours before them, or
    left out.
    """

    template: Template
    before: timedelta
    useless: timedelta
    moved: bool = True


def _announcement(name: str, access_wait: timedelta = timedelta(0)) -> Template:
    return Template(name, "essential", "announcement", access_wait)


def _invitation(name: str) -> Template:
    return Template(name, "service", "invitation", channels=("email", "push"), capped=True)


ALL: tuple[Channel, ...] = ("email", "sms", "push")

BOOKING_CONFIRMED = _announcement("booking-confirmed", CLIENT_ACCESS_WAIT)
BOOKING_RESCHEDULED = _announcement("booking-rescheduled", CLIENT_ACCESS_WAIT)
BOOKING_CANCELLED = _announcement("booking-cancelled")
BOOKING_FROZEN = _announcement("booking-frozen")
BOOKING_UNFROZEN = _announcement("booking-unfrozen", CLIENT_ACCESS_WAIT)
TRAINER_BOOKED = _announcement("trainer-booked", TRAINER_ACCESS_WAIT)
TRAINER_MOVED = _announcement("trainer-moved", TRAINER_ACCESS_WAIT)
TRAINER_CANCELLED = _announcement("trainer-cancelled")
REMINDER_24H = Template("reminder-24h", "service", "reminder", CLIENT_ACCESS_WAIT)
REMINDER_2H = Template("reminder-2h", "service", "reminder", CLIENT_ACCESS_WAIT, ALL)
CHECK_IN_BEFORE = Template("check-in-before", "service", "reminder", channels=("email", "push"))
CHECK_IN_AFTER = _invitation("check-in-after")
CHECK_IN_MORNING = _invitation("check-in-morning")
CHECK_IN_MORNING_AGAIN = _invitation("check-in-morning-again")
WHY_IT_HURT = _invitation("why-it-hurt")
SIGN_IN_CODE = Template("sign-in-code", "essential", "code")
WAITLIST_OFFER = Template("waitlist-offer", "essential", "offer", channels=ALL)
SAFETY_ALERT = Template("safety-alert", "essential", "alert", channels=ALL)
SAFETY_ESCALATION = Template("safety-escalation", "essential", "alert", channels=ALL)
CLEARANCE_NEEDED = _announcement("clearance-needed")
CLEARANCE_REQUEST = _announcement("clearance-request")
CARE_TEAM_INVITATION = _announcement("care-team-invitation")
MILESTONE = Template(
    "milestone", "service", "encouragement", channels=("email", "push"), capped=True
)
PLAN_READY = Template("plan-ready", "service", "encouragement", capped=True)
TIP = Template("tip", "service", "encouragement", capped=True)
WEEKLY_SUMMARY = Template(
    "weekly-summary", "service", "digest", past_due="next", late=SUMMARY_OF_USE, capped=True
)
# Work depends on it, so that a day full of notices does not keep it back.
TRAINER_AGENDA = Template(
    "trainer-agenda", "service", "digest", past_due="skip", late=AGENDA_OF_USE
)
TRAINER_NOTICE = Template("trainer-notice", "service", "notice", capped=True)

TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        *(BOOKING_CONFIRMED, BOOKING_RESCHEDULED, BOOKING_CANCELLED),
        *(BOOKING_FROZEN, BOOKING_UNFROZEN),
        *(TRAINER_BOOKED, TRAINER_MOVED, TRAINER_CANCELLED),
        *(REMINDER_24H, REMINDER_2H, CHECK_IN_BEFORE),
        *(CHECK_IN_AFTER, CHECK_IN_MORNING, CHECK_IN_MORNING_AGAIN, WHY_IT_HURT),
        *(SIGN_IN_CODE, WAITLIST_OFFER),
        *(SAFETY_ALERT, SAFETY_ESCALATION),
        *(CLEARANCE_NEEDED, CLEARANCE_REQUEST, CARE_TEAM_INVITATION),
        *(MILESTONE, PLAN_READY, TIP, WEEKLY_SUMMARY),
        *(TRAINER_AGENDA, TRAINER_NOTICE),
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
