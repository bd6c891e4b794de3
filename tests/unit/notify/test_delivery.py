"""What is done with a message at the moment it is due."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.domain.consent import reach, refusal
from services.notify.domain.delivery import BookingNow, Code, Delivery, Drop, Send, Verdict, Wait
from services.notify.domain.judging import Foreseen, foresee, judge, judge_all, will_go_out_at
from services.notify.domain.templates import TEMPLATES
from shared.contracts.contacts import Grant, Preferences, PushDevice, QuietTime, Window
from tests.unit.notify.builders import BOOKING, NOW, START, a_delivery, a_person


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("delivery", "verdict"),
    [
        (a_delivery(), Send()),
        (a_delivery(expires_at=NOW), Drop("expired", "too late")),
        (a_delivery("reminder-2h"), Send()),
        (
            a_delivery("reminder-2h", booking=BookingNow(2, "confirmed")),
            Drop("cancelled", "the booking changed"),
        ),
        (a_delivery("reminder-2h", booking=None), Drop("cancelled", "the booking changed")),
        (
            a_delivery("reminder-2h", booking=BookingNow(1, "frozen")),
            Drop("cancelled", "the booking is frozen"),
        ),
        (
            a_delivery("reminder-2h", person=a_person(reminders=False)),
            Drop("cancelled", "no consent to service messages by email"),
        ),
        # What is essential needs no consent, and stays true for its version.
        (a_delivery(person=a_person(reminders=False)), Send()),
        (a_delivery(booking=BookingNow(2, "cancelled")), Send()),
        (a_delivery("sign-in-code"), Send()),
        (
            a_delivery("sign-in-code", code=Code(UUID(int=77), "000000", START)),
            Drop("cancelled", "a newer code was asked for"),
        ),
    ],
)
def test_a_message_is_sent_only_while_it_is_true_and_wanted(
    delivery: Delivery, verdict: Verdict
) -> None:
    assert verdict == judge(delivery, now=NOW)


def test_a_message_waits_for_its_person_and_for_the_ones_before_it() -> None:
    soon = NOW + timedelta(milliseconds=500)

    assert Wait(soon, "contact") == judge(a_delivery(person=None), now=NOW)
    assert Wait(soon, "earlier") == judge(a_delivery(earlier_open=True), now=NOW)
    assert Wait(soon, "access") == judge(a_delivery(access=None), now=NOW)


def test_a_message_waits_for_links_only_while_they_can_come() -> None:
    later = NOW + timedelta(minutes=2)
    over = a_delivery(access=None, booking=BookingNow(2, "cancelled"))

    assert Send() == judge(a_delivery(access=None), now=later)
    assert Send() == judge(over, now=NOW)


def test_a_wait_grows_with_the_age_of_the_message_up_to_a_minute() -> None:
    waiting = a_delivery(person=None, expires_at=NOW + timedelta(days=3))

    after_20_s, after_a_day = NOW + timedelta(seconds=20), NOW + timedelta(days=1)

    assert Wait(after_20_s + timedelta(seconds=5), "contact") == judge(waiting, now=after_20_s)
    assert Wait(after_a_day + timedelta(seconds=60), "contact") == judge(waiting, now=after_a_day)


def a_reminder(due: str, expires: str, **changes: object) -> Delivery:
    return a_delivery("reminder-24h", due_at=at(due), expires_at=at(expires), **changes)


@pytest.mark.parametrize(
    ("due", "now", "verdict"),
    [
        # Due at the very end of the window, sent a moment later.
        ("2026-11-24T21:00:00-05:00", "2026-11-24T21:00:01-05:00", Send()),
        ("2026-11-24T20:00:00-05:00", "2026-11-24T20:30:00-05:00", Send()),
        # We were down: nobody is woken, it goes out in the morning if it still helps.
        (
            "2026-11-24T21:00:00-05:00",
            "2026-11-24T21:10:00-05:00",
            Wait(at("2026-11-25T08:00:00-05:00"), "hours"),
        ),
        # Due inside quiet hours by mistake is no excuse.
        (
            "2026-11-24T22:00:00-05:00",
            "2026-11-24T22:00:01-05:00",
            Wait(at("2026-11-25T08:00:00-05:00"), "hours"),
        ),
    ],
)
def test_a_reminder_keeps_quiet_hours_at_the_moment_of_sending(
    due: str, now: str, verdict: Verdict
) -> None:
    reminder = a_reminder(due, "2026-11-25T18:00:00-05:00")

    assert verdict == judge(reminder, now=at(now))


def test_a_reminder_that_would_come_too_late_after_quiet_hours_is_left_out() -> None:
    reminder = a_reminder("2026-11-24T21:00:00-05:00", "2026-11-25T08:00:00-05:00")

    verdict = judge(reminder, now=at("2026-11-24T23:00:00-05:00"))

    assert Drop("expired", "quiet hours until it is too late") == verdict


def a_grant(
    message_class: str = "service", channel: str = "email", *, granted: bool = True, **more: Any
) -> Grant:
    basis = "express" if granted else "withdrawn"
    return Grant.model_validate(
        {
            "message_class": message_class,
            "channel": channel,
            "granted": granted,
            "basis": basis,
            "at": NOW,
        }
        | more
    )


PHONE = {"phone": "+14165550100"}
DEVICE = {
    "devices": (PushDevice(id=UUID(int=1), endpoint="https://p.example", p256dh="", auth=""),)
}


@pytest.mark.parametrize(
    ("message_class", "channel", "known", "reason"),
    [
        # A document without grants speaks for e-mail alone.
        ("service", "email", {}, None),
        ("service", "email", {"reminders": False}, "no consent to service messages by email"),
        ("marketing", "email", {}, "no consent to marketing messages by email"),
        ("marketing", "email", {"marketing": True}, None),
        ("service", "sms", PHONE, "no consent to service messages by sms"),
        # Grants speak for themselves.
        ("service", "email", {"reminders": False, "grants": (a_grant(),)}, None),
        (
            "service",
            "email",
            {"grants": (a_grant(granted=False),)},
            "no consent to service messages by email",
        ),
        ("service", "email", {"grants": (a_grant(expires_at=START),)}, None),
        (
            "service",
            "email",
            {"grants": (a_grant(expires_at=NOW),)},
            "no consent to service messages by email",
        ),
        (
            "marketing",
            "email",
            {"marketing": True, "grants": (a_grant(),)},
            "no consent to marketing messages by email",
        ),
        # A text needs a number, and leave for it whatever it is about.
        ("essential", "sms", {}, "no phone number"),
        ("essential", "sms", PHONE, "no consent to service messages by sms"),
        ("essential", "sms", PHONE | {"grants": (a_grant(channel="sms"),)}, None),
        (
            "marketing",
            "sms",
            PHONE | {"grants": (a_grant(channel="sms"),)},
            "no consent to marketing messages by sms",
        ),
        # A device that was registered is leave until it is withdrawn.
        ("service", "push", {}, "no device for push"),
        ("service", "push", DEVICE, None),
        ("essential", "push", DEVICE, None),
        (
            "service",
            "push",
            DEVICE | {"grants": (a_grant(channel="push", granted=False),)},
            "push was turned off",
        ),
        ("marketing", "push", DEVICE, "no consent to marketing messages by push"),
        # What is essential needs no leave by mail.
        ("essential", "email", {"grants": (a_grant(granted=False),)}, None),
    ],
)
def test_consent_is_by_class_and_channel(
    message_class: Any, channel: Any, known: dict[str, Any], reason: str | None
) -> None:
    person = a_person(**known)

    assert reason == refusal(person, message_class, channel, now=NOW)
    assert (reason is None) == (channel in reach(person, now=NOW)[message_class])


@pytest.mark.parametrize(
    ("delivery", "verdict"),
    [
        (
            a_delivery("check-in-before", answered=True),
            Drop("cancelled", "answered already"),
        ),
        (a_delivery("check-in-morning", answered=True), Drop("cancelled", "answered already")),
        (a_delivery("check-in-morning"), Send()),
        (
            a_delivery("check-in-after", booking=BookingNow(2, "missed")),
            Drop("cancelled", "the booking is missed"),
        ),
        # The session is over when it is asked about.
        (a_delivery("check-in-after", booking=BookingNow(2, "completed")), Send()),
        (
            a_delivery("safety-escalation", acknowledged=True),
            Drop("cancelled", "somebody has looked at it"),
        ),
        # Those who were told at once are told all the same.
        (a_delivery("safety-alert", acknowledged=True), Send()),
        (
            a_delivery(suppressed_because="hard-bounce"),
            Drop("bounced", "address suppressed: hard-bounce"),
        ),
        (
            a_delivery("reminder-24h", suppressed_because="stop"),
            Drop("cancelled", "address suppressed: stop"),
        ),
        # Past due: the agenda of a day that has begun, last week's summary, a late invitation.
        (
            a_delivery("trainer-agenda", due_at=NOW - timedelta(hours=14)),
            Drop("expired", "its time has passed"),
        ),
        (a_delivery("trainer-agenda", due_at=NOW - timedelta(hours=13)), Send()),
        (
            a_delivery("weekly-summary", due_at=NOW - timedelta(hours=26)),
            Drop("expired", "the next one tells it"),
        ),
        (a_delivery("check-in-morning", due_at=NOW - timedelta(hours=26)), Send()),
    ],
)
def test_what_was_overtaken_is_not_sent(delivery: Delivery, verdict: Verdict) -> None:
    assert verdict == judge(delivery, now=NOW)


NIGHT = at("2026-11-24T23:00:00-05:00")
MORNING = at("2026-11-25T08:00:00-05:00")


@pytest.mark.parametrize(
    "template",
    sorted(name for name, kind in TEMPLATES.items() if kind.message_class != "essential"),
)
@pytest.mark.parametrize(
    ("preferences", "now", "until"),
    [
        (None, NIGHT, MORNING),
        (Preferences(quiet=QuietTime(start="23:30", end="06:00")), NIGHT, None),
        (
            Preferences(quiet=QuietTime(start="22:00", end="11:30")),
            NIGHT,
            at("2026-11-25T11:30:00-05:00"),
        ),
        (
            Preferences(windows=(Window(day=2, start="09:15", end="10:00"),)),
            at("2026-11-25T08:30:00-05:00"),
            at("2026-11-25T09:15:00-05:00"),
        ),
    ],
)
def test_nothing_but_what_is_essential_comes_outside_a_persons_hours(
    template: str, preferences: Preferences | None, now: datetime, until: datetime | None
) -> None:
    delivery = a_delivery(
        template,
        due_at=now - timedelta(minutes=1),
        expires_at=now + timedelta(days=2),
        person=a_person(preferences=preferences),
    )

    assert (Send() if until is None else Wait(until, "hours")) == judge(delivery, now=now)
    assert (now if until is None else until) == will_go_out_at(delivery, now)


@pytest.mark.parametrize(
    "template",
    sorted(name for name, kind in TEMPLATES.items() if kind.message_class == "essential"),
)
def test_what_is_essential_comes_whatever_the_hours_and_the_number(template: str) -> None:
    person = a_person(
        preferences=Preferences(
            quiet=QuietTime(start="00:00", end="23:59"), per_day=1, digest=True
        ),
        grants=(a_grant(granted=False),),
    )
    delivery = a_delivery(
        template, person=person, due_at=NIGHT, expires_at=MORNING, sent_lately=(NIGHT,) * 9
    )

    assert Send() == judge(delivery, now=NIGHT)


TODAY = tuple(NOW - timedelta(hours=hours) for hours in (1, 2, 3, 4))
YESTERDAY = NOW - timedelta(hours=16)


@pytest.mark.parametrize(
    ("template", "sent", "per_day", "verdict"),
    [
        ("milestone", TODAY[:3], None, Send()),
        ("milestone", TODAY, None, Wait(at("2026-11-24T08:00:00-05:00"), "cap")),
        # Yesterday's count for yesterday.
        ("milestone", (*TODAY[:3], YESTERDAY), None, Send()),
        ("milestone", TODAY[:1], 1, Wait(at("2026-11-24T08:00:00-05:00"), "cap")),
        ("milestone", TODAY, 5, Send()),
        # Reminders of sessions and the trainer's agenda are not held back.
        ("reminder-2h", TODAY, None, Send()),
        ("check-in-before", TODAY, None, Send()),
        ("trainer-agenda", TODAY, None, Send()),
    ],
)
def test_a_day_has_a_most_of_messages(
    template: str, sent: tuple[datetime, ...], per_day: int | None, verdict: Verdict
) -> None:
    person = a_person(preferences=Preferences(per_day=per_day))
    delivery = a_delivery(template, person=person, sent_lately=sent)

    assert verdict == judge(delivery, now=NOW)


def test_what_is_sent_of_one_claim_counts_for_the_rest_of_it() -> None:
    sent = TODAY[:2]
    claimed = [
        a_delivery("reminder-24h", sent_lately=sent),
        a_delivery("milestone", sent_lately=sent),
        a_delivery("tip", sent_lately=sent),
        a_delivery("tip", channel="push", person=a_person(**DEVICE), sent_lately=sent),
        a_delivery("tip", recipient_id=UUID(int=5), sent_lately=sent),
    ]

    verdicts = [type(verdict) for _, verdict in judge_all(claimed, now=NOW)]

    assert [Send, Send, Wait, Send, Send] == verdicts


def test_encouragement_waits_for_the_weekly_summary_of_who_wants_it() -> None:
    person = a_person(preferences=Preferences(digest=True))
    eight_days = NOW + timedelta(days=8)
    # NOW is a Monday; the summary comes on Sunday at five, and is looked for a while after.
    sunday = at("2026-11-29T19:00:00-05:00")

    for template in ("milestone", "tip", "plan-ready"):
        delivery = a_delivery(template, person=person, expires_at=eight_days)
        assert Wait(sunday, "digest") == judge(delivery, now=NOW)
        assert Foreseen(None, "waits for the weekly summary") == foresee(delivery, now=NOW)
    assert Send() == judge(a_delivery("check-in-morning", person=person), now=NOW)


@pytest.mark.parametrize(
    ("delivery", "foreseen"),
    [
        (a_delivery(due_at=NOW + timedelta(hours=1)), (NOW + timedelta(hours=1), None)),
        (a_delivery(expires_at=NOW), (None, "too late")),
        (a_delivery(person=None), (None, "waits for how to reach the person")),
        (
            a_delivery("milestone", sent_lately=TODAY),
            (at("2026-11-24T08:00:00-05:00"), None),
        ),
        (
            a_delivery("milestone", sent_lately=TODAY, expires_at=NOW + timedelta(hours=5)),
            (None, "as many messages as wanted until it is too late"),
        ),
    ],
)
def test_it_is_foreseen_when_a_message_goes_out(
    delivery: Delivery, foreseen: tuple[datetime | None, str | None]
) -> None:
    assert Foreseen(*foreseen) == foresee(delivery, now=NOW)


def test_an_essential_message_goes_out_at_night() -> None:
    night = at("2026-11-25T03:00:00-05:00")

    assert Send() == judge(a_delivery(due_at=night), now=night)


def test_the_subject_of_a_code_is_its_request() -> None:
    delivery = a_delivery("sign-in-code")

    assert delivery.code is not None
    assert BOOKING == delivery.code.request_id
