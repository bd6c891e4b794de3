"""Notify's API for staff: what they see of messages, and what they may change."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.paging import write_cursor
from shared.postgres import Database
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.staff_door import (
    LEAD,
    LEAD_TOKEN,
    OLD_TOKEN,
    STAFF,
    Door,
    a_door,
)
from tests.unit.notify.builders import (
    BOOKING,
    CLIENT,
    NOW,
    START,
    a_contact,
    a_fact,
    a_sign_in,
)


@pytest.fixture
async def door(notify: Notify, notify_db: Database) -> AsyncIterator[Door]:
    async with a_door(notify, notify_db) as found:
        yield found


async def _booked(notify: Notify) -> None:
    await notify.hear(a_contact(), a_fact())


async def _id_of(notify: Notify, template: str) -> str:
    (row,) = await notify.rows("select id from deliveries where template = $1", template)
    return str(row["id"])


async def test_only_staff_with_an_open_session_come_in(door: Door) -> None:
    tokens = [None, "", "stranger", OLD_TOKEN, "x" * 300, "\u00e9"]

    answers = [
        await door.client.request(
            method, path, headers=[] if token is None else [(b"authorization", _bearer(token))]
        )
        for token in tokens
        for method, path in (
            ("GET", "/v1/messages"),
            ("GET", f"/v1/messages/{uuid4()}/preview"),
            ("GET", "/v1/suppressions?address=a@b.example"),
            ("GET", "/v1/webhooks"),
            ("DELETE", f"/v1/webhooks/{uuid4()}"),
        )
    ]

    assert {401} == {answer.status_code for answer in answers}
    assert {"Bearer"} == {answer.headers["www-authenticate"] for answer in answers}


async def test_a_token_of_somebody_else_s_contact_opens_nothing(door: Door, notify: Notify) -> None:
    async with notify.db.transaction() as tx:
        await tx.execute("update contacts set role = 'trainer' where person_id = $1", STAFF)

    assert 401 == (await door.get("/v1/messages")).status_code
    assert 200 == (await door.get("/v1/messages", LEAD_TOKEN)).status_code


async def test_a_client_s_messages_are_listed_the_newest_first_and_the_look_is_on_record(
    door: Door, notify: Notify
) -> None:
    await _booked(notify)

    whole = (await door.get("/v1/messages", client=str(CLIENT))).json()
    first = (await door.get("/v1/messages", client=str(CLIENT), limit=2)).json()
    rest = (
        await door.get("/v1/messages", client=str(CLIENT), limit=2, cursor=first["next"])
    ).json()

    templates = [one["template"] for one in whole["items"]]
    assert {"booking-confirmed", "reminder-24h", "reminder-2h"} <= set(templates)
    assert whole["items"][:4] == first["items"] + rest["items"]
    assert sorted((one["id"] for one in whole["items"]), reverse=True) == [
        one["id"] for one in whole["items"]
    ]
    log = await notify.rows("select actor_id, actor_role, client_id, what, at from staff_log")
    assert [(STAFF, "staff", CLIENT, "messages", NOW)] * 3 == [tuple(row) for row in log]


async def test_messages_are_found_by_state_template_and_channel(door: Door, notify: Notify) -> None:
    await _booked(notify)
    await notify.send()

    sent = (await door.get("/v1/messages", state="sent")).json()["items"]
    reminders = (await door.get("/v1/messages", template="reminder-24h", channel="email")).json()

    assert {"sent"} == {one["state"] for one in sent}
    assert [(str(CLIENT), str(BOOKING))] == [
        (one["recipient_id"], one["booking_id"]) for one in reminders["items"]
    ]
    assert [] == (await door.get("/v1/messages", state="failed")).json()["items"]


async def test_a_search_that_makes_no_sense_is_refused(door: Door) -> None:
    searches: list[dict[str, Any]] = [
        {"client": "nobody"},
        {"state": "lost"},
        {"template": "'; drop"},
        {"channel": "pigeon"},
        {"limit": 0},
        {"cursor": "x"},
        {"cursor": write_cursor("a")},
    ]

    answers = [await door.get("/v1/messages", **search) for search in searches]

    assert [422] * len(searches) == [answer.status_code for answer in answers]


async def test_a_message_tells_when_it_will_go_out(door: Door, notify: Notify) -> None:
    await _booked(notify)

    message = (await door.get(f"/v1/messages/{await _id_of(notify, 'reminder-24h')}")).json()

    assert ("2026-11-25T15:00:00Z", None) == (message["will_go_out_at"], message["because"])
    assert [] == message["tries"]


async def test_a_message_tells_why_it_waits_and_how_it_was_tried(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    await _booked(notify)
    office.at_recipient = ["451 later"] * 4
    await notify.send()

    message = (await door.get(f"/v1/messages/{await _id_of(notify, 'booking-confirmed')}")).json()

    assert ("retrying", 1) == (message["state"], message["attempts"])
    (attempt,) = message["tries"]
    assert ("deferred", 451) == (attempt["outcome"], attempt["code"])
    assert attempt["provider"].startswith("127.0.0.1:")


async def test_a_preview_reads_as_the_mail_will_and_opens_nothing(
    door: Door, notify: Notify
) -> None:
    await _booked(notify)

    answer = await door.get(f"/v1/messages/{await _id_of(notify, 'reminder-24h')}/preview")

    preview = answer.json()
    assert 200 == answer.status_code
    assert ("en", "2026-11-25T15:00:00Z") == (preview["language"], preview["will_go_out_at"])
    assert "10:00" in preview["text"]
    assert "<html" in preview["html"]
    assert "manage-token" not in answer.text
    assert "calendar-token" not in answer.text
    log = await notify.rows("select what, client_id, subject_id from staff_log")
    assert [("preview", CLIENT)] == [(row["what"], row["client_id"]) for row in log]


async def test_a_preview_has_the_text_and_the_note_where_the_message_has_them(
    door: Door, notify: Notify
) -> None:
    await _booked(notify)
    path = f"/v1/messages/{await _id_of(notify, 'reminder-2h')}/preview"

    preview = (await door.get(path)).json()

    assert preview["sms"].startswith("Limber: ")
    assert {"title", "body", "url", "tag"} == set(preview["push"])


async def test_nobody_sees_another_s_sign_in_code(door: Door, notify: Notify) -> None:
    code = a_sign_in(NOW + timedelta(minutes=10))
    await notify.hear(a_contact(sign_in=code))

    answer = await door.get(f"/v1/messages/{await _id_of(notify, 'sign-in-code')}/preview")

    assert (403, "/problems/secret-message") == (answer.status_code, answer.json()["type"])
    assert code.code not in answer.text


async def test_a_message_to_somebody_unknown_has_no_preview_yet(door: Door, notify: Notify) -> None:
    await notify.hear(a_fact())

    path = f"/v1/messages/{await _id_of(notify, 'booking-confirmed')}"

    assert 409 == (await door.get(f"{path}/preview")).status_code
    assert (await door.get(path)).json()["because"].startswith("waits for")


async def test_a_reminder_can_be_called_off_once(door: Door, notify: Notify) -> None:
    await _booked(notify)
    path = f"/v1/messages/{await _id_of(notify, 'reminder-24h')}/cancel"

    done = await door.post(path, {"reason": "They asked by phone."}, LEAD_TOKEN)
    again = await door.post(path, {"reason": "Once more."}, LEAD_TOKEN)
    notify.now = START - timedelta(hours=23)
    await notify.send()

    assert (200, "cancelled") == (done.status_code, done.json()["state"])
    assert (409, "/problems/too-late") == (again.status_code, again.json()["type"])
    assert "cancelled" == (await notify.states())["reminder-24h", 1]
    assert ("message.cancelled.v1", "reminder-24h") in await notify.told()
    log = await notify.rows("select actor_id, what, why from staff_log")
    assert [(LEAD, "cancel", "They asked by phone.")] == [tuple(row) for row in log]
    told = await notify.rows("select payload from outbox")
    assert not any("by phone" in row["payload"] for row in told)


async def test_what_people_depend_on_cannot_be_called_off(door: Door, notify: Notify) -> None:
    await _booked(notify)

    answer = await door.post(
        f"/v1/messages/{await _id_of(notify, 'booking-confirmed')}/cancel", {"reason": "x"}
    )

    assert (409, "/problems/essential-message") == (answer.status_code, answer.json()["type"])
    assert "scheduled" == (await notify.states())["booking-confirmed", 1]


async def test_a_reason_has_to_be_given(door: Door, notify: Notify) -> None:
    await _booked(notify)
    path = f"/v1/messages/{await _id_of(notify, 'reminder-24h')}/cancel"

    bodies: list[Any] = [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "y": 1}]
    answers = [await door.post(path, body) for body in bodies]

    assert [422] * 4 == [answer.status_code for answer in answers]


async def test_what_does_not_exist_is_not_found_and_leaves_no_trace(
    door: Door, notify: Notify
) -> None:
    nothing = uuid4()

    answers = [
        await door.get(f"/v1/messages/{nothing}"),
        await door.get(f"/v1/messages/{nothing}/preview"),
        await door.post(f"/v1/messages/{nothing}/cancel", {"reason": "x"}),
        await door.post(f"/v1/suppressions/{nothing}/lift", {"reason": "x"}),
        await door.get(f"/v1/webhooks/{nothing}"),
        await door.get(f"/v1/webhooks/{nothing}/deliveries"),
        await door.post(f"/v1/webhooks/{nothing}/secret"),
        await door.post(f"/v1/webhooks/{nothing}/replay", {"since": "2026-11-01T00:00:00Z"}),
    ]

    assert [404] * len(answers) == [answer.status_code for answer in answers]
    assert [] == await notify.rows("select from staff_log")


async def test_staff_see_why_an_address_takes_nothing_and_may_lift_it(
    door: Door, notify: Notify, office: PostOffice
) -> None:
    office.at_recipient = ["550 5.1.1 no such user"]
    await _booked(notify)
    await notify.send()

    (found,) = (await door.get("/v1/suppressions", address=" ADA@example.org ")).json()["items"]
    lifted = await door.post(
        f"/v1/suppressions/{found['id']}/lift", {"reason": "The mailbox is there again."}
    )
    again = await door.post(f"/v1/suppressions/{found['id']}/lift", {"reason": "x"})

    assert ("hard-bounce", "ada@example.org") == (found["reason"], found["address"])
    assert (200, str(STAFF)) == (lifted.status_code, lifted.json()["lifted_by"])
    assert 404 == again.status_code
    log = await notify.rows("select what, client_id from staff_log order by id")
    assert [("suppressions", CLIENT), ("lift", CLIENT)] == [tuple(row) for row in log]


async def test_every_route_tells_what_it_answers(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()

    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert {"401", "503"} <= operation["responses"].keys(), (method, path)
            if path != "/v1/callbacks/{provider}":
                assert [{"bearer": []}] == operation["security"], (method, path)


def _bearer(token: str) -> bytes:
    return b"Bearer " + token.encode()
