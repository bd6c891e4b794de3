"""What becomes of a message after an attempt to send it."""

from datetime import timedelta

import pytest

from services.notify.domain.outcome import Next, Outcome, after, after_death
from tests.unit.notify.builders import NOW, a_delivery


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
        delivery = a_delivery(rounds=attempts)
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


@pytest.mark.parametrize(
    ("message_class", "unknowns", "state"),
    [
        ("essential", 0, "retrying"),
        ("service", 0, "retrying"),
        ("marketing", 0, "unknown"),
        ("essential", 1, "unknown"),
        ("service", 1, "unknown"),
    ],
)
def test_what_a_dead_sender_held_is_sent_once_more_but_no_marketing(
    message_class: str, unknowns: int, state: str
) -> None:
    assert state == after_death(message_class, unknowns, now=NOW).state
