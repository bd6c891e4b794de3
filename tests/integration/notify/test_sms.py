"""Texts, handed to a real HTTP server that behaves as the big companies do."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from services.notify.channels import sms
from services.notify.channels.sms import SmsLine, SmsProvider, Text, sms_channel, sms_providers
from services.notify.domain.outcome import Outcome
from services.notify.writing.company import Company
from services.notify.writing.messages import WritingError
from services.notify.writing.short import ShortWriter
from tests.integration.notify.partner import Partner, Says
from tests.unit.notify.builders import NOW, a_delivery, a_person

OPEN: list[SmsLine] = []
TEXT = Text("+14165550123", "Limber: votre séance est demain à 10 h 00.")


@pytest.fixture
async def company() -> AsyncIterator[Partner]:
    async with Partner() as found:
        yield found


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[list[SmsLine]]:
    """The lines of a test; all are let go at its end."""
    OPEN.clear()
    yield OPEN
    for line in OPEN:
        line.close()


def _line(company: Partner, extra: str = "") -> SmsLine:
    url = f"http://account:p%40ss@127.0.0.1:{company.port}/Messages?from=%2B16135550100{extra}"
    (provider,) = sms_providers(url)
    OPEN.append(provider.line())
    return OPEN[-1]


async def test_a_text_is_a_form_with_the_account_and_one_key_for_all_its_attempts(
    company: Partner,
) -> None:
    company.otherwise = Says(201, json.dumps({"sid": "SM123", "status": "queued"}).encode())
    delivery = a_delivery(id=uuid4(), channel="sms")

    outcomes = [await _line(company).send(delivery, TEXT) for _ in range(2)]

    assert [Outcome("accepted", 201, reference="SM123")] * 2 == outcomes
    first, second = company.heard
    told = {"To": [TEXT.to], "From": ["+16135550100"], "Body": [TEXT.body]}
    assert told == parse_qs(first.body.decode())
    account = base64.b64encode(b"account:p@ss").decode()
    assert f"Basic {account}" == first.headers["Authorization"]
    assert str(delivery.id) == first.headers["Idempotency-Key"]
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert "/Messages" == first.path


async def test_a_company_may_want_json(company: Partner) -> None:
    company.otherwise = Says(201, b'{"sid": "x"}')

    await _line(company, "&form=json&region=ca").send(a_delivery(channel="sms"), TEXT)

    (heard,) = company.heard
    assert {"to": TEXT.to, "from": "+16135550100", "body": TEXT.body} == json.loads(heard.body)
    assert "/Messages?region=ca" == heard.path


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Says(202), Outcome("accepted", 202)),
        (Says(200, b"<html>"), Outcome("accepted", 200)),
        (Says(400, b'{"code": 21610}'), Outcome("bounced", 400, "21610")),
        (Says(400, b'{"code": 21211}'), Outcome("bounced", 400, "21211")),
        (Says(400, b'{"code": 21617}'), Outcome("refused", 400, "21617")),
        (Says(422, b"[[["), Outcome("refused", 422)),
        (Says(401, b'{"code": 20003}'), Outcome("busy", 401, "20003")),
        (
            Says(429, b'{"code": 20429}', {"Retry-After": "7"}),
            Outcome("busy", 429, "20429", retry_after=timedelta(seconds=7)),
        ),
        (Says(503), Outcome("busy", 503)),
        (Says(302, b"", {"Location": "http://127.0.0.1:1/"}), Outcome("refused", 302)),
        ("drop", Outcome("unknown")),
    ],
)
async def test_each_answer_has_its_meaning(
    company: Partner, said: Says | str, outcome: Outcome
) -> None:
    company.otherwise = said

    assert outcome == await _line(company).send(a_delivery(channel="sms"), TEXT)
    assert 1 == len(company.heard)


async def test_a_silent_company_leaves_the_fate_of_a_text_unknown(
    company: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "ANSWER_TIMEOUT_S", 0.2)
    company.otherwise = "hang"

    assert Outcome("unknown") == await _line(company).send(a_delivery(channel="sms"), TEXT)


async def test_a_company_that_is_away_took_nothing() -> None:
    async with Partner() as company:
        line = _line(company)

    assert Outcome("unreachable") == await line.send(a_delivery(channel="sms"), TEXT)


async def test_an_endless_answer_is_not_read_to_its_end(company: Partner) -> None:
    company.otherwise = Says(201, b" " * 2**20)

    assert Outcome("accepted", 201) == await _line(company).send(a_delivery(channel="sms"), TEXT)


def test_a_text_goes_to_the_number_of_who_has_one() -> None:
    writer = ShortWriter(
        public_url="https://limber.test", company=Company("Limber", "Toronto", "a@limber.example")
    )
    channel = sms_channel((), writer)
    known = a_delivery("reminder-2h", channel="sms", person=a_person(phone=TEXT.to))

    text = channel.write(known, NOW)

    assert TEXT.to == text.to
    assert text.body.startswith("Limber: ")
    with pytest.raises(WritingError):
        channel.write(a_delivery("reminder-2h", channel="sms"), NOW)


def test_the_name_of_a_company_holds_no_password() -> None:
    (provider,) = sms_providers("https://account:secret@sms.example/m?from=Limber&rate=5")

    expected = SmsProvider(
        "https://sms.example/m", "Limber", per_second=5.0, username="account", password="secret"
    )
    assert expected == provider
    assert "sms.example:443" == provider.name
    assert "secret" not in repr(provider)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://sms.example/?from=1",
        "http://sms.example/?from=1",
        "https://sms.example/",
        "https:///m?from=1",
        "https://u:secret@sms.example/?from=1&form=xml",
    ],
)
def test_an_address_that_makes_no_sense_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="SMS address") as refusal:
        sms_providers(url)

    assert "secret" not in str(refusal.value)
