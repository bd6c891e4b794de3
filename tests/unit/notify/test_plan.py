"""Which messages follow from an event, and when they are due."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notify.domain import plan_bookings, plan_people, plan_safety
from services.notify.domain.planned import Planned
from services.notify.domain.windows import hours_of
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFact,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.progress import SafetyHoldPlaced, SafetyLevelChanged
from tests.unit.notify.builders import (
    CLIENT,
    NOW,
    START,
    TRAINER,
    a_contact,
    a_fact,
    a_sign_in,
    an_envelope,
    an_offer,
)

OTHER_TRAINER = UUID(int=22)


def planned(fact: BookingFact, *, now: datetime = NOW, tz: str | None = None) -> list[Planned]:
    event = an_envelope(fact, at=NOW)
    return plan_bookings.from_booking(
        event,
        status=plan_bookings.status_after(fact),
        hours=hours_of(tz or fact.tz, None),
        now=now,
    )


def told(messages: list[Planned]) -> list[tuple[str, UUID]]:
    return [(message.template.name, message.recipient_id) for message in messages]


def test_a_confirmed_booking_is_announced_to_both_and_reminded_of_twice() -> None:
    messages = planned(a_fact())

    assert [
        ("booking-confirmed", CLIENT),
        ("trainer-booked", TRAINER),
        ("reminder-24h", CLIENT),
        ("reminder-2h", CLIENT),
        ("check-in-before", CLIENT),
    ] == told(messages)
    # 08:00 in Toronto is the first allowed moment of the day, so the 2 h reminder stays there.
    assert [NOW, NOW, *(START - timedelta(hours=before) for before in (24, 2, 1))] == [
        message.due_at for message in messages
    ]


def moved(**changes: object) -> BookingFact:
    values = {"version": 2, "previous_start": START, "previous_trainer_id": TRAINER} | changes
    fact: BookingFact = a_fact(BookingRescheduled, **values)
    return fact


def test_a_move_is_announced_and_its_reminders_belong_to_the_new_version() -> None:
    messages = planned(moved(start=START + timedelta(days=1)))

    assert [
        ("booking-rescheduled", CLIENT),
        ("trainer-moved", TRAINER),
        ("reminder-24h", CLIENT),
        ("reminder-2h", CLIENT),
        ("check-in-before", CLIENT),
    ] == told(messages)
    assert {2} == {message.subject_version for message in messages}


def test_a_move_to_another_trainer_tells_the_old_one_that_the_time_is_free() -> None:
    messages = planned(moved(trainer_id=OTHER_TRAINER))

    assert [
        ("booking-rescheduled", CLIENT),
        ("trainer-booked", OTHER_TRAINER),
        ("trainer-cancelled", TRAINER),
    ] == told(messages)[:3]


def test_a_frozen_booking_that_moves_has_no_reminders() -> None:
    event = an_envelope(moved())

    messages = plan_bookings.from_booking(
        event, status="frozen", hours=hours_of(None, None), now=NOW
    )

    assert ["booking-rescheduled", "trainer-moved"] == [name for name, _ in told(messages)]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (BookingCancelled, ["booking-cancelled", "trainer-cancelled"]),
        (BookingFrozen, ["booking-frozen"]),
        (
            BookingUnfrozen,
            ["booking-unfrozen", "reminder-24h", "reminder-2h", "check-in-before"],
        ),
        (BookingCompleted, []),
        (BookingMissed, []),
    ],
)
def test_other_changes_tell_what_people_need(kind: type[BookingFact], names: list[str]) -> None:
    more = {"cancelled_by": "client"} if kind is BookingCancelled else {}

    assert names == [name for name, _ in told(planned(a_fact(kind, version=3, **more)))]


@pytest.mark.parametrize(
    ("ahead", "names"),
    [
        (timedelta(hours=24, seconds=1), ["reminder-24h", "reminder-2h"]),
        (timedelta(hours=24), ["reminder-2h"]),
        (timedelta(hours=2, seconds=1), ["reminder-2h"]),
        (timedelta(hours=2), []),
        (timedelta(minutes=30), []),
    ],
)
def test_a_reminder_whose_time_has_passed_at_booking_is_left_out(
    ahead: timedelta, names: list[str]
) -> None:
    messages = planned(a_fact(), now=START - ahead)

    assert names == [name for name, _ in told(messages) if name.startswith("reminder")]


def test_a_reminder_in_quiet_hours_goes_out_at_nine_the_evening_before() -> None:
    start = datetime.fromisoformat("2026-11-26T08:30:00-05:00")

    messages = planned(a_fact(start=start))

    assert datetime.fromisoformat("2026-11-25T21:00:00-05:00") == messages[-1].due_at
    assert start - timedelta(hours=2) == messages[-1].nominal_at


def test_a_reminder_whose_evening_before_has_passed_is_left_out() -> None:
    start = datetime.fromisoformat("2026-11-26T08:30:00-05:00")

    messages = planned(a_fact(start=start), now=datetime.fromisoformat("2026-11-25T21:30:00-05:00"))

    assert [] == [name for name, _ in told(messages) if name.startswith("reminder")]


def test_quiet_hours_are_those_of_the_client_where_known_else_of_the_booking() -> None:
    start = datetime.fromisoformat("2026-11-26T10:00:00-05:00")

    [*_, by_booking, _] = planned(a_fact(start=start))
    [*_, by_client] = planned(a_fact(start=start), tz="America/Vancouver")

    assert start - timedelta(hours=2) == by_booking.due_at
    assert datetime.fromisoformat("2026-11-25T21:00:00-07:00") == by_client.due_at


def test_old_events_that_are_replayed_announce_nothing() -> None:
    messages = planned(a_fact(), now=NOW + timedelta(hours=72))

    assert [] == messages


def test_no_message_keeps_a_name_or_an_address() -> None:
    for message in planned(moved()):
        assert {
            *("service", "mode", "start", "end", "tz", "at", "previous_start"),
            *("kind", "since"),
        } >= set(message.detail)


def test_a_sign_in_code_goes_out_at_once_until_it_runs_out() -> None:
    asked = a_sign_in(NOW + timedelta(minutes=10))

    [message] = plan_people.code_asked(a_contact(sign_in=asked), now=NOW)

    assert ("sign-in-code", asked.request_id, NOW, asked.expires_at) == (
        message.template.name,
        message.subject_id,
        message.due_at,
        message.expires_at,
    )
    assert [] == plan_people.code_asked(a_contact(sign_in=asked), now=asked.expires_at)
    assert [] == plan_people.code_asked(a_contact(), now=NOW)


def test_an_offer_goes_out_at_once_until_it_runs_out_and_once_a_hold() -> None:
    offer = an_offer()

    [message] = plan_bookings.from_offer(offer, now=NOW)

    assert ("waitlist-offer", "essential", offer.hold_id, CLIENT, NOW, offer.expires_at) == (
        message.template.name,
        message.template.message_class,
        message.subject_id,
        message.recipient_id,
        message.due_at,
        message.expires_at,
    )
    assert [] == plan_bookings.from_offer(offer, now=offer.expires_at)


def level_changed(level: str) -> SafetyLevelChanged:
    return SafetyLevelChanged.model_validate({
        "client_id": CLIENT, "level": level, "previous": "go", "rules": ["R1"],
        "rules_version": "1", "at": NOW, "trainer_ids": [TRAINER],
    })  # fmt: skip


@pytest.mark.parametrize("level", ["unknown", "go", "go-care", "modify", "hold"])
def test_a_calm_level_alerts_nobody(level: str) -> None:
    assert plan_safety.alert_from(level_changed(level)) is None


@pytest.mark.parametrize("level", ["stop", "emergency"])
def test_a_level_and_the_hold_that_comes_with_it_are_one_alert(level: str) -> None:
    hold = SafetyHoldPlaced.model_validate({
        "client_id": CLIENT, "hold_id": UUID(int=5), "kind": "session", "rule": "R1",
        "level": level, "at": NOW,
    })  # fmt: skip

    by_level, by_hold = plan_safety.alert_from(level_changed(level)), plan_safety.alert_from(hold)

    assert by_level is not None
    assert by_level == by_hold


def test_an_alert_goes_to_each_person_at_once_and_not_after_a_day() -> None:
    alert = plan_safety.alert_from(level_changed("emergency"))
    assert alert is not None

    messages = plan_safety.alerts(alert, [TRAINER, OTHER_TRAINER], now=NOW)

    assert [("safety-alert", TRAINER), ("safety-alert", OTHER_TRAINER)] == told(messages)
    assert {"essential"} == {message.template.message_class for message in messages}
    assert [] == plan_safety.alerts(alert, [TRAINER], now=NOW + timedelta(hours=24))


def test_every_booking_event_has_a_status() -> None:
    assert "confirmed" == plan_bookings.status_after(a_fact(BookingConfirmed))
    assert "frozen" == plan_bookings.status_after(a_fact(BookingFrozen))
