"""What to do with a message that is due: send it, let it wait, or drop it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notify.domain.consent import refusal
from services.notify.domain.delivery import (
    Delivery,
    Drop,
    Person,
    Send,
    Verdict,
    Wait,
    WaitsFor,
)
from services.notify.domain.recurring import next_summary
from services.notify.domain.templates import SAFETY_ESCALATION, TEMPLATES
from services.notify.domain.windows import Hours, hours_of

LATE_GRACE = timedelta(minutes=10)
"""One due at the last allowed moment is sent just after it: so much lateness is no disturbance."""

MOST_PER_DAY = 4
"""Service and marketing messages a day, person and channel; a design value. Reminders of sessions
count but are never held back."""

WAIT_SHORTEST = timedelta(milliseconds=500)
WAIT_LONGEST = timedelta(seconds=60)
WAIT_SHARE = 0.25
"""What is waited for wakes its messages itself; looking again only helps when that was missed,
so a wait is a quarter of the message's age between these bounds."""

DIGEST_GRACE = timedelta(hours=2)
"""What waits for the weekly summary is looked at again so long after it: by then it was told."""

FORESEEN_STEPS = 8
"""A message waits a few times at most (hours, cap, hours); more would be a circle."""


def judge(delivery: Delivery, *, now: datetime) -> Verdict:
    """Whether a message that is due may go out now."""
    if (untrue := _untrue(delivery, now)) is not None:
        return untrue
    if delivery.person is None:
        return _wait(delivery, "contact", now)
    if (closed := _closed(delivery, delivery.person, now)) is not None:
        return closed
    if (missing := _missing(delivery, now)) is not None:
        return _wait(delivery, missing, now)
    if delivery.message_class == "essential":
        return Send()
    return _welcome(delivery, delivery.person, now)


def judge_all(deliveries: Sequence[Delivery], *, now: datetime) -> list[tuple[Delivery, Verdict]]:
    """Each message with its verdict; one that is sent counts for the caps of those after it.

    What no cap holds back comes first, so that it counts for what can wait.
    """
    judged: list[tuple[Delivery, Verdict]] = []
    sent: dict[tuple[UUID, str], int] = {}
    for found in sorted(deliveries, key=is_capped):
        to = (found.recipient_id, found.channel)
        delivery = replace(found, sent_lately=(*found.sent_lately, *[now] * sent.get(to, 0)))
        verdict = judge(delivery, now=now)
        if isinstance(verdict, Send) and delivery.message_class != "essential":
            sent[to] = sent.get(to, 0) + 1
        judged.append((delivery, verdict))
    return judged


def is_capped(delivery: Delivery) -> bool:
    """Whether a day's cap holds it back."""
    return TEMPLATES[delivery.template].capped


@dataclass(frozen=True)
class Foreseen:
    """What will become of a message as things stand: when it goes out, else why not, or not yet."""

    at: datetime | None
    because: str | None = None


def foresee(delivery: Delivery, *, now: datetime) -> Foreseen:
    """When a message that is scheduled will go out, as far as that is known now."""
    at = max(now, delivery.due_at)
    for _ in range(FORESEEN_STEPS):
        match judge(delivery, now=at):
            case Send():
                return Foreseen(at)
            case Drop(reason=reason):
                return Foreseen(None, reason)
            case Wait(until, "hours" | "cap"):
                at = until
            case Wait(_, waits_for):
                return Foreseen(None, f"waits for {_WAITED[waits_for]}")
    return Foreseen(None, "no hours are left in which it may come")


def will_go_out_at(delivery: Delivery, now: datetime) -> datetime | None:
    """When it will go out; None when it will not, or waits for something that must come first."""
    return foresee(delivery, now=now).at


_WAITED: dict[WaitsFor, str] = {
    "contact": "how to reach the person",
    "access": "links and place of the booking",
    "earlier": "an earlier message about the same",
    "hours": "the person's hours",
    "cap": "another day",
    "digest": "the weekly summary",
}


def _untrue(delivery: Delivery, now: datetime) -> Drop | None:
    if (over := _over(delivery, now)) is not None:
        return Drop("expired", over)
    stale = _stale(delivery)
    return None if stale is None else Drop("cancelled", stale)


def _over(delivery: Delivery, now: datetime) -> str | None:
    if now >= delivery.expires_at:
        return "too late"
    template = TEMPLATES[delivery.template]
    if template.past_due == "send" or now < delivery.due_at + template.late:
        return None
    return "the next one tells it" if template.past_due == "next" else "its time has passed"


def _stale(delivery: Delivery) -> str | None:
    """Why a message is no longer true.

    An announcement tells what happened at its version, which stays true; a reminder and a code
    speak of the present.
    """
    booking, reason = delivery.booking, None
    match delivery.nature:
        case "reminder" if booking is None or booking.version != delivery.subject_version:
            reason = "the booking changed"
        case "reminder" if booking is not None and booking.status != "confirmed":
            reason = f"the booking is {booking.status}"
        case "invitation" if booking is not None and booking.status in {"cancelled", "missed"}:
            reason = f"the booking is {booking.status}"
        case "reminder" | "invitation" if delivery.answered:
            reason = "answered already"
        case "code" if delivery.person is not None:
            newest = delivery.code is not None and delivery.code.request_id == delivery.subject_id
            reason = None if newest else "a newer code was asked for"
        case "alert" if delivery.template == SAFETY_ESCALATION.name and delivery.acknowledged:
            reason = "somebody has looked at it"
    return reason


def _closed(delivery: Delivery, person: Person, now: datetime) -> Drop | None:
    """Why there is no way to the person: the address takes nothing, or they did not agree."""
    if delivery.suppressed_because is not None:
        reason = f"address suppressed: {delivery.suppressed_because}"
        # What is essential did not reach somebody who needed it: that is told as a failure.
        return Drop("bounced" if delivery.message_class == "essential" else "cancelled", reason)
    refused = refusal(person, delivery.message_class, delivery.channel, now=now)
    return None if refused is None else Drop("cancelled", refused)


def _missing(delivery: Delivery, now: datetime) -> WaitsFor | None:
    if delivery.earlier_open:
        return "earlier"
    if delivery.access is not None or delivery.booking_id is None:
        return None
    # Once a booking is over its links are gone for good.
    over = delivery.booking is not None and delivery.booking.status not in {"confirmed", "frozen"}
    patience = TEMPLATES[delivery.template].access_wait
    return None if over or now >= delivery.created_at + patience else "access"


def _welcome(delivery: Delivery, person: Person, now: datetime) -> Verdict:
    """Whether what is not essential is welcome at this moment."""
    hours = hours_of(person.tz, person.preferences)
    preferences = person.preferences
    if delivery.nature == "encouragement" and preferences is not None and preferences.digest:
        return _later(delivery, next_summary(now, hours.rules) + DIGEST_GRACE, "digest")
    # Due at the very end of the hours counts as inside them, if it is sent soon after.
    on_time = now - delivery.due_at < LATE_GRACE and hours.allow_until(delivery.due_at)
    if not on_time and not hours.allow(now):
        return _later(delivery, hours.next_allowed(now), "hours")
    if is_capped(delivery) and _is_enough(delivery, person, hours, now):
        return _later(delivery, hours.next_allowed(hours.tomorrow(now)), "cap")
    return Send()


def _is_enough(delivery: Delivery, person: Person, hours: Hours, now: datetime) -> bool:
    own = person.preferences.per_day if person.preferences is not None else None
    today = hours.day_of(now)
    sent = sum(hours.day_of(at) == today for at in delivery.sent_lately)
    return sent >= (MOST_PER_DAY if own is None else own)


_TOO_LATE: dict[WaitsFor, str] = {
    "hours": "quiet hours until it is too late",
    "cap": "as many messages as wanted until it is too late",
    "digest": "the weekly summary comes too late for it",
}


def _later(delivery: Delivery, until: datetime | None, waits_for: WaitsFor) -> Verdict:
    if until is None or until >= delivery.expires_at:
        return Drop("expired", _TOO_LATE[waits_for])
    return Wait(until, waits_for)


def _wait(delivery: Delivery, waits_for: WaitsFor, now: datetime) -> Wait:
    age = (now - delivery.created_at) * WAIT_SHARE
    return Wait(now + min(max(age, WAIT_SHORTEST), WAIT_LONGEST), waits_for)
