"""Texts and push notes: short, without a name, and nothing about anybody's health."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notify.domain.delivery import Delivery
from services.notify.domain.templates import TEMPLATES
from services.notify.writing.company import Company
from services.notify.writing.mail import LetterWriter
from services.notify.writing.messages import WritingError
from services.notify.writing.phrases import MILESTONES, RULES
from services.notify.writing.short import (
    ADDRESS_LENGTH,
    MOST_SEGMENTS,
    ShortWriter,
    plain,
    segments,
)
from tests.unit.notify.builders import (
    A_COMPANY,
    GATHERED,
    a_delivery,
    a_person,
)

PUBLIC = "https://limber.example"
SHORT = ShortWriter(public_url=PUBLIC, company=A_COMPANY)
MAILS = LetterWriter(sender="Limber <hello@limber.example>", public_url=PUBLIC, company=A_COMPANY)

TEXTS = [name for name, template in TEMPLATES.items() if "sms" in template.channels]
NOTES = [name for name, template in TEMPLATES.items() if "push" in template.channels]

ABOUT_HEALTH = (
    *("pain", "hurt", "douleur", "mal ", "flare", "poussée", "stiff", "raideur", "arthr", "back "),
    *("symptom", "red flag", "/10", "clearance", "medical", "médecin", "doctor"),
)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("role", ["client", "trainer", "lead"])
@pytest.mark.parametrize("template", TEXTS)
def test_a_text_fits_names_its_sender_and_leads_to_a_page(
    template: str, role: str, language: str
) -> None:
    person = a_person(language=language, role=role, tz="America/Argentina/Buenos_Aires")
    # The longest date that either language has.
    start = {"start": "2026-09-30T22:45:00+00:00", "until": "2026-09-23T22:40:00+00:00"}
    delivery = a_delivery(template, person=person)
    delivery = replace(delivery, detail=delivery.detail | start)

    text = SHORT.sms(delivery)

    assert text is not None
    assert segments(text) <= MOST_SEGMENTS
    assert text.isprintable()
    assert text == plain(text)
    assert text.startswith("Limber: ")
    assert f"{PUBLIC}/" in text
    assert (role == "client") == ("STOP" in text or "ARRET" in text)


@pytest.mark.parametrize("template", TEXTS)
def test_even_the_longest_address_leaves_room_for_the_text(template: str) -> None:
    public = "https://" + "x" * (ADDRESS_LENGTH - len("https://") - len("Limber"))
    short = ShortWriter(public_url=public, company=A_COMPANY)

    for language in ("en", "fr"):
        text = short.sms(a_delivery(template, person=a_person(language=language)))

        assert text is not None
        assert segments(text) <= MOST_SEGMENTS


def test_an_address_that_leaves_no_room_stops_the_start() -> None:
    with pytest.raises(ValueError, match="too long"):
        ShortWriter(public_url="https://" + "x" * ADDRESS_LENGTH, company=A_COMPANY)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("template", NOTES)
def test_a_push_note_is_short_and_newer_ones_replace_it(template: str, language: str) -> None:
    delivery = a_delivery(template, person=a_person(language=language))

    note, newer = SHORT.push(delivery), SHORT.push(replace(delivery, subject_version=9))

    assert note is not None
    assert newer is not None
    assert 0 < len(note.title) <= 50
    assert 0 < len(note.body) <= 120
    assert note.url.startswith(f"{PUBLIC}/")
    assert note.tag == newer.tag
    assert len(json.dumps(vars(note))) < 1000


def test_what_has_no_short_words_says_so_and_a_fault_names_nobody() -> None:
    assert SHORT.sms(a_delivery("milestone")) is None
    assert SHORT.push(a_delivery("booking-confirmed")) is None
    with pytest.raises(WritingError) as fault:
        SHORT.sms(a_delivery("reminder-2h", detail={"start": "Ada"}))
    assert "Ada" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 135, 3),
    ],
)
def test_parts_are_counted_as_companies_count_them(text: str, parts: int) -> None:
    assert parts == segments(text)


def test_letters_that_telephones_lack_lose_their_accent_alone() -> None:
    assert "\"aout\" c'est a l'etage... é è à ù" == plain("«août» c\u2019est â l'êtage… é è à ù")


NASTY = st.text(st.characters(exclude_categories=["Cs"]), max_size=1500)


def every_private_word(delivery: Delivery, name: str) -> Delivery:
    """The delivery with that name wherever a name, a place or a note could come from."""
    gathered: Any = GATHERED.get(delivery.template)
    if delivery.template == "trainer-agenda":
        gathered = gathered | {
            "sessions": [
                one | {"client_name": name, "address": name} for one in gathered["sessions"]
            ]
        }
    if delivery.template == "weekly-summary":
        gathered = gathered | {"next": gathered["next"] | {"with_name": name}}
    assert delivery.access is not None
    return replace(
        delivery,
        person=a_person(name=name),
        access=replace(delivery.access, with_name=name, address=name),
        other_name=name,
        gathered=gathered,
        detail=delivery.detail | {"note": name, "pain": 9, "condition": "osteoarthritis"},
    )


@settings(max_examples=25)
@given(NASTY)
@example('Ada "A" <b>\r\nBcc: x@example.org, \\ S;T=1')
@example("\u202eAda\u2066\u200f\x00\x1b[31m")
@example("x" * 1500)
@example("%(name)s {{ 7*7 }} {% raw %}")
def test_no_subject_text_or_note_changes_with_a_name_a_place_or_a_note(name: str) -> None:
    for template in TEMPLATES:
        usual, nasty = (
            every_private_word(a_delivery(template), one) for one in ("Ada Sample", name)
        )

        assert MAILS.words(usual).subject == MAILS.words(nasty).subject
        assert SHORT.sms(usual) == SHORT.sms(nasty)
        assert SHORT.push(usual) == SHORT.push(nasty)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_no_subject_text_or_note_speaks_of_health(template: str, language: str) -> None:
    for changes in (
        *({"code": code} for code in (*MILESTONES, "new")),
        *({"rule": rule} for rule in (*RULES, "new")),
        *({"what": what} for what in ("flare", "missed", "support")),
        *({"level": level} for level in ("stop", "hold", "emergency")),
    ):
        delivery = a_delivery(template, person=a_person(language=language))
        delivery = replace(delivery, detail=delivery.detail | changes)
        note = SHORT.push(delivery)
        told = [MAILS.words(delivery).subject, SHORT.sms(delivery) or ""]
        told += [note.title, note.body] if note else []

        for words in told:
            assert not [word for word in ABOUT_HEALTH if word in words.lower()]
            for private in ("Ada", "Maya", "Main Street", "123456"):
                assert private not in words


def test_a_company_of_another_name_signs_its_texts() -> None:
    short = ShortWriter(public_url=PUBLIC, company=Company("Souple", "Québec", "a@b.example"))

    assert str(short.sms(a_delivery("safety-alert"))).startswith("Souple: ")
