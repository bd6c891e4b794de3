"""Several bookings that one change made are told of in one message."""

import email
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from services.notify.domain import plan_bookings
from services.notify.domain.delivery import Delivery
from services.notify.domain.planned import Planned
from services.notify.domain.windows import hours_of
from services.notify.writing.mail import LetterWriter
from shared.contracts.booking import BookingCancelled, BookingFact, BookingRescheduled
from tests.unit.notify.builders import (
    A_COMPANY,
    CHANGE,
    CLIENT,
    NOW,
    START,
    TRAINER,
    a_delivery_of,
    a_person,
    an_envelope,
    facts_together,
)

PUBLIC = "https://limber.example"
OTHER_TRAINER = UUID(int=22)
MOVED = {"version": 2, "previous_start": START, "previous_trainer_id": TRAINER}


def planned(facts: Sequence[BookingFact], together: Sequence[BookingFact] = ()) -> list[Planned]:
    """What follows from the last of the facts."""
    return plan_bookings.from_booking(
        an_envelope(facts[-1]),
        status=plan_bookings.status_after(facts[-1]),
        hours=hours_of(None, None),
        together=together,
        now=NOW,
    )


def test_only_the_last_fact_of_a_change_is_announced_and_it_tells_of_all() -> None:
    facts = facts_together(3)

    early, last = planned(facts[:2]), planned(facts, facts)

    ahead = ["reminder-24h", "reminder-2h", "check-in-before"]
    assert ahead == [message.template.name for message in early]
    assert ["booking-confirmed", "trainer-booked", *ahead] == [
        message.template.name for message in last
    ]
    for message in last[:2]:
        assert (CHANGE, 0) == (message.subject_id, message.subject_version)
        assert facts[0].booking_id == message.booking_id
        assert START.isoformat() == message.detail["start"]
        assert [
            (str(fact.booking_id), 1, fact.start.isoformat(), fact.end.isoformat())
            for fact in facts
        ] == [tuple(one.values()) for one in message.detail["sessions"]]
    assert facts[-1].booking_id == last[-1].subject_id


def test_each_trainer_hears_of_their_own_sessions_alone() -> None:
    facts = facts_together(3, BookingRescheduled, **MOVED)
    facts[1] = facts[1].model_copy(update={"previous_trainer_id": OTHER_TRAINER})

    news = [
        (message.template.name, message.recipient_id, len(message.detail.get("sessions", [1])))
        for message in planned(facts, facts)
        if message.template.nature == "announcement"
    ]

    assert [
        ("booking-rescheduled", CLIENT, 3),
        ("trainer-moved", TRAINER, 2),
        ("trainer-booked", TRAINER, 1),
        ("trainer-cancelled", OTHER_TRAINER, 1),
    ] == news


WRITER = LetterWriter(sender="Limber <hello@limber.example>", public_url=PUBLIC, company=A_COMPANY)


def read(delivery: Delivery) -> Any:
    letter = WRITER.write(delivery, now=NOW)
    return email.message_from_bytes(letter.text, _class=EmailMessage, policy=default)


@pytest.mark.parametrize(
    ("language", "dates"),
    [
        (
            "en",
            [
                "1: Thursday, November 26, 10:00 a.m. to 11:00 a.m. EST",
                "2: Thursday, December 3, 10:00 a.m. to 11:00 a.m. EST",
                "3: Thursday, December 10, 10:00 a.m. to 11:00 a.m. EST",
            ],
        ),
        ("fr", ["1 : jeudi 26 novembre, de 10 h 00 à 11 h 00 HNE", "2 : jeudi 3 décembre"]),
    ],
)
@pytest.mark.parametrize(
    "template",
    [
        *("booking-confirmed", "booking-rescheduled", "booking-cancelled"),
        *("trainer-booked", "trainer-moved", "trainer-cancelled"),
    ],
)
def test_one_mail_lists_all_dates_in_both_languages(
    template: str, language: str, dates: list[str]
) -> None:
    mail = read(a_delivery_of(template, person=a_person(language=language)))
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))

    for date in dates:
        assert date in text
        assert date.partition(": ")[2] in html.replace("\u00a0", " ")
    assert "3 " in mail["Subject"] or " 3" in mail["Subject"]
    assert 20 < len(mail["Subject"]) < 100
    assert "None" not in text + html
    assert "manage-" not in text
    assert [str(UUID(int=100 + n)) for n in (1, 2, 3)] == mail.get_all("X-Limber-Booking")
    assert mail["Message-ID"].startswith(f"<{template}.{CHANGE}.0.")


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ("booking-confirmed", "CONFIRMED"),
        ("booking-rescheduled", "CONFIRMED"),
        ("booking-cancelled", "CANCELLED"),
    ],
)
def test_one_calendar_file_holds_every_session(template: str, status: str) -> None:
    mail = read(a_delivery_of(template))
    [file] = mail.iter_attachments()
    calendar = Calendar.from_ical(file.get_content())
    events: Any = calendar.walk("VEVENT")

    assert "PUBLISH" == calendar["METHOD"]
    assert [f"{UUID(int=100 + n)}@limber" for n in (1, 2, 3)] == [e["UID"] for e in events]
    assert [1, 2, 3] == [e["SEQUENCE"] for e in events]
    assert [START + timedelta(weeks=n) for n in range(3)] == [e.start for e in events]
    assert {status} == {e["STATUS"] for e in events}
    assert 1 == len(calendar.walk("VTIMEZONE"))
    # What is published has no attendees (RFC 5546, 3.2.1).
    assert not [e for e in events if "ATTENDEE" in e]
    if status == "CONFIRMED":
        assert [f"{PUBLIC}/manage/manage-{n}" for n in (1, 2, 3)] == [e["URL"] for e in events]
        assert [f"https://meet.example/{n}" for n in (1, 2, 3)] == [e["LOCATION"] for e in events]


def test_one_trainers_mail_of_a_series_carries_no_file_and_no_link_of_the_client() -> None:
    for template in ("trainer-booked", "trainer-moved", "trainer-cancelled"):
        mail = read(a_delivery_of(template, person=a_person(role="trainer")))

        assert [] == list(mail.iter_attachments())
        assert "manage-" not in mail.as_string()


def test_a_cancelled_series_tells_both_sides() -> None:
    facts = facts_together(2, BookingCancelled, version=2, cancelled_by="client")

    assert [("booking-cancelled", CLIENT), ("trainer-cancelled", TRAINER)] == [
        (message.template.name, message.recipient_id) for message in planned(facts, facts)
    ]
