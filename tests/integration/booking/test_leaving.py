"""From a mail to its end: one click on what notify sent, and the next one stays away."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from services.booking import demo
from services.notify.consumers import listen
from shared.contracts.messages import RecipientSuppressed
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOW, SIGNER, TEN
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.test_statements import take_outbox

ANN = "ann@example.org"
DAY = timedelta(days=1)


async def test_a_click_ends_reminders_at_once_and_what_is_essential_still_comes(
    database: MigratedDatabase, booking_db: Database, notify_db: Database
) -> None:
    async with front_door.opened(booking_db) as door, PostOffice() as office:
        notify = Notify(notify_db, [office], now=NOW)
        heard = listen(notify.clock, lambda: None).types

        async def mails(now: datetime) -> dict[str, Any]:
            """Ann's mails at a time, once all that booking told is heard."""
            door.clock.now = notify.now = now
            office.mails.clear()
            told = await take_outbox("booking", database)
            await notify.hear(*(event for event in told if type(event) in heard))
            await notify.send()
            return {m["X-Limber-Template"]: m for m in office.mails if ANN in m["To"]}

        async with booking_db.transaction() as tx:
            await demo.add_missing(tx, SIGNER, now=NOW)
        booking = await door.book()
        assert ["booking-confirmed"] == list(first := await mails(NOW))
        assert first["booking-confirmed"]["List-Unsubscribe"] is None

        reminder = (await mails(TEN - DAY))["reminder-24h"]
        link = reminder["List-Unsubscribe"].strip("<>")
        posted = await door.http.post(
            urlsplit(link).path,
            content=reminder["List-Unsubscribe-Post"],
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert 200 == posted.status_code

        # Two hours before, and an hour before: both were planned when the booking was made.
        assert {} == await mails(TEN - timedelta(hours=2))
        assert {} == await mails(TEN - timedelta(hours=1))
        planned = await notify.rows(
            "select template, state from deliveries"
            " where nature = 'reminder' and template <> 'reminder-24h'"
        )
        assert {"cancelled"} == {row["state"] for row in planned}
        assert {"reminder-2h", "check-in-before"} == {row["template"] for row in planned}

        path = f"/v1/bookings/{booking['id']}/cancel"
        await door.made(path, {}, token=booking["manage_token"])
        assert "booking-cancelled" in await mails(TEN - timedelta(minutes=30))


async def test_whoever_reports_a_mail_as_spam_is_sent_no_more_reminders(
    database: MigratedDatabase, booking_db: Database, notify_db: Database
) -> None:
    async with front_door.opened(booking_db) as door, PostOffice() as office:
        notify = Notify(notify_db, [office], now=NOW)
        heard = listen(notify.clock, lambda: None).types
        async with booking_db.transaction() as tx:
            await demo.add_missing(tx, SIGNER, now=NOW)
        booking = await door.book()

        complaint = RecipientSuppressed(
            recipient_id=booking["client_id"], channel="email", reason="complaint", at=NOW
        )
        await door.hear(complaint)
        told = await take_outbox("booking", database)
        await notify.hear(*(event for event in told if type(event) in heard))
        for now in (NOW, TEN - DAY, TEN - timedelta(hours=2)):
            notify.now = now
            await notify.send()

        assert ["booking-confirmed"] == [
            mail["X-Limber-Template"] for mail in office.mails if ANN in mail["To"]
        ]
