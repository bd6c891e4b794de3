"""People can be reached, or reached elsewhere; or one is forgotten."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from services.notify.domain import plan_people, plan_safety
from services.notify.domain.plan_bookings import due_in
from services.notify.domain.planned import Planned
from services.notify.domain.templates import ALERTED_FOR
from services.notify.domain.windows import hours_of
from services.notify.handlers.telling import Heard
from services.notify.store import alerts, happenings, projections, schedule, suppressions
from services.notify.store.projections import ContactBefore
from shared import erased
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope
from shared.postgres import Transaction

ON_CALL = frozenset({"lead", "staff"})


async def contacts_changed(
    tx: Transaction, events: Sequence[Envelope[ContactChanged]], now: datetime
) -> Heard:
    """Keep the contacts of different people; what waited for them goes on, by their hours and
    channels as they are now."""
    before = await projections.save_contacts(tx, [event.data for event in events], now=now)
    news = [event for event in events if event.data.person_id in before]
    contacts = {event.data.person_id: event.data for event in news}
    wishes = [
        who
        for who, contact in contacts.items()
        if (before[who].tz, before[who].preferences) != (contact.tz, contact.preferences)
    ]
    due_for = {
        who: partial(due_in, hours_of(contacts[who].tz, contacts[who].preferences))
        for who in wishes
    }
    await schedule.move_reminders(tx, due_for, now=now)
    planned: list[Planned] = []
    for event in news:
        contact, known = event.data, before[event.data.person_id]
        planned += plan_people.code_asked(contact, now=now)
        planned += await _calls(tx, contact, known, now)
        planned += await _joined(tx, contact, known, event.time, now)
    # What was scheduled without a new channel gets it; what has its row already keeps it.
    widened = [
        who
        for who, contact in contacts.items()
        if projections.channels_of(contact, now=now) - before[who].channels - {"email"}
    ]
    planned += await schedule.open_mails(tx, widened, now)
    booked = [access.booking_id for contact in contacts.values() for access in contact.bookings]
    woken = await schedule.wake(tx, list(contacts), booked, wishes_changed=wishes, now=now)
    return Heard(planned, woken=woken > 0)


async def forget(tx: Transaction, person_id: UUID, now: datetime) -> None:
    """A person is erased: nothing more goes out to them, and nothing is left of them."""
    await schedule.cancel_for_person(tx, person_id, reason="forgotten", now=now)
    await suppressions.forget(tx, person_id)
    await projections.forget_person(tx, person_id)
    await erased.note(tx, person_id, now=now)


async def sweep_again(tx: Transaction, *, now: datetime) -> None:
    """Delete what was written about clients while they were erased elsewhere."""
    for person_id in await erased.lately(tx, now=now):
        await schedule.cancel_for_person(tx, person_id, reason="forgotten", now=now)
        await projections.forget_person(tx, person_id)


async def _calls(
    tx: Transaction, contact: ContactChanged, before: ContactBefore, now: datetime
) -> Sequence[Planned]:
    """Somebody is on call from now on: alerts that nobody has looked at are theirs too."""
    if contact.role not in ON_CALL or before.role == contact.role:
        return ()
    return [
        planned
        for alert in await alerts.open_alerts(tx, now - ALERTED_FOR)
        for planned in plan_safety.for_newcomer(alert, contact.person_id, contact.role, now=now)
    ]


async def _joined(
    tx: Transaction,
    contact: ContactChanged,
    before: ContactBefore,
    at: datetime,
    now: datetime,
) -> Sequence[Planned]:
    """Who is new in the care team is invited; where it was never told, nobody counts as new."""
    known = before.team
    if known is None:
        return ()
    joined = [member for member in contact.care_team if member.member_id not in known]
    if not joined:
        return ()
    since = now - plan_people.CLEARANCE_ASKED_FOR
    waiting = await happenings.clearances_waiting(tx, contact.person_id, since)
    return plan_people.team_grew(contact, joined, waiting, at=at, now=now)
