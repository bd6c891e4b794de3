"""Addresses that take nothing more: how they are found, what is told, and how they come back."""

from datetime import timedelta
from uuid import UUID

from services.notify.store import suppressions
from services.notify.store.purge import KEPT
from services.notify.store.suppressions import Address
from shared.contracts.messages import SuppressionReason
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.test_sending import a_due_code, a_due_reminder, state_of
from tests.unit.notify.builders import CLIENT, NOW, START, a_contact, a_sign_in

ADA = Address("email", "Ada@Example.org ")


async def suppressed(notify: Notify, reason: SuppressionReason) -> None:
    async with notify.db.transaction() as tx:
        assert await suppressions.suppress(
            tx, ADA, reason=reason, evidence="a report", recipient_id=None, now=notify.now
        )


async def recipients_told(notify: Notify) -> list[tuple[str, str]]:
    rows = await notify.rows(
        "select type, payload::jsonb ->> 'reason' as reason from outbox"
        " where type like 'recipient.%' order by seq"
    )
    return [(row["type"], row["reason"]) for row in rows]


async def test_an_address_that_bounced_gets_nothing_more_until_it_is_restored(
    notify: Notify, office: PostOffice
) -> None:
    office.at_recipient.append("550 5.1.1 no such user")
    await a_due_code(notify)
    await notify.send()
    [row] = await notify.rows("select * from suppressions")
    assert ("hard-bounce", "550 5.1.1", CLIENT) == (
        row["reason"],
        row["evidence"],
        row["recipient_id"],
    )

    asked_again = a_sign_in(NOW + timedelta(minutes=10), request_id=UUID(int=77))
    await notify.hear(a_contact(version=2, sign_in=asked_again))
    await notify.send()
    rows = await notify.rows("select state, reason from deliveries order by created_at, id")
    assert ("bounced", "address suppressed: hard-bounce") == (rows[1]["state"], rows[1]["reason"])
    assert ("message.failed.v1", "sign-in-code") == (await notify.told())[-1]

    async with notify.db.transaction() as tx:
        lifted = await suppressions.lift(tx, row["id"], by="staff", why="typo", now=notify.now)
        again = await suppressions.lift(tx, row["id"], by="staff", why="typo", now=notify.now)
    third = a_sign_in(NOW + timedelta(minutes=10), request_id=UUID(int=78))
    await notify.hear(a_contact(version=3, sign_in=third))
    await notify.send()

    assert (True, None) == (lifted is not None, again)
    assert 1 == len(office.mails)
    assert [
        ("recipient.suppressed.v1", "hard-bounce"),
        ("recipient.restored.v1", "staff"),
    ] == await recipients_told(notify)


async def test_a_changed_address_is_free(notify: Notify, office: PostOffice) -> None:
    await notify.hear(a_contact())
    await suppressed(notify, "hard-bounce")
    await notify.hear(
        a_contact(version=2, email="ada@new.example", sign_in=a_sign_in(NOW + timedelta(minutes=9)))
    )
    await notify.send()

    assert ["ada@new.example"] == [mail["To"].addresses[0].addr_spec for mail in office.mails]


async def test_a_complaint_stops_what_need_not_be_sent_and_nothing_else(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_reminder(notify)
    await suppressed(notify, "complaint")
    await notify.hear(a_contact(version=2, sign_in=a_sign_in(START)))
    await notify.send()

    assert ["sign-in-code"] == office.templates
    assert "cancelled" == await state_of(notify, "reminder-24h")


async def test_everybody_with_the_address_is_told_of_once(notify: Notify) -> None:
    await notify.hear(a_contact(), a_contact(UUID(int=60), email="ADA@example.org"))
    await suppressed(notify, "complaint")
    async with notify.db.transaction() as tx:
        assert not await suppressions.suppress(
            tx, ADA, reason="complaint", evidence="again", recipient_id=None, now=notify.now
        )

    assert [("recipient.suppressed.v1", "complaint")] * 2 == await recipients_told(notify)


async def test_who_stops_and_starts_again_is_heard_both_times(notify: Notify) -> None:
    number = Address("sms", "+14165550123")
    async with notify.db.transaction() as tx:
        for _ in range(2):
            await suppressions.suppress(
                tx, number, reason="stop", evidence="STOP", recipient_id=CLIENT, now=notify.now
            )
        assert await suppressions.start_again(tx, number, why="START", now=notify.now)
        assert not await suppressions.start_again(tx, number, why="START", now=notify.now)

    assert [
        ("recipient.suppressed.v1", "stop"),
        ("recipient.restored.v1", "start"),
    ] == await recipients_told(notify)


async def test_a_mail_that_comes_back_late_bounces_once(notify: Notify, office: PostOffice) -> None:
    await a_due_code(notify)
    await notify.send()
    [row] = await notify.rows("select id from deliveries")
    async with notify.db.transaction() as tx:
        came_back = [
            await suppressions.note_late_bounce(tx, row["id"], evidence="5.1.1", now=notify.now)
            for _ in range(2)
        ]

    assert [True, False] == came_back
    assert "bounced" == await state_of(notify, "sign-in-code")
    assert [("recipient.suppressed.v1", "hard-bounce")] == await recipients_told(notify)
    assert ("message.failed.v1", "sign-in-code") in await notify.told()


async def test_4xx_never_suppresses(notify: Notify, office: PostOffice) -> None:
    office.at_recipient += ["450 4.1.1 nobody yet"] * 3
    await a_due_code(notify)
    for _ in range(3):
        await notify.send()
        notify.now += timedelta(minutes=1)

    assert [] == await notify.rows("select from suppressions")


async def test_what_ended_long_ago_is_forgotten_and_what_is_scheduled_stays(
    notify: Notify, office: PostOffice
) -> None:
    await a_due_reminder(notify)
    await notify.send()
    assert 0 == await notify.sender.purge()

    notify.now += KEPT + timedelta(days=1)
    await notify.rows("update deliveries set next_at = $1 where state = 'scheduled'", notify.now)
    kept = await notify.rows("select id from deliveries where state = 'scheduled'")
    assert 1 == await notify.sender.purge()

    assert kept == await notify.rows("select id from deliveries")
    assert [] == await notify.rows("select from attempts")


async def test_how_the_queue_stands_is_measured(notify: Notify, office: PostOffice) -> None:
    await a_due_code(notify)
    await suppressed(notify, "complaint")
    notify.now += timedelta(seconds=30)
    await notify.sender.measure()

    metrics = notify.sender._means.metrics
    assert 30 == metrics.oldest_due.labels("email", "essential")._value.get()
    assert 0 == metrics.oldest_due.labels("sms", "other")._value.get()
    assert 1 == metrics.suppressed.labels("email", "complaint")._value.get()
    assert 0 == metrics.breakers.labels("email", office.server.name)._value.get()
