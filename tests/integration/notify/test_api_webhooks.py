"""Webhooks as staff set them up, look at them and have facts told again."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.postgres import Database
from tests.integration.notify.post_office import Notify
from tests.integration.notify.staff_door import (
    LEAD_TOKEN,
    TYPES,
    Door,
    a_door,
)
from tests.unit.notify.builders import (
    NOW,
)

URL = "https://partner.example/limber"


@pytest.fixture
async def door(notify: Notify, notify_db: Database) -> AsyncIterator[Door]:
    async with a_door(notify, notify_db) as found:
        yield found


async def test_a_webhook_is_made_shown_changed_and_removed(door: Door, notify: Notify) -> None:
    fields = {"name": "Clinic", "url": URL, "types": ["booking.confirmed.v1"]}

    made = await door.post("/v1/webhooks", fields)
    place = f"/v1/webhooks/{made.json()['id']}"
    shown = await door.get(place)
    changed = await door.client.patch(
        place, json={"state": "paused"}, headers={"Authorization": f"Bearer {LEAD_TOKEN}"}
    )
    secret = await door.post(f"{place}/secret")
    listed = await door.get("/v1/webhooks")
    removed = await door.client.delete(place, headers={"Authorization": f"Bearer {LEAD_TOKEN}"})

    assert 201 == made.status_code
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in shown.json()
    assert ("paused", "staff", 2) == tuple(
        changed.json()[name] for name in ("state", "paused_because", "version")
    )
    assert secret.json()["secret"] not in {made.json()["secret"], None}
    assert [made.json()["id"]] == [one["id"] for one in listed.json()["items"]]
    assert (204, 404) == (removed.status_code, (await door.get(place)).status_code)
    log = await notify.rows("select what from staff_log order by id")
    assert ["webhook-add", "webhook-change", "webhook-secret", "webhook-remove"] == [
        row["what"] for row in log
    ]
    assert (await door.get("/v1/webhook-types")).json()["items"] == [
        {"type": one, "meaning": told} for one, told in TYPES.items()
    ]


HARMFUL: list[dict[str, Any]] = [
    {"url": "http://partner.example/"},
    {"url": "http://127.0.0.1:1/"},
    {"url": "https://127.0.0.1/"},
    {"url": "https://localhost/"},
    {"url": "https://10.0.0.1/"},
    {"url": "https://192.168.1.1/"},
    {"url": "https://169.254.169.254/latest"},
    {"url": "https://100.64.0.1/"},
    {"url": "https://[::1]/"},
    {"url": "https://[fd00::1]/"},
    {"url": "https://[::ffff:10.0.0.1]/"},
    {"url": "https://[64:ff9b::a00:1]/"},
    {"url": "https://user:secret@partner.example/"},
    {"url": "https://partner.example/#x"},
    {"url": "https://partner.example/a b"},
    {"url": "https://partner.example:99999/"},
    {"url": "https://"},
    {"url": "https://\u00e9.example/"},
    {"url": "file:///etc/passwd"},
    {"url": "https://partner.example/" + "x" * 2000},
    {"types": []},
    {"types": ["contact.changed.v1"]},
    {"types": ["\0"]},
    {"name": " "},
    {"name": None},
    {"more": 1},
]


async def test_a_webhook_that_could_do_harm_is_refused(door: Door, notify: Notify) -> None:
    fields = {"name": "Clinic", "url": URL, "types": ["booking.confirmed.v1"]}

    answers = [(await door.post("/v1/webhooks", fields | one)).status_code for one in HARMFUL]

    assert dict(enumerate([422] * len(HARMFUL))) == dict(enumerate(answers))
    assert [] == await notify.rows("select from webhooks")


async def test_there_is_room_for_so_many_webhooks_and_no_more(
    door: Door, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.api.webhooks.MOST_WEBHOOKS", 2)
    fields = {"name": "Clinic", "url": URL, "types": ["booking.confirmed.v1"]}

    answers = [await door.post("/v1/webhooks", fields) for _ in range(3)]

    assert [201, 201, 409] == [answer.status_code for answer in answers]


async def test_the_log_of_a_webhook_shows_every_request_and_a_replay_queues_it_again(
    door: Door, notify: Notify
) -> None:
    made = await door.post(
        "/v1/webhooks", {"name": "Clinic", "url": URL, "types": ["booking.confirmed.v1"]}
    )
    webhook, delivery, fact = UUID(made.json()["id"]), uuid4(), uuid4()
    async with notify.db.transaction() as tx:
        await tx.execute(
            "insert into webhook_facts values ($1, '/limber/booking', 'e1',"
            " 'booking.confirmed.v1', $2, '{}')",
            fact,
            NOW,
        )
        await tx.execute(
            "insert into webhook_deliveries (id, webhook_id, fact_id, state, attempts, next_at,"
            " give_up_at, created_at, updated_at) values ($1, $2, $3, 'failed', 1, $4, $4, $4, $4)",
            delivery,
            webhook,
            fact,
            NOW,
        )
        await tx.execute(
            "insert into webhook_attempts values ($1, 1, $2, $2, 'refused', 500, null)",
            delivery,
            NOW,
        )
    place = f"/v1/webhooks/{webhook}"

    (shown,) = (await door.get(f"{place}/deliveries", state="failed")).json()["items"]
    one = await door.post(f"{place}/replay", {"delivery": str(delivery)})
    since = await door.post(f"{place}/replay", {"since": "2026-11-01T00:00:00Z"})
    wrong = [
        await door.post(f"{place}/replay", body)
        for body in ({}, {"delivery": str(delivery), "since": "2026-11-01T00:00:00Z"})
    ]
    stranger = await door.post(f"{place}/replay", {"delivery": str(uuid4())})

    assert ("e1", "failed", str(delivery)) == (shown["event_id"], shown["state"], shown["id"])
    (attempt,) = shown["tries"]
    assert ("refused", 500, "2026-11-23T15:00:00Z") == (
        attempt["result"],
        attempt["status"],
        attempt["started_at"],
    )
    assert (202, {"queued": 1}) == (one.status_code, one.json())
    assert {"queued": 0} == since.json()
    assert [422, 422] == [answer.status_code for answer in wrong]
    assert 404 == stranger.status_code
    assert ["webhooks", "webhooks"] == door.woken
