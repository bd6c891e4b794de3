"""From a series to its mails: what booking tells is what notify needs to tell it once."""

from typing import Any

from icalendar import Calendar

from services.booking import demo
from services.notify.consumers import listen
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking import front_door
from tests.integration.booking.front_door import HOUR, NOW, SIGNER, TEN, utc
from tests.integration.booking.test_series import WEEK, a_series, ann
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.test_statements import Listener, take_outbox

COUNT = 12


async def test_a_series_is_told_in_one_mail_to_each_when_made_moved_and_cancelled(
    database: MigratedDatabase, booking_db: Database, notify_db: Database
) -> None:
    async with front_door.opened(booking_db) as door, PostOffice() as office:
        notify = Notify(notify_db, [office], now=NOW)
        listener = Listener(notify_db, listen(notify.clock, lambda: None))

        async def hear() -> list[tuple[str, int]]:
            """The mails that what booking told since the last look makes."""
            office.mails.clear()
            await listener.hear(await take_outbox("booking", database))
            await notify.send()
            return [
                (mail["X-Limber-Template"], len(mail.get_all("X-Limber-Booking")))
                for mail in office.mails
            ]

        async with booking_db.transaction() as tx:
            await demo.add_missing(tx, SIGNER, now=NOW)
        token, _ = await ann(door)
        await hear()

        made = await door.made("/v1/series", a_series(count=COUNT), token=token)
        assert [("booking-confirmed", COUNT), ("trainer-booked", COUNT)] == await hear()
        [file] = office.mails[0].iter_attachments()
        events: Any = Calendar.from_ical(file.get_content()).walk("VEVENT")
        assert [TEN + n * WEEK for n in range(COUNT)] == sorted(event.start for event in events)
        assert [b["manage_token"] for b in made["bookings"]] == [
            event["URL"].rpartition("/")[2] for event in events
        ]
        assert [b["join_url"] for b in made["bookings"]] == [event["LOCATION"] for event in events]

        later = f"/v1/bookings/{made['bookings'][2]['id']}"
        scope = {"scope": "this-and-later"}
        move = {"start": utc(TEN + 2 * WEEK + HOUR)} | scope
        await door.made(f"{later}/reschedule", move, token=token)
        assert [("booking-rescheduled", COUNT - 2), ("trainer-moved", COUNT - 2)] == await hear()

        await door.made(f"{later}/cancel", scope, token=token)
        assert [("booking-cancelled", COUNT - 2), ("trainer-cancelled", COUNT - 2)] == await hear()
        reminders = await notify.rows(
            "select from deliveries where nature = 'reminder' and state = 'scheduled'"
            " and subject_id = any($1)",
            [b["id"] for b in made["bookings"]],
        )
        assert 2 * 3 == len(reminders)
