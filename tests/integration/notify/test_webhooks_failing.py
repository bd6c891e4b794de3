"""Partners that fail: tried again, left in peace, and never at another's cost."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from services.notify.channels import webhooks as channel
from services.notify.domain.webhooks import LANES, TRIED_FOR
from services.notify.store import webhook_queue
from tests.integration.notify.partner import Partner, Says
from tests.integration.notify.telling import Telling
from tests.unit.notify.builders import NOW, a_fact


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
