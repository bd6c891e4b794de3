"""Reports of providers: signed, fresh, each once; and what they make of addresses."""

import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.keywords import read
from shared.contracts.contacts import Grant
from shared.postgres import Database
from shared.signatures import TOLERANCE_S, signed
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.staff_door import Door, a_door
from tests.unit.notify.builders import NOW, a_contact, a_fact

PHONE = "+14165550123"


@pytest.fixture
async def door(notify: Notify, notify_db: Database) -> AsyncIterator[Door]:
    async with a_door(notify, notify_db) as found:
        yield found


async def _a_sent_mail(notify: Notify, office: PostOffice) -> tuple[str, str]:
    """Id and Message-ID of a confirmation that went out."""
    await notify.hear(a_contact(phone=PHONE), a_fact())
    await notify.send()
    (row,) = await notify.rows(
        "select id from deliveries where template = 'booking-confirmed' and state = 'sent'"
    )
    (mail,) = (m for m in office.mails if m["X-Limber-Template"] == "booking-confirmed")
    return str(row["id"]), mail["Message-ID"]


async def test_a_mail_that_comes_back_is_bounced_and_its_address_takes_nothing_more(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    _, message = await _a_sent_mail(notify, office)

    answer = await door.report(
        {"kind": "bounced", "message": message, "permanent": True, "code": "5.1.1"}
    )

    assert (202, 1) == (answer.status_code, answer.json()["taken"])
    assert "bounced" == (await notify.states())["booking-confirmed", 1]
    (row,) = await notify.rows("select address, reason, evidence from suppressions")
    assert ("ada@example.org", "hard-bounce", "mail reports 5.1.1") == tuple(row)
    assert ("message.failed.v1", "booking-confirmed") in await notify.told()


async def test_a_message_is_known_by_the_providers_name_and_by_its_own_id(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    message_id, _ = await _a_sent_mail(notify, office)
    async with notify.db.transaction() as tx:
        await tx.execute(
            "update attempts set reference = 'SM42' where delivery_id = $1", message_id
        )

    soft = {"kind": "bounced", "permanent": False}
    answers = [
        await door.report(soft | {"message": name}, provider="sms")
        for name in ("SM42", message_id, "SM43")
    ]

    assert [(1, 0), (1, 0), (0, 1)] == [
        (answer.json()["nothing_to_do"], answer.json()["unknown"]) for answer in answers
    ]
    assert [] == await notify.rows("select from suppressions")


async def test_a_delivery_report_ends_the_doubt_about_a_message(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    message_id, message = await _a_sent_mail(notify, office)
    async with notify.db.transaction() as tx:
        await tx.execute("update deliveries set state = 'unknown' where id = $1", message_id)

    answer = await door.report({"kind": "delivered", "message": message})

    assert 1 == answer.json()["taken"]
    assert "sent" == (await notify.states())["booking-confirmed", 1]


async def test_after_a_complaint_only_what_is_essential_goes_there(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    _, message = await _a_sent_mail(notify, office)

    await door.report({"kind": "complained", "message": message})
    await notify.hear(a_fact(version=2, start=NOW + timedelta(days=2)))
    notify.now = NOW + timedelta(days=1, minutes=1)
    await notify.send()

    states = await notify.states()
    assert "sent" == states["booking-confirmed", 2]
    assert "cancelled" == states["reminder-24h", 2]


async def test_a_report_counts_once_however_often_it_comes(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    told = {"kind": "inbound", "from": PHONE, "text": "HELP"}

    first = await door.report(told, provider="sms", report_id="r1")
    again = await door.report(told, provider="sms", report_id="r1")
    other = await door.report(told, provider="mail", report_id="r1")

    assert [(False, True), (True, False), (False, True)] == [
        (answer.json()["repeated"], answer.json()["reply"] is not None)
        for answer in (first, again, other)
    ]


async def test_what_is_not_signed_or_not_now_is_refused_and_changes_nothing(
    door: Door, notify: Notify
) -> None:
    told = {"kind": "inbound", "from": PHONE, "text": "STOP"}
    now = time.time()

    answers = [
        await door.report(told, provider="sms", at_s=now - TOLERANCE_S - 5),
        await door.report(told, provider="sms", at_s=now + TOLERANCE_S + 5),
        await door.report(told, provider="sms", headers={"webhook-signature": "v1,AAAA"}),
        await door.report(told, provider="sms", headers={"webhook-id": "another"}),
        await door.post("/v1/callbacks/sms", {"reports": [told]}),
    ]

    assert [401] * 5 == [answer.status_code for answer in answers]
    assert ["application/problem+json"] * 5 == [a.headers["content-type"] for a in answers]
    assert 404 == (await door.report(told, provider="nobody")).status_code
    assert [] == await notify.rows("select from suppressions")
    assert [] == await notify.rows("select from callbacks_seen")


UNREADABLE = [
    (b"{", 400),
    (b"[]", 422),
    (b'{"reports": []}', 422),
    (b'{"reports": [{"kind": "opened", "message": "x"}]}', 422),
    (b'{"reports": [{"kind": "delivered", "message": "x", "more": 1}]}', 422),
    (b'{"reports": [{"kind": "bounced", "message": "x", "permanent": 1}]}', 422),
    (b'{"reports": [{"kind": "complained"}]}', 422),
    (b'{"reports": [{"kind": "inbound", "from": "nobody", "text": "STOP"}]}', 422),
    (b'{"reports": [{"kind": "delivered", "message": "\\u0000"}]}', 422),
]


async def test_a_body_that_says_nothing_readable_is_refused_whole(
    door: Door, notify: Notify
) -> None:
    for body, status in UNREADABLE:
        headers = signed([door.secret], "r1", int(time.time()), body)

        answer = await door.client.post("/v1/callbacks/mail", content=body, headers=headers)

        assert (body, status) == (body, answer.status_code)
    assert [] == await notify.rows("select from callbacks_seen")


async def test_stop_by_sms_stops_texts_until_start(door: Door, notify: Notify) -> None:
    grant = Grant(message_class="service", channel="sms", granted=True, basis="express", at=NOW)
    await notify.hear(a_contact(phone=PHONE, grants=(grant,)))

    stopped = await door.report(_text("Arrêt !"), provider="sms")
    (row,) = await notify.rows(
        "select channel, address, reason, evidence, lifted_at from suppressions"
    )
    started = await door.report(_text(" start "), provider="sms")
    (after,) = await notify.rows("select lifted_at, lifted_by, lifted_why from suppressions")

    assert [1, 1] == [stopped.json()["taken"], started.json()["taken"]]
    assert ("sms", PHONE, "stop", "ARRET by SMS", None) == tuple(row)
    assert (NOW, "recipient", "START by SMS") == tuple(after)
    told = await notify.rows("select type, payload::jsonb as payload from outbox order by seq")
    assert ["recipient.suppressed.v1", "recipient.restored.v1"] == [
        row["type"] for row in told if row["type"].startswith("recipient.")
    ]
    assert not any("4165550123" in json.dumps(row["payload"]) for row in told)


async def test_help_is_answered_by_one_text_that_says_who_writes(door: Door) -> None:
    english = (await door.report(_text("help"), provider="sms")).json()["reply"]
    french = (await door.report(_text("Aide?"), provider="sms")).json()["reply"]

    assert [True, True] == [english.startswith("Limber: "), french.startswith("Limber : ")]
    assert [True, True] == ["STOP" in english, "ARRET" in french]
    assert [True, True] == ["hello@limber.example" in text for text in (english, french)]
    assert all(len(text) <= 160 for text in (english, french))


async def test_a_text_to_a_person_is_no_keyword(door: Door, notify: Notify) -> None:
    answer = await door.report(_text("Can I start at nine?"), provider="sms")

    assert {"taken": 0, "nothing_to_do": 1, "unknown": 0, "repeated": False, "reply": None} == (
        answer.json()
    )
    assert [] == await notify.rows("select from suppressions")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("STOP", "STOP"),
        ("stop.", "STOP"),
        ("Stop please", "STOP"),
        ("arrêter", "ARRETER"),
        ("DÉSABONNER", "DESABONNER"),
        ("Cancel", "CANCEL"),
        ("cancel my session", None),
        ("fin", "FIN"),
        ("the end", None),
        ("start", "START"),
        ("début", "DEBUT"),
        ("HELP!!", "HELP"),
        ("aide-moi", None),
        ("stopping by later", None),
        ("", None),
        ("👍", None),
    ],
)
def test_keywords_are_read_as_people_write_them(text: str, word: str | None) -> None:
    found = read(text)

    assert word == (found.word if found else None)


def _text(text: str) -> dict[str, Any]:
    return {"kind": "inbound", "from": PHONE, "text": text}
