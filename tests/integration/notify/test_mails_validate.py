"""Every mail in every language and shape, as mail programs and a calendar server take it."""

import email
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import strict
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from deploy.embedded import ports
from services.notify.domain.delivery import Access, Delivery
from services.notify.domain.templates import TEMPLATES
from services.notify.writing.invitation import CALENDAR_OF
from services.notify.writing.mail import LetterWriter
from shared.contracts.contacts import UnsubscribeAccess
from tests.integration.notify.mail_checks import (
    contrast,
    read_page,
    wrong_calendar,
    wrong_links,
)
from tests.unit.notify.builders import (
    A_COMPANY,
    BOOKING,
    NOW,
    START,
    a_delivery,
    a_delivery_of,
    a_person,
)

PUBLIC = "https://limber.example"
MEET = "https://meet.example/"
WRITER = LetterWriter(sender="Limber <hello@limber.example>", public_url=PUBLIC, company=A_COMPANY)
UNSUBSCRIBE = tuple(
    UnsubscribeAccess(message_class=kind, channel=channel, token=f"{kind}-{channel}")
    for kind in ("marketing", "service")
    for channel in ("sms", "email")
)
ROLES = {"trainer": "trainer", "clearance-request": "clinician", "safety": "lead"}
ABOUT_SESSIONS = [name for name in TEMPLATES if name.startswith(("booking-", "trainer-"))]


def role_of(template: str) -> str:
    return next((role for start, role in ROLES.items() if template.startswith(start)), "client")


def shapes(template: str, language: str) -> Iterator[tuple[str, Delivery]]:
    person = a_person(
        language=language,
        role=role_of(template),
        name="Zoé Łukasz-O'Brien & <Co>",
        unsubscribe=UNSUBSCRIBE,
    )
    alone = a_delivery(template, person=person)
    yield "in-person", alone
    yield (
        "virtual",
        replace(
            alone,
            detail=alone.detail | {"mode": "virtual"},
            access=Access("manage", "calendar", f"{MEET}room", None, "Maya Trainer"),
        ),
    )
    yield "bare", replace(alone, access=None, other_name=None, leave_token=None)
    if template in ABOUT_SESSIONS and template not in {"trainer-agenda", "trainer-notice"}:
        yield "several", a_delivery_of(template, person=person)


EVERY = [
    pytest.param(delivery, id=f"{template}-{language}-{shape}")
    for template in TEMPLATES
    for language in ("en", "fr")
    for shape, delivery in shapes(template, language)
]


def read(raw: bytes) -> Any:
    # Under this policy each defect of form is raised.
    return email.message_from_bytes(raw, _class=EmailMessage, policy=strict)


@pytest.mark.parametrize("delivery", EVERY)
def test_every_mail_is_well_formed(delivery: Delivery) -> None:
    raw = WRITER.write(delivery, now=NOW).text

    mail = read(raw)
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert not re.search(rb"^[\w-]+: *\r\n", head + b"\r\n", re.MULTILINE)
    assert [] == [part.defects for part in mail.walk() if part.defects]
    assert [] == [value.defects for value in mail.values() if value.defects]
    alone = [name for name, _ in mail.items() if name != "X-Limber-Booking"]
    assert len(set(alone)) == len(alone)
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert mail[name]
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert ["text/plain", "text/html"] == kinds[:2]
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            part.get_content()


@pytest.mark.parametrize("delivery", EVERY)
def test_every_mail_reads_well_in_light_and_dark_and_leads_to_known_pages(
    delivery: Delivery,
) -> None:
    mail = read(WRITER.write(delivery, now=NOW).text)
    html = mail.get_body(("html",)).get_content()
    text = mail.get_body(("plain",)).get_content()

    light, dark = read_page(html), read_page(html, dark=True)

    assert [] == light.found + dark.found
    assert delivery.person is not None
    assert [delivery.person.language] == light.languages
    assert "light dark" == light.metas["color-scheme"]
    assert [] == wrong_links(light.links, PUBLIC, (MEET,))
    # The same links and the same words in both parts.
    assert sorted(set(light.links)) == sorted(set(re.findall(r"https://\S+", text)))
    plain = " ".join(text.split())
    for words in light.text[1:]:
        told = words.replace("\u00a0", " ")
        assert told in plain
    assert f"{A_COMPANY.name}, {A_COMPANY.address}, {A_COMPANY.contact}" in plain


def test_the_checks_themselves_find_faults() -> None:
    bad = (
        '<html lang="en"><p style="color:#999999;background:#ffffff;font-size:12px">x</b>'
        '<img src="a"><script></script></html>'
    )

    assert 21 == round(contrast("#000000", "#ffffff"))
    assert [
        "#999999 on #ffffff is hard to read",
        "12.0 px is small",
        "</b> closes nothing that is open",
        "an image has no words in its place",
        "<script> does not belong into a mail",
        "</html> closes nothing that is open",
        "<html> is never closed",
        "<p> is never closed",
    ] == read_page(bad).found
    assert ["http://limber.example/me", "/me", f"{PUBLIC}/admin"] == wrong_links(
        ["http://limber.example/me", "/me", f"{PUBLIC}/admin", f"{PUBLIC}/me"], PUBLIC, (MEET,)
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_who_may_leave_can_leave_by_one_click(template: str) -> None:
    [(_, delivery), *_] = shapes(template, "en")
    mail = read(WRITER.write(delivery, now=NOW).text)
    text = mail.get_body(("plain",)).get_content()
    bare = read(WRITER.write(replace(delivery, person=a_person()), now=NOW).text)

    if TEMPLATES[template].message_class == "essential":
        assert mail["List-Unsubscribe"] is mail["List-Unsubscribe-Post"] is None
        assert "/unsubscribe/" not in text
    else:
        url = f"{PUBLIC}/unsubscribe/service-email"
        assert (f"<{url}>", "List-Unsubscribe=One-Click") == (
            mail["List-Unsubscribe"],
            mail["List-Unsubscribe-Post"],
        )
        assert url in text
    # Before the link is known there is no half a promise.
    assert bare["List-Unsubscribe"] is bare["List-Unsubscribe-Post"] is None


def calendars(mail: Any) -> list[bytes]:
    return [
        part.get_payload(decode=True)
        for part in mail.walk()
        if part.get_content_type() in {"text/calendar", "application/ics"}
    ]


@pytest.mark.parametrize(
    "delivery", [case for case in EVERY if str(case.id).rpartition("-")[0][:-3] in CALENDAR_OF]
)
def test_every_calendar_file_holds_what_programs_need(delivery: Delivery) -> None:
    mail = read(WRITER.write(delivery, now=NOW).text)
    several = "sessions" in delivery.detail

    files = calendars(mail)

    assert (1 if several else 2) == len(files)
    assert 1 == len(set(files))
    assert [] == wrong_calendar(files[0], several=several)


@pytest.fixture(scope="module")
def caldav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A calendar server of others, empty."""
    folder = tmp_path_factory.mktemp("radicale")
    port = ports.reserve(0)
    assert port is not None
    port.release()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "radicale", "--config", ""),
            *("--server-hosts", f"127.0.0.1:{port.port}"),
            *("--storage-filesystem-folder", str(folder), "--auth-type", "none"),
            *("--logging-level", "error"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(folder),
    )
    transport = httpx.HTTPTransport(retries=12)
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port.port}", auth=("ada", "x"), transport=transport
    )
    try:
        with client:
            yield client
    finally:
        process.terminate()
        process.wait(10)


IN_NOVEMBER = (
    '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:prop><c:calendar-data/></d:prop><c:filter>"
    '<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
    '<c:time-range start="20261101T000000Z" end="20261201T000000Z"/>'
    "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
)


def test_a_calendar_server_keeps_one_event_in_its_newest_state(caldav: httpx.Client) -> None:
    assert 201 == caldav.request("MKCALENDAR", "/ada/sessions/").status_code
    later = START + timedelta(hours=2)
    moved = {"start": later.isoformat(), "end": (later + timedelta(minutes=45)).isoformat()}
    detail = a_delivery().detail

    for version, template, start, status in (
        (1, "booking-confirmed", START, "CONFIRMED"),
        (2, "booking-rescheduled", later, "CONFIRMED"),
        (3, "booking-frozen", later, "TENTATIVE"),
        (4, "booking-unfrozen", later, "CONFIRMED"),
        (5, "booking-cancelled", later, "CANCELLED"),
    ):
        told = detail if version == 1 else detail | moved
        delivery = a_delivery(template, subject_version=version, detail=told)
        [file, _] = calendars(read(WRITER.write(delivery, now=NOW).text))
        uid = Calendar.from_ical(file).walk("VEVENT")[0]["UID"]
        put = caldav.put(
            f"/ada/sessions/{uid}.ics", content=file, headers={"Content-Type": "text/calendar"}
        )
        assert put.status_code in {201, 204}

        kept: list[Any] = Calendar.from_ical(caldav.get(f"/ada/sessions/{uid}.ics").text).walk(
            "VEVENT"
        )
        answer = caldav.request("REPORT", "/ada/sessions/", content=IN_NOVEMBER).text
        [event] = kept
        assert 1 == answer.count("BEGIN:VEVENT")
        assert (f"{BOOKING}@limber", version, status, start) == (
            event["UID"],
            event["SEQUENCE"],
            event["STATUS"],
            event.start,
        )


def test_a_calendar_server_imports_all_sessions_of_one_mail(caldav: httpx.Client) -> None:
    [file] = calendars(read(WRITER.write(a_delivery_of("booking-confirmed"), now=NOW).text))

    put = caldav.put("/ada/series/", content=file, headers={"Content-Type": "text/calendar"})

    assert 201 == put.status_code
    kept: list[Any] = Calendar.from_ical(caldav.get("/ada/series/").text).walk("VEVENT")
    assert [START + timedelta(weeks=n) for n in range(3)] == sorted(event.start for event in kept)
