"""A change of several bookings, on a real database: one mail to each, reminders one by one."""

from datetime import timedelta
from uuid import UUID

from icalendar import Calendar

from shared.contracts.booking import BookingCancelled
from tests.integration.notify.post_office import Notify, PostOffice
from tests.unit.notify.builders import (
    START,
    TRAINER,
    a_booking_access,
    a_contact,
    facts_together,
)

SERIES = 5
CONTACT = a_contact(
    bookings=tuple(
        a_booking_access(UUID(int=100 + n), manage_token=f"manage-{n}")
        for n in range(1, SERIES + 1)
    )
)
TRAINER_CONTACT = a_contact(
    TRAINER, role="trainer", name="Maya Trainer", email="maya@example.org", bookings=()
)


async def test_a_series_is_confirmed_in_one_mail_and_reminded_of_date_by_date(
    notify: Notify, office: PostOffice
) -> None:
    facts = facts_together(SERIES)
    await notify.hear(CONTACT, TRAINER_CONTACT, *facts[:-1])
    await notify.send()
    assert [] == office.mails

    await notify.hear(facts[-1])
    await notify.send()
    assert ["booking-confirmed", "trainer-booked"] == office.templates
    [file] = office.mails[0].iter_attachments()
    events = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert [f"https://limber.test/manage/manage-{n}" for n in range(1, SERIES + 1)] == [
        event["URL"] for event in events
    ]
    assert "Ada Sample" in office.mails[1].get_body(("plain",)).get_content()

    for week in range(SERIES):
        for hours in (24, 2):
            notify.now = START + timedelta(weeks=week) - timedelta(hours=hours)
            await notify.send()
    assert ["reminder-24h", "reminder-2h"] * SERIES == office.templates[2:]
    assert [] == await notify.rows("select from together")


async def test_a_series_that_is_cancelled_loses_its_reminders_and_is_told_of_once(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(CONTACT, TRAINER_CONTACT, *facts_together(SERIES))
    await notify.send()
    cancelled = facts_together(SERIES, BookingCancelled, version=2, cancelled_by="client")

    await notify.hear(*(fact.model_copy(update={"together": None}) for fact in cancelled[:1]))
    await notify.send()
    rest = [
        fact.model_copy(
            update={
                "together": fact.together.model_copy(
                    update={"change_id": UUID(int=9), "place": place, "size": SERIES - 1}
                )
            }
        )
        for place, fact in enumerate(cancelled[1:], start=1)
    ]
    await notify.hear(*rest)
    await notify.send()

    assert ["booking-cancelled", "trainer-cancelled"] * 2 == office.templates[2:]
    assert [1, SERIES - 1] == [len(mail.get_all("X-Limber-Booking")) for mail in office.mails[2::2]]
    assert [] == await notify.rows(
        "select from deliveries where nature = 'reminder' and state = 'scheduled'"
    )


async def test_a_change_heard_again_is_not_told_again(notify: Notify, office: PostOffice) -> None:
    await notify.hear(CONTACT, TRAINER_CONTACT, *facts_together(SERIES), *facts_together(SERIES))
    await notify.send()

    assert 2 == len(office.mails)
    assert [] == await notify.rows("select from together")
