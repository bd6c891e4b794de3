"""Facts told to partners: signed, retried, replayed, and never one partner at another's cost."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notify.channels import webhooks as channel
from services.notify.channels.webhooks import WebhookMetrics, WebhookSender
from services.notify.domain.webhooks import LANES, TRIED_FOR
from services.notify.handlers.webhooks import Webhooks
from services.notify.store import webhook_queue
from services.notify.store import webhooks as store
from shared.consumer import Handlers
from shared.contracts.booking import BookingCancelled, BookingConfirmed
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope, Event
from shared.contracts.messages import MessageSent
from shared.postgres import Database, Transaction
from shared.signatures import SignatureError, new_secret, verify
from shared.telemetry import Metrics
from tests.integration.notify.partner import Heard, Partner, Says
from tests.unit.notify.builders import CLIENT, NOW, a_contact, a_fact

CONFIRMED, SENT = BookingConfirmed.type, MessageSent.type
ALL = (CONFIRMED, SENT)


class Telling:
    """Notify as partners see it: facts in, requests out, with a clock that the test sets."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = NOW
        self.handled: list[str] = []
        self.woken = 0
        self.hearing = Webhooks(self.clock, self._wake).hearing(
            Handlers({BookingConfirmed: self._handle, ContactChanged: self._handle})
        )
        self.sender = self.another_sender()

    def another_sender(self) -> WebhookSender:
        return WebhookSender(
            self.db, self.clock, WebhookMetrics(Metrics().registry), lambda: None, inwards=True
        )

    def clock(self) -> datetime:
        return self.now

    async def partner(
        self, url: str, types: Sequence[str] = ALL, secret: str | None = None
    ) -> UUID:
        """A webhook made a moment before now."""
        async with self.db.transaction() as tx:
            made = await store.add(
                tx,
                store.Wish("a partner", url, types),
                secret or new_secret(),
                uuid4(),
                most=50,
                now=self.now - timedelta(seconds=1),
            )
        assert made is not None
        return made.id

    async def hear(self, *events: Event, at: datetime | None = None) -> None:
        for event in events:
            envelope: Envelope[Any] = Envelope(
                id=str(uuid4()),
                source="/limber/test",
                type=event.type,
                time=at or self.now,
                subject=None,
                data=event,
            )
            async with self.db.transaction() as tx:
                await self.hearing.events[type(event)](tx, envelope)

    async def send(self) -> None:
        """Send until nothing is due."""
        for _ in range(200):
            if not await self.sender.begin_due():
                return
            await self.sender.ended()
        raise AssertionError("something is due for ever")

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows("select state from webhook_deliveries")]

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        async with self.db.reading() as connection:
            found: list[Any] = await connection.fetch(sql, *arguments)
            return found

    async def _handle(self, _: Transaction, event: Envelope[Any]) -> None:
        self.handled.append(event.type)

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    async with Partner() as found:
        yield found


@pytest.fixture
async def telling(notify_db: Database) -> AsyncIterator[Telling]:
    found = Telling(notify_db)
    yield found
    await found.sender._outgoing.close()


def a_message_sent() -> MessageSent:
    return MessageSent(
        message_id=uuid4(),
        recipient_id=CLIENT,
        template="reminder-24h",
        channel="email",
        at=NOW,
    )


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


async def test_a_partner_that_asks_to_wait_is_left_alone_for_so_long(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)
    partner.script = [Says(429, b"", {"Retry-After": "120"})]
    await telling.hear(a_fact())
    await telling.send()

    await telling.hear(a_fact(version=2))
    telling.now += timedelta(seconds=119)
    await telling.send()
    assert 1 == len(partner.heard)

    telling.now += timedelta(seconds=60)
    await telling.send()
    assert 3 == len(partner.heard)


async def test_a_partner_that_fails_for_72_hours_is_paused_and_that_is_told(
    telling: Telling, partner: Partner
) -> None:
    webhook = await telling.partner(partner.url)
    partner.otherwise = Says(500)
    begun = telling.now
    await telling.hear(a_fact())
    tries = 0
    while telling.now - begun < TRIED_FOR + timedelta(hours=5):
        await telling.send()
        tries += 1
        telling.now += timedelta(hours=5)
        await telling.hear(a_fact(version=tries + 1))

    (row,) = await telling.rows("select state, paused_because, failing_since from webhooks")
    assert ("paused", "failing", begun) == tuple(row)
    (told,) = await telling.rows("select type, payload::jsonb as payload from outbox")
    assert ("webhook.paused.v1", str(webhook)) == (told["type"], told["payload"]["webhook_id"])
    heard = len(partner.heard)
    await telling.hear(a_fact(version=99))
    await telling.send()
    assert heard == len(partner.heard)


async def test_a_partner_that_says_gone_is_paused_at_once(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)
    partner.otherwise = Says(410)
    await telling.hear(a_fact())

    await telling.send()

    (row,) = await telling.rows("select state, paused_because from webhooks")
    assert ("paused", "gone") == tuple(row)


async def test_one_request_finds_out_whether_a_partner_is_back_and_then_all_goes_out(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)
    partner.otherwise = Says(503)
    await telling.hear(*(a_fact(version=n) for n in range(1, 21)))
    await telling.send()
    so_far = len(partner.heard)

    telling.now += timedelta(hours=1)
    await telling.send()
    assert so_far + 1 == len(partner.heard)

    partner.otherwise = Says(204)
    telling.now += timedelta(hours=1)
    await telling.send()
    assert ["delivered"] * 20 == await telling.states()
    # Those whose answers were awaited when the first failed; never the whole backlog.
    assert so_far <= 20


async def test_one_fact_that_a_partner_chokes_on_keeps_no_other_back(
    telling: Telling, partner: Partner
) -> None:
    await telling.partner(partner.url)
    partner.script = [Says(400)]
    await telling.hear(a_fact())
    await telling.send()
    await telling.hear(*(a_fact(version=n) for n in range(2, 12)))

    await telling.send()

    assert 11 == len(partner.heard)
    assert ["delivered"] * 10 + ["waiting"] == sorted(await telling.states())


async def test_what_was_not_taken_in_72_hours_is_given_up_and_can_be_replayed(
    telling: Telling, partner: Partner
) -> None:
    webhook = await telling.partner(partner.url)
    partner.script = [Says(400)]
    await telling.hear(a_fact(), a_fact(version=2))
    await telling.send()
    telling.now += TRIED_FOR
    await telling.sender.recover()
    assert ["delivered", "failed"] == sorted(await telling.states())

    async with telling.db.transaction() as tx:
        assert 2 == await webhook_queue.replay_since(tx, webhook, NOW, now=telling.now)
    await telling.send()

    assert ["delivered"] * 2 == await telling.states()
    ids = [heard.headers["webhook-id"] for heard in partner.heard]
    assert (4, 2) == (len(ids), len(set(ids)))


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


async def test_a_dead_and_a_slow_partner_keep_nobody_waiting(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "STOP_TIMEOUT_S", 0.1)
    facts = 50
    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(Partner(otherwise="hang"))
        slow = await stack.enter_async_context(Partner(otherwise="gate"))
        good = [await stack.enter_async_context(Partner()) for _ in range(8)]
        for one in (dead, slow, *good):
            await telling.partner(one.url)
        await telling.hear(*(a_fact(version=n) for n in range(1, facts + 1)))

        running = asyncio.create_task(telling.sender.run())
        try:
            # Neither the dead nor the slow one answers before all others have heard everything.
            for one in good:
                await one.has_heard(facts)
            assert [LANES, LANES] == [len(dead.heard), len(slow.heard)]
            slow.gate.set()
            await slow.has_heard(facts)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        assert LANES == len(dead.heard)
        assert LANES >= max(one.most_at_once for one in (dead, slow, *good))


async def test_two_processes_share_a_partner_s_lanes(telling: Telling) -> None:
    async with Partner(otherwise="gate") as slow:
        await telling.partner(slow.url)
        await telling.hear(*(a_fact(version=n) for n in range(1, 21)))
        other = telling.another_sender()

        begun = await telling.sender.begin_due(), await other.begin_due()

        assert (LANES, 0) == begun
        slow.gate.set()
        await telling.sender.ended()
        assert LANES == await other.begin_due()
        await other.ended()
        await other._outgoing.close()


async def test_what_a_killed_process_held_is_told_again(telling: Telling, partner: Partner) -> None:
    await telling.partner(partner.url)
    await telling.hear(a_fact())
    async with telling.db.transaction() as tx:
        (held,) = await webhook_queue.claim(tx, limit=10, now=telling.now)
        await tx.execute("update webhook_deliveries set leased_until = now() - interval '1 s'")

    await telling.sender.recover()
    await telling.send()

    assert [str(held.id)] == [heard.headers["webhook-id"] for heard in partner.heard]
    attempts = await telling.rows("select result from webhook_attempts order by number")
    assert ["unknown", "delivered"] == [attempt["result"] for attempt in attempts]


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
    assert [True, True] == [_fits(old, first), _fits(new, first)]
    assert [False, True] == [_fits(old, second), _fits(new, second)]


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


def _fits(secret: str, heard: Heard) -> bool:
    try:
        verify([secret], heard.headers, heard.body, now_s=time.time())
    except SignatureError:
        return False
    return True
