"""From events to mails on a real database: what is sent, once, and what is not."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from services.notify.handlers.calendar import Calendar
from shared.contracts.booking import (
    BookingCancelled,
    BookingFrozen,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.conclusions import MilestoneReached
from shared.contracts.contacts import Consent, Preferences, WaitlistAccess
from shared.contracts.progress import SafetyHoldPlaced, SafetyLevelChanged
from tests.integration.notify.post_office import Notify, PostOffice
from tests.unit.notify.builders import (
    CLIENT,
    NOW,
    START,
    TRAINER,
    a_contact,
    a_fact,
    a_sign_in,
    an_offer,
)

TRAINER_CONTACT = a_contact(
    TRAINER, role="trainer", name="Maya Trainer", email="maya@example.org", bookings=()
)
LEAD = a_contact(UUID(int=7), role="lead", name="Lea Lead", email="lead@example.org", bookings=())
DUE_24H, DUE_2H = START - timedelta(hours=24), START - timedelta(hours=2)


def moved(version: int, **changes: object) -> BookingRescheduled:
    values = {"previous_start": START, "previous_trainer_id": TRAINER} | changes
    fact: BookingRescheduled = a_fact(BookingRescheduled, version=version, **values)
    return fact


async def test_a_booking_is_confirmed_and_reminded_of_at_its_times(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.send()
    assert ["booking-confirmed", "trainer-booked"] == office.templates

    notify.now = DUE_24H - timedelta(seconds=1)
    await notify.send()
    assert 2 == len(office.mails)

    notify.now = DUE_24H
    await notify.send()
    notify.now = DUE_2H
    await notify.send()

    assert ["reminder-24h", "reminder-2h"] == office.templates[2:]
    states = await notify.states()
    assert "scheduled" == states.pop(("check-in-before", 1))
    assert {"sent"} == set(states.values())


async def test_each_change_of_state_is_told(notify: Notify) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.send()
    await notify.hear(a_fact(BookingCancelled, version=2, cancelled_by="client"))

    assert [
        ("message.scheduled.v1", "booking-confirmed"),
        ("message.scheduled.v1", "trainer-booked"),
        ("message.scheduled.v1", "reminder-24h"),
        ("message.scheduled.v1", "reminder-2h"),
        ("message.scheduled.v1", "check-in-before"),
        ("message.sent.v1", "booking-confirmed"),
        ("message.sent.v1", "trainer-booked"),
        ("message.cancelled.v1", "reminder-24h"),
        ("message.cancelled.v1", "reminder-2h"),
        ("message.cancelled.v1", "check-in-before"),
        ("message.scheduled.v1", "booking-cancelled"),
        ("message.scheduled.v1", "trainer-cancelled"),
    ] == await notify.told()


async def test_what_arrives_before_its_contact_waits_and_goes_out_when_it_comes(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_fact())
    await notify.send()
    assert [] == office.mails

    await notify.hear(a_contact(bookings=()), TRAINER_CONTACT)
    await notify.send()
    # The contact is there, its links are not.
    assert [] == office.mails

    woken = notify.woken
    await notify.hear(a_contact(version=2))
    await notify.send()

    assert woken + 1 == notify.woken
    assert {"booking-confirmed", "trainer-booked"} == set(office.templates)
    [trainers] = [mail for mail in office.mails if mail["X-Limber-Template"] == "trainer-booked"]
    assert "Ada Sample" in trainers.get_body(("plain",)).get_content()


async def test_no_reminder_of_an_old_version_goes_out_after_a_move(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.hear(moved(2, start=START + timedelta(days=2)))
    await notify.send()

    notify.now = DUE_2H + timedelta(minutes=1)
    await notify.send()
    assert not [name for name in office.templates if name.startswith("reminder")]

    notify.now = DUE_2H + timedelta(days=2)
    await notify.send()
    states = await notify.states()
    assert ("cancelled", "cancelled") == (states["reminder-24h", 1], states["reminder-2h", 1])
    assert "sent" == states["reminder-2h", 2]


async def test_a_reminder_already_claimed_when_the_booking_moves_does_not_go_out(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), a_fact())
    notify.now = DUE_24H
    claimed = await notify.claimed()
    [reminder] = [delivery for delivery in claimed if delivery.template == "reminder-24h"]

    await notify.hear(moved(2, start=START + timedelta(days=2)))
    await notify.hand_over(reminder)
    await notify.send()

    assert "reminder-24h" not in office.templates
    assert "cancelled" == (await notify.states())["reminder-24h", 1]


async def test_no_reminder_goes_out_after_a_cancellation(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.hear(a_fact(BookingCancelled, version=2, cancelled_by="client"))
    for moment in (NOW, DUE_24H, DUE_2H, START):
        notify.now = moment
        await notify.send()

    assert {"booking-confirmed", "trainer-booked", "booking-cancelled", "trainer-cancelled"} == set(
        office.templates
    )


async def test_a_freeze_silences_the_reminders_and_its_end_brings_them_back(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.hear(a_fact(BookingFrozen, version=2))
    notify.now = DUE_24H
    await notify.send()
    assert not [name for name in office.templates if name.startswith("reminder")]

    await notify.hear(a_fact(BookingUnfrozen, version=3))
    notify.now = DUE_2H
    await notify.send()

    assert "reminder-2h" == office.templates[-1]


async def test_a_move_under_a_freeze_leaves_the_booking_frozen(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), a_fact(), a_fact(BookingFrozen, version=2), moved(3))

    assert not [
        name for name, version in await notify.states() if "reminder" in name and version > 1
    ]
    [row] = await notify.rows("select status from bookings")
    assert "frozen" == row["status"]


async def test_news_of_one_booking_arrive_in_the_order_it_happened(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_fact(), moved(2), moved(3))
    await notify.hear(a_fact(BookingCancelled, version=4, cancelled_by="staff"))
    await notify.hear(a_contact())
    office.at_data.append("451 later")
    notify.now += timedelta(minutes=1)
    for _ in range(8):
        await notify.send()
        notify.now += timedelta(minutes=2)

    to_client = [mail for mail in office.mails if "ada" in mail["To"]]
    assert [
        "booking-confirmed",
        "booking-rescheduled",
        "booking-rescheduled",
        "booking-cancelled",
    ] == [mail["X-Limber-Template"] for mail in to_client]


async def test_an_older_version_that_comes_late_changes_nothing(notify: Notify) -> None:
    await notify.hear(a_contact(), moved(3))
    before = await notify.states()

    await notify.hear(a_fact(), moved(2), moved(3))

    assert before == await notify.states()


async def test_reminders_follow_consent_at_the_time_of_sending(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    no = Consent(reminders=False, marketing=False)
    await notify.hear(a_contact(version=2, consent=no))
    notify.now = DUE_24H
    await notify.send()

    states = await notify.states()
    assert ("sent", "cancelled") == (states["booking-confirmed", 1], states["reminder-24h", 1])


async def test_reminders_move_when_the_zone_becomes_known(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_fact())

    await notify.hear(a_contact(tz="America/Vancouver"))

    [row] = await notify.rows(
        "select due_at, next_at from deliveries where template = 'reminder-2h'"
    )
    # 06:00 in Vancouver is quiet, so it is 21:00 the evening before, there.
    assert (START - timedelta(hours=11), START - timedelta(hours=11)) == tuple(row)


async def test_a_sign_in_code_goes_out_once_and_only_the_newest(
    notify: Notify, office: PostOffice
) -> None:
    first, second = (a_sign_in(NOW + timedelta(minutes=10), code=c) for c in ("111111", "222222"))
    await notify.hear(a_contact(sign_in=first), a_contact(version=2, sign_in=second))
    await notify.hear(a_contact(version=3, sign_in=second))
    await notify.send()

    [mail] = office.mails
    assert "222222" in mail.get_body(("plain",)).get_content()
    assert "222222" not in mail["Subject"]


async def test_a_code_that_has_run_out_is_not_sent(notify: Notify, office: PostOffice) -> None:
    await notify.hear(a_contact(sign_in=a_sign_in(NOW + timedelta(minutes=10))))
    notify.now += timedelta(minutes=10)
    await notify.send()

    assert ([], ["expired"]) == (office.mails, list((await notify.states()).values()))


async def test_an_offer_goes_out_once_with_the_trainers_name_and_the_way_off_the_list(
    notify: Notify, office: PostOffice
) -> None:
    place = WaitlistAccess(waitlist_id=an_offer().waitlist_id, token="way-off")
    await notify.hear(TRAINER_CONTACT, an_offer(), a_contact(waitlist=(place,)), an_offer())
    await notify.send()

    [mail] = office.mails
    text = mail.get_body(("plain",)).get_content()
    assert ["waitlist-offer"] == office.templates
    for told in (f"/?hold={an_offer().hold_id}", "/waitlist/way-off", "Maya Trainer"):
        assert told in text


async def test_an_offer_that_has_run_out_is_not_sent(notify: Notify, office: PostOffice) -> None:
    await notify.hear(a_contact(), an_offer())
    notify.now = an_offer().expires_at
    await notify.hear(an_offer(hold_id=UUID(int=9)))
    await notify.send()

    assert ([], ["expired"]) == (office.mails, list((await notify.states()).values()))


async def test_who_is_forgotten_gets_nothing_more(notify: Notify, office: PostOffice) -> None:
    await notify.hear(a_contact(), a_fact())
    await notify.forget(CLIENT)
    notify.now = DUE_24H
    await notify.send()

    assert [] == office.mails
    assert [] == await notify.rows("select from contacts where person_id = $1", CLIENT)
    assert [] == await notify.rows("select from deliveries where recipient_id = $1", CLIENT)
    assert "message.cancelled.v1" in {kind for kind, _ in await notify.told()}


def an_emergency(level: str = "emergency") -> tuple[SafetyLevelChanged, SafetyHoldPlaced]:
    common = {"client_id": CLIENT, "level": level, "at": NOW}
    return (
        SafetyLevelChanged.model_validate(
            common
            | {"previous": "go", "rules": ["R1"], "rules_version": "1", "trainer_ids": [TRAINER]}
        ),
        SafetyHoldPlaced.model_validate(
            common | {"hold_id": uuid4(), "kind": "session", "rule": "R1"}
        ),
    )


async def test_an_emergency_reaches_trainer_and_lead_once_at_night(
    notify: Notify, office: PostOffice
) -> None:
    notify.now = NOW + timedelta(hours=14)
    await notify.hear(a_contact(), TRAINER_CONTACT, LEAD, *an_emergency())
    await notify.send()

    assert {"maya@example.org", "lead@example.org"} == {
        mail["To"].addresses[0].addr_spec for mail in office.mails
    }
    assert 2 == len(office.mails)
    assert "Ada" not in "".join(office.subjects)
    assert "Ada Sample" in office.mails[0].get_body(("plain",)).get_content()


async def test_a_stop_reaches_the_trainer_but_not_the_lead(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, LEAD, *an_emergency("stop"))
    await notify.send()

    [mail] = office.mails
    assert "maya@example.org" in mail["To"]


async def test_a_hold_that_names_no_trainer_reaches_those_of_the_clients_bookings(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(a_contact(), TRAINER_CONTACT, a_fact())
    await notify.send()
    office.mails.clear()

    await notify.hear(an_emergency("stop")[1])
    await notify.send()

    assert ["safety-alert"] == office.templates
    assert "maya@example.org" in office.mails[0]["To"]


async def test_a_lead_who_becomes_known_after_an_emergency_still_hears_of_it(
    notify: Notify, office: PostOffice
) -> None:
    await notify.hear(*an_emergency())
    await notify.hear(LEAD)
    await notify.send()

    [mail] = office.mails
    assert "lead@example.org" in mail["To"]


async def test_two_senders_at_once_send_each_message_once(
    notify: Notify, office: PostOffice
) -> None:
    people = [a_contact(UUID(int=100 + n), email=f"p{n}@example.org") for n in range(60)]
    await notify.hear(
        *(p.model_copy(update={"sign_in": a_sign_in(START)}) for p in people),
    )
    senders = [notify.sender, notify.another_sender([office])]

    while any(await asyncio.gather(*(sender.send_due() for sender in senders))):
        pass

    assert 60 == len(office.mails) == len({mail["Message-ID"] for mail in office.mails})


async def test_agenda_and_weekly_summary_reach_the_mailbox_with_what_is_true_then(
    notify: Notify, office: PostOffice
) -> None:
    calendar = Calendar(notify.db, notify.clock, lambda: None)
    wishes = Preferences(digest=True)
    await notify.hear(a_contact(preferences=wishes), TRAINER_CONTACT, a_fact())
    await notify.hear(MilestoneReached(client_id=CLIENT, code="steady-weeks", kind="habit", at=NOW))
    await notify.send()
    office.mails.clear()

    # The evening before START, and the Sunday after it.
    for moment in (START - timedelta(hours=16), START + timedelta(days=3, hours=7)):
        notify.now = moment
        await calendar.plan_due()
        await notify.send()

    [agenda] = [mail for mail in office.mails if mail["X-Limber-Template"] == "trainer-agenda"]
    [summary] = [mail for mail in office.mails if mail["X-Limber-Template"] == "weekly-summary"]
    assert "maya@example.org" in agenda["To"]
    assert "Ada Sample" in agenda.get_body(("plain",)).get_content()
    assert "Milestone" in summary.get_body(("plain",)).get_content()
    assert "milestone" not in office.templates
