"""Facts told to partners: signed, once, replayed; and never into our own network."""

import json
import time
from datetime import timedelta

import asyncpg
import pytest

from services.notify.channels import webhooks as channel
from services.notify.channels.webhooks import WebhookMetrics, WebhookSender
from services.notify.store import webhook_queue
from services.notify.store import webhooks as store
from shared.contracts.booking import BookingCancelled, BookingConfirmed
from shared.contracts.contacts import ContactChanged
from shared.signatures import SignatureError, new_secret, verify
from shared.telemetry import Metrics
from tests.integration.notify.partner import Partner, Says
from tests.integration.notify.telling import CONFIRMED, SENT, Telling, a_message_sent, fits
from tests.unit.notify.builders import CLIENT, NOW, a_contact, a_fact


async def test_a_partner_is_told_what_it_wants_signed_and_once(
    telling: Telling, partner: Partner
) -> None:
    secret = new_secret()
    await telling.partner(f"{partner.url}/limber?a=b%20c", [CONFIRMED], secret)

    await telling.hear(a_fact(), a_fact(BookingConfirmed, version=2), a_message_sent(), a_contact())
    await telling.send()

    assert [CONFIRMED, CONFIRMED, ContactChanged.type] == telling.handled
    assert 2 == telling.woken == len(partner.heard)
    assert ["/limber?a=b%20c"] * 2 == [heard.path for heard in partner.heard]
    ids = [
        verify([secret], heard.headers, heard.body, now_s=time.time()) for heard in partner.heard
    ]
    assert 2 == len(set(ids))
    told = json.loads(partner.heard[0].body)
    assert {"id", "type", "timestamp", "data"} == set(told)
    assert (CONFIRMED, "2026-11-23T15:00:00Z") == (told["type"], told["timestamp"])
    assert str(CLIENT) == told["data"]["client_id"]
    assert ["delivered"] * 2 == await telling.states()
    with pytest.raises(SignatureError):
        verify([new_secret()], partner.heard[0].headers, partner.heard[0].body, now_s=time.time())


async def test_nobody_is_told_what_happened_before_they_asked(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)

    await telling.hear(a_fact(), at=telling.now - timedelta(minutes=1))
    await telling.send()

    assert [] == partner.heard


async def test_a_webhook_made_between_two_facts_hears_the_second(
    telling: Telling, partner: Partner
) -> None:
    await telling.hear(a_fact())
    telling.now += timedelta(seconds=5)
    await telling.partner(partner.url)
    await telling.hear(a_fact(version=2))
    await telling.send()

    assert [2] == [json.loads(heard.body)["data"]["version"] for heard in partner.heard]


@pytest.mark.parametrize(
    ("said", "result", "status"),
    [
        (Says(500), "refused", 500),
        (Says(400), "refused", 400),
        (Says(302, b"", {"Location": "http://127.0.0.1:1/"}), "refused", 302),
        ("drop", "lost", None),
        ("hang", "lost", None),
    ],
)
async def test_what_a_partner_does_not_take_comes_again_under_the_same_id(
    telling: Telling,
    partner: Partner,
    monkeypatch: pytest.MonkeyPatch,
    said: Says | str,
    result: str,
    status: int | None,
) -> None:
    monkeypatch.setattr(channel, "ANSWER_TIMEOUT_S", 0.3)
    await telling.partner(partner.url)
    partner.script = [said]
    await telling.hear(a_fact())

    await telling.send()
    assert ["waiting"] == await telling.states()
    telling.now += timedelta(minutes=1)
    await telling.send()

    first, second = partner.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    attempts = await telling.rows("select result, status from webhook_attempts order by number")
    assert [(result, status), ("delivered", 200)] == [tuple(attempt) for attempt in attempts]


async def test_a_paused_webhook_gets_by_replay_what_it_missed(
    telling: Telling, partner: Partner
) -> None:
    webhook = await telling.partner(partner.url)
    async with telling.db.transaction() as tx:
        await store.change(tx, webhook, {"paused_because": "staff"}, now=telling.now)
    await telling.hear(a_fact())
    await telling.send()
    assert [] == partner.heard

    async with telling.db.transaction() as tx:
        await store.change(tx, webhook, {"paused_because": None}, now=telling.now)
        assert 1 == await webhook_queue.replay_since(tx, webhook, NOW, now=telling.now)
    await telling.send()

    assert 1 == len(partner.heard)


async def test_one_delivery_can_be_replayed_but_not_a_stranger_s(
    telling: Telling, partner: Partner
) -> None:
    webhook, other = await telling.partner(partner.url), await telling.partner(partner.url, [SENT])
    await telling.hear(a_fact())
    await telling.send()
    (row,) = await telling.rows("select id from webhook_deliveries")

    async with telling.db.transaction() as tx:
        assert None is await webhook_queue.replay_one(tx, other, row["id"], now=telling.now)
        assert True is await webhook_queue.replay_one(tx, webhook, row["id"], now=telling.now)
    await telling.send()

    assert 2 == len(partner.heard)


async def test_a_changed_secret_signs_beside_the_old_one_for_a_day(
    telling: Telling, partner: Partner
) -> None:
    old, new = new_secret(), new_secret()
    webhook = await telling.partner(partner.url, secret=old)
    async with telling.db.transaction() as tx:
        await store.change_secret(tx, webhook, new, old_for=timedelta(hours=24), now=telling.now)
    await telling.hear(a_fact())
    await telling.send()
    telling.now += timedelta(hours=25)
    await telling.hear(a_fact(version=2))
    await telling.send()

    first, second = partner.heard
    assert [True, True] == [fits(old, first), fits(new, first)]
    assert [False, True] == [fits(old, second), fits(new, second)]


async def test_no_webhook_leads_into_our_own_network(telling: Telling, partner: Partner) -> None:
    await telling.sender._outgoing.close()
    telling.sender = WebhookSender(
        telling.db, telling.clock, WebhookMetrics(Metrics().registry), lambda: None
    )
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "[::1]"):
        await telling.partner(f"http://{host}:{partner.port}/")
    await telling.hear(a_fact())

    await telling.send()

    assert [] == partner.heard
    faults = {row["fault"] for row in await telling.rows("select fault from webhook_attempts")}
    assert "private address" in faults


async def test_old_facts_are_forgotten_with_all_that_was_told_of_them(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)
    await telling.hear(a_fact())
    await telling.send()
    telling.now += timedelta(days=31)
    await telling.hear(a_fact(version=2))

    async with telling.db.transaction() as tx:
        await telling.sender.forget_old(tx)

    assert 1 == len(await telling.rows("select from webhook_facts"))
    assert ["waiting"] == await telling.states()


async def test_a_cancelled_booking_is_no_fact_for_who_did_not_ask(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url, [BookingCancelled.type])
    await telling.hear(a_fact())

    assert [] == await telling.rows("select from webhook_facts")


async def test_the_log_of_staff_is_only_ever_added_to(telling: Telling) -> None:
    async with telling.db.transaction() as tx:
        await tx.execute(
            "insert into staff_log (at, actor_id, actor_role, what)"
            " values (now(), $1, 'lead', 'x')",
            CLIENT,
        )
    for change in ("update staff_log set what = 'y'", "delete from staff_log"):
        with pytest.raises(asyncpg.RaiseError, match="only ever added to"):
            async with telling.db.transaction() as tx:
                await tx.execute(change)
