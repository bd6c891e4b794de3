"""Mails as people and their programs see them."""

import email
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from icalendar import Calendar

from services.notify.domain.delivery import Access, Delivery
from services.notify.domain.templates import TEMPLATES
from services.notify.writing.mail import LetterWriter
from services.notify.writing.messages import WritingError
from tests.unit.notify.builders import A_COMPANY, BOOKING, CLIENT, NOW, START, a_delivery, a_person

PUBLIC = "https://limber.example"
FOR_CLIENTS = ("booking-confirmed", "booking-rescheduled", "reminder-24h", "reminder-2h")


@pytest.fixture(scope="module")
def writer() -> LetterWriter:
    return LetterWriter(
        sender="Limber <hello@limber.example>", public_url=PUBLIC, company=A_COMPANY
    )


def read(writer: LetterWriter, delivery: Delivery) -> Any:
    letter = writer.write(delivery, now=NOW)
    return email.message_from_bytes(letter.text, _class=EmailMessage, policy=default)


def body(mail: Any, kind: str) -> str:
    text: str = mail.get_body((kind,)).get_content()
    return text


def every_message() -> Iterator[Delivery]:
    for template in TEMPLATES:
        for language in ("en", "fr"):
            person = a_person(language=language)
            yield a_delivery(template, person=person)
            yield a_delivery(template, person=person, access=None, other_name=None)


@pytest.mark.parametrize(
    "delivery", every_message(), ids=lambda d: f"{d.template}-{d.person.language}-{bool(d.access)}"
)
def test_every_message_can_be_read_in_both_languages(
    writer: LetterWriter, delivery: Delivery
) -> None:
    raw = writer.write(delivery, now=NOW).text
    mail = read(writer, delivery)
    text, html = body(mail, "plain"), body(mail, "html")

    assert raw.isascii()
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))
    assert 20 < len(mail["Subject"]) < 100
    for words in (text, html):
        assert "None" not in words
        assert "{" not in re.sub(r"<style>.*?</style>", "", words, flags=re.DOTALL)
    assert "src=" not in html
    assert delivery.person is not None
    assert f'lang="{delivery.person.language}"' in html


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_subject_holds_a_name_a_code_or_a_word_about_health(
    writer: LetterWriter, template: str
) -> None:
    subject = read(writer, a_delivery(template))["Subject"].lower()

    for private in ("ada", "maya", "123456", "main street", "pain", "stop", "hold"):
        assert private not in subject


def test_a_confirmation_says_when_where_with_whom_and_how_to_change_it(
    writer: LetterWriter,
) -> None:
    mail = read(writer, a_delivery())

    for words in (body(mail, "plain"), body(mail, "html")):
        for part in (
            "Thursday, November 26, 10:00 a.m. to 10:45 a.m. EST",
            "Maya Trainer",
            "5 Main Street, Toronto",
            f"{PUBLIC}/manage/manage-token",
            f"{PUBLIC}/v1/bookings/{BOOKING}/calendar.ics?token=calendar-token",
        ):
            assert part in words
    assert "jeudi 26 novembre, de 10 h 00 à 10 h 45 HNE" in body(
        read(writer, a_delivery(person=a_person(language="fr"))), "plain"
    )


def test_times_are_those_of_the_recipient(writer: LetterWriter) -> None:
    far = read(writer, a_delivery(person=a_person(tz="America/Vancouver")))
    nameless = read(writer, a_delivery(person=a_person(tz="America/Sao_Paulo")))

    assert "8:00 a.m. to 8:45 a.m. MST" in body(far, "plain")
    assert "12:00 p.m. to 12:45 p.m. UTC-03:00" in body(nameless, "plain")


def test_a_virtual_session_has_its_link_to_join(writer: LetterWriter) -> None:
    virtual = a_delivery(
        access=Access("m", "c", "https://meet.example/x", None, "Maya"),
        detail=a_delivery().detail | {"mode": "virtual"},
    )

    text = body(read(writer, virtual), "plain")

    assert "https://meet.example/x" in text
    assert "Where: Online" in text


def test_a_trainers_mail_never_holds_the_clients_links(writer: LetterWriter) -> None:
    for template in ("trainer-booked", "trainer-moved", "trainer-cancelled"):
        mail = writer.write(a_delivery(template, person=a_person(role="trainer")), now=NOW).text

        assert b"manage-token" not in mail
        assert b"calendar-token" not in mail


@pytest.mark.parametrize(
    ("language", "when", "kept"),
    [
        ("en", "10:00 a.m. to 10:45 a.m. EST", "We keep it for you until 10:30 a.m. EST."),
        ("fr", "10 h 00 à 10 h 45 HNE", "Nous la gardons pour vous jusqu'à 10 h 30 HNE."),
    ],
)
def test_an_offer_says_which_time_until_when_and_how_to_book_or_leave(
    writer: LetterWriter, language: str, when: str, kept: str
) -> None:
    person = a_person(language=language)
    delivery = a_delivery("waitlist-offer", person=person, other_name="Maya Trainer")

    mail = read(writer, delivery)
    text, html = body(mail, "plain"), body(mail, "html")

    book, leave = f"{PUBLIC}/?hold={delivery.subject_id}", f"{PUBLIC}/waitlist/leave-token"
    for told in (when, kept, "Maya Trainer", book, leave):
        assert told in text
    assert f'href="{book}"' in html
    assert f'href="{leave}"' in html


def test_who_has_no_link_yet_leaves_the_list_on_their_own_page(writer: LetterWriter) -> None:
    text = body(read(writer, a_delivery("waitlist-offer", leave_token=None)), "plain")

    assert f"{PUBLIC}/me" in text


def test_headers_let_programs_know_what_the_mail_is(writer: LetterWriter) -> None:
    mail = read(writer, a_delivery())
    later = read(writer, a_delivery(attempts=1))

    assert f"<booking-confirmed.{BOOKING}.1.{CLIENT}@limber.example>" == mail["Message-ID"]
    assert mail["Message-ID"] == later["Message-ID"]
    assert (str(BOOKING), "booking-confirmed", "auto-generated") == (
        mail["X-Limber-Booking"],
        mail["X-Limber-Template"],
        mail["Auto-Submitted"],
    )
    assert ("Limber <hello@limber.example>", "Ada Sample <ada@example.org>") == (
        mail["From"],
        mail["To"],
    )
    assert read(writer, a_delivery("sign-in-code"))["X-Limber-Booking"] is None


@pytest.mark.parametrize(
    ("template", "method", "status"),
    [
        ("booking-confirmed", "REQUEST", "CONFIRMED"),
        ("booking-rescheduled", "REQUEST", "CONFIRMED"),
        ("booking-cancelled", "CANCEL", "CANCELLED"),
    ],
)
def test_the_calendar_comes_as_a_part_and_as_a_file(
    writer: LetterWriter, template: str, method: str, status: str
) -> None:
    mail = read(writer, a_delivery(template, subject_version=4))
    [part] = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    [file] = mail.iter_attachments()

    assert method == part.get_param("method")
    assert part.get_payload(decode=True) == file.get_content()
    calendar = Calendar.from_ical(file.get_content())
    event: Any = calendar.walk("VEVENT")[0]
    assert (method, f"{BOOKING}@limber", 4, status) == (
        calendar["METHOD"],
        event["UID"],
        event["SEQUENCE"],
        event["STATUS"],
    )
    assert START == event.start


@pytest.mark.parametrize("template", ["reminder-2h", "trainer-booked", "sign-in-code"])
def test_other_mails_carry_no_file(writer: LetterWriter, template: str) -> None:
    assert [] == list(read(writer, a_delivery(template)).iter_attachments())


def test_a_name_cannot_write_headers_or_html(writer: LetterWriter) -> None:
    name = 'Ada "A" <b>\r\nBcc: x@example.org, \\ S;T=1'

    mail = read(writer, a_delivery(person=a_person(name=name)))

    assert mail["Bcc"] is None
    assert ["ada@example.org"] == [address.addr_spec for address in mail["To"].addresses]
    assert "<b>" not in body(mail, "html")
    [file] = mail.iter_attachments()
    [event] = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert "mailto:ada@example.org" == event["ATTENDEE"]


def test_names_and_addresses_beyond_ascii_arrive_whole(writer: LetterWriter) -> None:
    mail = read(writer, a_delivery(person=a_person(name="Zoé Łukasz")))
    beyond = writer.write(a_delivery(person=a_person(name="Zoé", email="zoé@example.org")), now=NOW)

    assert "Zoé Łukasz" == mail["To"].addresses[0].display_name
    assert "Hi Zoé Łukasz" in body(mail, "plain")
    assert "To: =?utf-8?b?Wm/DqQ==?= <zoé@example.org>\r\n".encode() in beyond.text


def test_what_cannot_be_written_says_so_without_quoting_it(writer: LetterWriter) -> None:
    with pytest.raises(WritingError) as fault:
        writer.write(a_delivery(person=a_person(email="no address at all")), now=NOW)
    assert "no address" not in str(fault.value)
    with pytest.raises(WritingError):
        writer.write(a_delivery(detail={}), now=NOW)


def test_a_session_over_the_change_of_the_clock_names_both_zones(writer: LetterWriter) -> None:
    start = datetime.fromisoformat("2026-11-01T05:45:00+00:00")
    detail = a_delivery().detail | {
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=45)).isoformat(),
    }

    text = body(read(writer, a_delivery(detail=detail)), "plain")

    assert "1:45 a.m. EDT to 1:30 a.m. EST" in text
