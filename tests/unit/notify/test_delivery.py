"""What is done with a message at the moment it is due."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notify.domain.delivery import (
    BookingNow,
    Code,
    Delivery,
    Drop,
    Send,
    Verdict,
    Wait,
)
from services.notify.domain.judging import judge
from services.notify.domain.outcome import Next, Outcome, after
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


def test_an_essential_message_goes_out_at_night() -> None:
    night = at("2026-11-25T03:00:00-05:00")

    assert Send() == judge(a_delivery(due_at=night), now=night)


@pytest.mark.parametrize(
    ("outcome", "following"),
    [
        (Outcome("accepted", 250), Next("sent")),
        (Outcome("refused", 554), Next("failed", "refused with 554")),
        (Outcome("bounced", 550), Next("bounced", "recipient refused with 550")),
        (Outcome("deferred", 451), Next("retrying", "deferred", NOW + timedelta(seconds=2))),
        (Outcome("lost"), Next("retrying", "lost", NOW + timedelta(seconds=2))),
    ],
)
def test_what_follows_from_an_attempt(outcome: Outcome, following: Next) -> None:
    assert following == after(outcome, a_delivery(), now=NOW, jitter=0.0)


def test_retries_back_off_with_jitter_up_to_a_longest_wait() -> None:
    def wait_s(result: str, attempts: int, jitter: float) -> float:
        delivery = a_delivery(attempts=attempts)
        following = after(Outcome(result), delivery, now=NOW, jitter=jitter)  # type: ignore[arg-type]
        assert following.at is not None
        return (following.at - NOW).total_seconds()

    assert [2, 6, 18, 54] == [wait_s("deferred", n, 0.0) for n in range(4)]
    assert [900, 900] == [wait_s("deferred", n, 0.0) for n in (9, 30_000)]
    assert 30 == wait_s("unreachable", 9, 0.0)
    assert 2.5 == wait_s("deferred", 0, 1.0)


def test_a_retry_that_would_come_too_late_ends_the_message() -> None:
    delivery = a_delivery(expires_at=NOW + timedelta(seconds=2))

    following = after(Outcome("deferred", 451), delivery, now=NOW, jitter=0.0)

    assert Next("expired", "no server took it in time") == following


def test_only_an_essential_message_of_unknown_fate_is_sent_again_and_only_once() -> None:
    unknown = Outcome("unknown")

    first = after(unknown, a_delivery(), now=NOW, jitter=0.0)
    second = after(unknown, a_delivery(unknowns=1), now=NOW, jitter=0.0)
    reminder = after(unknown, a_delivery("reminder-2h"), now=NOW, jitter=0.0)

    assert ("retrying", NOW) == (first.state, first.at)
    assert ["unknown", "unknown"] == [second.state, reminder.state]


def test_the_subject_of_a_code_is_its_request() -> None:
    delivery = a_delivery("sign-in-code")

    assert delivery.code is not None
    assert BOOKING == delivery.code.request_id
