"""The catalogues: complete, or the build fails."""

from collections.abc import Callable
from gettext import NullTranslations
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from services.notify.domain.templates import TEMPLATES
from services.notify.writing import check, messages
from services.notify.writing.catalogue import translations
from services.notify.writing.check import extracted, faults
from services.notify.writing.mail import LetterWriter
from services.notify.writing.messages import CONTENT, LAYOUTS
from services.notify.writing.short import ShortWriter
from services.notify.writing.words import Words
from shared.zones import zone
from tests.unit.notify.builders import (
    A_COMPANY,
    NOW,
    a_delivery,
    a_delivery_of,
    a_person,
)

PUBLIC = "https://limber.example"


def test_every_language_says_every_message() -> None:
    assert [] == check.check()


def source() -> Catalog:
    found = Catalog()
    found.add("Hi %(name)s,")
    found.add(("%(count)s day", "%(count)s days"))
    return found


def translated() -> Catalog:
    found = Catalog(locale="fr_CA")
    found.add("Hi %(name)s,", "Bonjour %(name)s,")
    found.add(("%(count)s day", "%(count)s days"), ("%(count)s jour", "%(count)s jours"))
    return found


def test_a_whole_catalogue_has_no_faults() -> None:
    assert [] == faults(source(), translated(), "fr")


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (lambda c: c.delete("Hi %(name)s,"), 'fr: "Hi %(name)s," is missing'),
        (lambda c: c.add("Gone", "Parti"), 'fr: "Gone" is obsolete'),
        (
            lambda c: setattr(c["Hi %(name)s,"], "string", " "),
            'fr: "Hi %(name)s," is not translated',
        ),
        (
            lambda c: setattr(c["%(count)s day"], "string", ("%(count)s jour", "")),
            'fr: "%(count)s day" is not translated',
        ),
        (lambda c: c["Hi %(name)s,"].flags.add("fuzzy"), 'fr: "Hi %(name)s," is fuzzy'),
        (
            lambda c: setattr(c["Hi %(name)s,"], "string", "Bonjour %(nom)s,"),
            'fr: "Hi %(name)s," has other placeholders than %(name)s',
        ),
        (
            lambda c: setattr(c["Hi %(name)s,"], "string", "Bonjour %(name)s, 100 %"),
            'fr: "Hi %(name)s," has a stray percent sign',
        ),
        (
            lambda c: setattr(c["%(count)s day"], "string", ("un jour", "%(count)s jours")),
            'fr: "%(count)s day" has other placeholders than %(count)s',
        ),
    ],
)
def test_each_kind_of_fault_is_named(broken: Callable[[Catalog], Any], fault: str) -> None:
    catalogue = translated()
    broken(catalogue)

    assert [fault] == faults(source(), catalogue, "fr")


class Listening(NullTranslations):
    """Notes what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.asked.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)


def test_no_message_asks_for_words_that_the_catalogues_do_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = Listening()
    monkeypatch.setattr(messages, "translations", lambda: {"en": heard, "fr": heard})
    monkeypatch.setattr(messages, "_all_words", messages._all_words.__wrapped__)
    mails = LetterWriter(sender="L <l@limber.example>", public_url=PUBLIC, company=A_COMPANY)
    short = ShortWriter(public_url=PUBLIC, company=A_COMPANY)

    for template in TEMPLATES:
        person = a_person(role="clinician" if "clearance" in template else "client")
        for delivery in (
            a_delivery(template, person=person),
            a_delivery(template, person=person, access=None, other_name=None),
            a_delivery_of(template),
        ):
            mails.write(delivery, now=NOW)
            short.sms(delivery)
            short.push(delivery)

    known = {check._key(message) for message in extracted() if message.id}
    assert set() == heard.asked - known
    assert len(heard.asked) > 150


def test_there_is_one_template_for_each_message_and_none_for_others() -> None:
    files = {path.name for path in messages.TEMPLATES.iterdir()} - LAYOUTS

    assert set(TEMPLATES) == set(CONTENT)
    assert {f"{name}.j2" for name in TEMPLATES} == files


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_message_has_words_for_each_of_its_channels_and_no_others(name: str) -> None:
    blocks = messages.Messages(PUBLIC)

    channels = TEMPLATES[name].channels

    assert ("sms" in channels) == blocks.has(name, "sms")
    assert ("push" in channels) == blocks.has(name, "push_title") == blocks.has(name, "push_body")
    assert all(blocks.has(name, block) for block in ("subject", "preheader", "body"))


def test_days_and_times_read_as_people_write_them() -> None:
    known = {language: Words(language, found) for language, found in translations().items()}
    rules = zone("America/Toronto")
    first = NOW.replace(month=9, day=1, hour=13)

    assert "Tuesday, September 1, 9:00 a.m. EDT" == known["en"].moment(first, rules)
    assert "mardi 1er septembre, 9 h 00 HAE" == known["fr"].moment(first, rules)
    assert "lundi 23 novembre, 10 h 00 HNE" == known["fr"].moment(NOW, rules)
    # French has its own letters for American zones alone; rules newer than any library's count.
    assert "8 h 00 HNR" == known["fr"].time(NOW, zone("America/Vancouver"))
    assert "16 h 00 CET" == known["fr"].time(NOW, zone("Europe/Paris"))
    assert "20 h 45 UTC+05:45" == known["fr"].time(NOW, zone("Asia/Kathmandu"))
