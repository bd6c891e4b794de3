"""A scripted mail server: each way a send can end leaves the right state, and no twin but one."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.notify import channels
from services.notify.channels import mail
from services.notify.store import attempts, claims
from services.notify.store.attempts import Beginning
from services.notify.store.claims import LEASE
from shared.postgres import Database
from tests.integration.notify.post_office import Notify, PostOffice, until
from tests.unit.notify.builders import NOW, START, a_contact, a_fact, a_sign_in

LATER = timedelta(seconds=10)
DUE_24H = START - timedelta(hours=24)


async def a_due_code(notify: Notify) -> None:
    """One essential message."""
    await notify.hear(a_contact(sign_in=a_sign_in(NOW + timedelta(minutes=10))))


async def a_due_reminder(notify: Notify) -> None:
    """One message of class service; what was announced before is out."""
    await notify.hear(a_contact(), a_fact())
    await notify.rows("delete from deliveries where nature = 'announcement'")
    notify.now = DUE_24H


async def state_of(notify: Notify, template: str) -> str:
    return {name: state for (name, _), state in (await notify.states()).items()}[template]


async def test_a_deferred_mail_is_tried_again_and_arrives(
    notify: Notify, office: PostOffice
) -> None:
    office.at_data.append("451 try later")
    await a_due_code(notify)
    await notify.send()
    assert ([], "retrying") == (office.mails, await state_of(notify, "sign-in-code"))

    notify.now += LATER
    await notify.send()

    assert (1, "sent") == (len(office.mails), await state_of(notify, "sign-in-code"))
    assert ["deferred", "accepted"] == await notify.outcomes()


async def test_a_mail_deferred_until_it_is_too_late_expires(
    notify: Notify, office: PostOffice
) -> None:
    office.at_data += ["451 try later"] * 20
    await a_due_code(notify)
    for _ in range(20):
        await notify.send()
        notify.now += timedelta(minutes=2)

    assert ([], "expired") == (office.mails, await state_of(notify, "sign-in-code"))
    assert ("message.failed.v1", "sign-in-code") == (await notify.told())[-1]


async def test_a_refused_recipient_is_a_bounce(notify: Notify, office: PostOffice) -> None:
    office.at_recipient.append("550 no such user")
    await a_due_code(notify)
    await notify.send()

    assert "bounced" == await state_of(notify, "sign-in-code")
    assert ["bounced"] == await notify.outcomes()
    assert [
        ("message.scheduled.v1", "sign-in-code"),
        ("message.failed.v1", "sign-in-code"),
        ("recipient.suppressed.v1", None),
    ] == await notify.told()


async def test_a_refused_text_is_a_failure(notify: Notify, office: PostOffice) -> None:
    office.at_data.append("554 not this")
    await a_due_code(notify)
    await notify.send()

    assert ([], "failed") == (office.mails, await state_of(notify, "sign-in-code"))


async def test_after_a_refusal_the_connection_serves_the_next_mail(
    notify: Notify, office: PostOffice
) -> None:
    office.at_recipient.append("550 no such user")
    await notify.hear(
        *(a_contact(UUID(int=n), sign_in=a_sign_in(START)) for n in (50, 51, 52)),
    )
    await notify.sender.send_due()

    assert (2, 1) == (len(office.mails), office.connections)


async def test_a_link_lost_before_the_text_was_handed_over_is_tried_again(
    notify: Notify, office: PostOffice
) -> None:
    office.at_recipient += ["drop", "drop"]
    await a_due_reminder(notify)
    await notify.send()
    assert ([], "retrying") == (office.mails, await state_of(notify, "reminder-24h"))

    notify.now += LATER
    await notify.send()

    assert (1, "sent") == (len(office.mails), await state_of(notify, "reminder-24h"))
    assert ["lost", "accepted"] == await notify.outcomes()


async def test_an_idle_link_that_died_is_renewed_within_the_attempt(
    notify: Notify, office: PostOffice
) -> None:
    office.at_recipient.append("drop")
    await a_due_code(notify)
    await notify.send()

    assert (["accepted"], 2) == (await notify.outcomes(), office.connections)


async def test_an_essential_mail_of_unknown_fate_is_sent_once_more_as_the_same_message(
    notify: Notify, office: PostOffice
) -> None:
    office.at_data.append("keep and drop")
    await a_due_code(notify)
    await notify.send()

    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert "sent" == await state_of(notify, "sign-in-code")
    assert ["unknown", "accepted"] == await notify.outcomes()
    assert ["message.unknown.v1", "message.sent.v1"] == [kind for kind, _ in await notify.told()][
        1:
    ]


async def test_a_second_unknown_fate_is_the_end(notify: Notify, office: PostOffice) -> None:
    office.at_data += ["keep and drop"] * 2
    await a_due_code(notify)
    await notify.send()
    notify.now += timedelta(minutes=5)
    await notify.send()

    assert (2, "unknown") == (len(office.mails), await state_of(notify, "sign-in-code"))


async def test_a_reminder_of_unknown_fate_is_not_sent_again(
    notify: Notify, office: PostOffice
) -> None:
    office.at_data.append("keep and drop")
    await a_due_reminder(notify)
    await notify.send()
    notify.now += timedelta(minutes=5)
    await notify.send()

    assert (1, "unknown") == (len(office.mails), await state_of(notify, "reminder-24h"))
    assert ("message.unknown.v1", "reminder-24h") == (await notify.told())[-1]


async def test_a_server_that_hangs_is_left_after_a_while(
    notify: Notify, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SEND_TIMEOUT_S", 0.3)
    office.at_data.append("hang")
    await a_due_reminder(notify)
    await notify.send()

    assert "unknown" == await state_of(notify, "reminder-24h")


def test_a_send_ends_before_its_lease() -> None:
    assert LEASE.total_seconds() <= 20
    assert LEASE.total_seconds() > channels.SEND_TIMEOUT_S + channels.READY_TIMEOUT_S


async def test_without_any_server_a_message_waits_and_goes_out_when_one_is_back(
    notify_db: Database,
) -> None:
    async with PostOffice() as office:
        pass
    notify = Notify(notify_db, [office])
    await a_due_code(notify)
    await notify.send()
    assert "retrying" == await state_of(notify, "sign-in-code")
    assert ["unreachable"] == await notify.outcomes()

    notify.sender = notify.another_sender([office])
    notify.now += LATER
    async with office:
        await notify.send()

    assert (1, "sent") == (len(office.mails), await state_of(notify, "sign-in-code"))


async def a_killed_sender(notify: Notify, *, attempt: bool) -> None:
    """What a sender leaves that is killed after it took a message, before or after it began."""
    [delivery] = await notify.claimed()
    notify.lane.in_hand.clear()
    async with notify.db.transaction() as tx:
        if attempt:
            begun = await attempts.begin(tx, [Beginning(delivery, "killed:25")], now=notify.now)
            assert {delivery.id: 1} == begun
        await tx.execute("update deliveries set leased_until = clock_timestamp()")


async def test_a_message_taken_but_not_begun_by_a_killed_sender_is_sent(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_reminder(notify)
    await a_killed_sender(notify, attempt=False)

    assert 1 == await notify.sender.recover()
    await notify.send()

    assert (1, ["accepted"]) == (len(office.mails), await notify.outcomes())


async def test_an_essential_message_begun_by_a_killed_sender_is_sent_once_more(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_code(notify)
    await a_killed_sender(notify, attempt=True)

    assert 1 == await notify.sender.recover()
    await notify.send()

    assert ["unknown", "accepted"] == await notify.outcomes()
    assert "sent" == await state_of(notify, "sign-in-code")


async def test_a_reminder_begun_by_a_killed_sender_is_sent_once_more(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_reminder(notify)
    await a_killed_sender(notify, attempt=True)

    await notify.sender.recover()
    await notify.send()

    assert (1, "sent") == (len(office.mails), await state_of(notify, "reminder-24h"))


async def test_nothing_is_taken_back_while_its_lease_runs(
    notify: Notify, office: PostOffice
) -> None:
    # A lease runs by the database's clock: a shifted one neither ends nor lengthens it.
    notify.now -= timedelta(days=3650)
    await a_due_code(notify)
    await notify.claimed()
    notify.lane.in_hand.clear()
    notify.now += timedelta(days=1)

    assert 0 == await notify.sender.recover()


async def test_a_result_that_comes_after_the_lease_changes_nothing(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_code(notify)
    [late] = await notify.claimed()
    async with notify.db.transaction() as tx:
        await tx.execute(
            "update deliveries set state = 'scheduled', lease = null, leased_until = null"
        )

    await notify.hand_over(late)

    assert ([], "scheduled") == (office.mails, await state_of(notify, "sign-in-code"))


async def test_a_message_that_cannot_be_written_fails_and_stops_nobody(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(email="not an address", sign_in=a_sign_in(START)))
    await notify.hear(a_contact(UUID(int=50), sign_in=a_sign_in(START)))
    await notify.send()

    assert 1 == len(office.mails)
    states = [row["state"] for row in await notify.rows("select state from deliveries")]
    assert ["failed", "sent"] == sorted(states)


async def test_the_running_sender_uses_a_few_links_and_gives_back_what_it_did_not_send(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(
        *(a_contact(UUID(int=100 + n), sign_in=a_sign_in(START)) for n in range(80)),
    )
    running = asyncio.create_task(notify.sender.run())
    await until(lambda: len(office.mails) >= 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    rows = await notify.rows("select state, count(*) from deliveries group by state")
    counts = {row["state"]: row["count"] for row in rows}
    assert {"sent", "scheduled"} >= set(counts)
    assert len(office.mails) == counts["sent"]
    assert office.most_at_once <= 4
    assert None not in await notify.outcomes()


async def test_the_running_sender_wakes_at_once(
    notify: Notify, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.lanes.POLL_S", 3600)
    running = asyncio.create_task(notify.sender.run())
    await asyncio.sleep(0)
    await a_due_code(notify)
    notify.sender.wake()
    await until(lambda: len(office.mails) == 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_claiming_reads_an_index_however_many_messages_wait(notify: Notify) -> None:
    async with notify.db.transaction() as tx:
        await tx.execute(
            "insert into deliveries (id, template, subject_id, subject_version, channel,"
            " recipient_id, class, nature, detail, nominal_at, due_at, next_at, expires_at,"
            " created_at, updated_at)"
            " select gen_random_uuid(), 'reminder-24h', gen_random_uuid(), 1, 'email',"
            " gen_random_uuid(), case when n % 2 = 0 then 'service' else 'essential' end,"
            " 'reminder', '{}', at, at, at + interval '1 day', at + interval '2 days', at, at"
            " from generate_series(1, 20000) n, (select $1::timestamptz as at)",
            NOW,
        )
        await tx.execute("analyze deliveries")
        plan = await tx.fetch(
            "explain " + claims._TAKE + claims._KNOWN, NOW, 16, UUID(int=1), LEASE, "email"
        )
    text = "\n".join(row[0] for row in plan)

    assert "Seq Scan on deliveries" not in text
    assert "deliveries_next_essential" in text
    assert "deliveries_next_other" in text
