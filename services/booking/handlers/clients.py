"""Clients as they introduce themselves: found by their address, added when new."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.booking.domain.care_team import telling_changed
from services.booking.domain.people import Caller, Language, Person
from services.booking.store import people
from shared import outbox
from shared.identifiers import new_id
from shared.postgres import Transaction


@dataclass(frozen=True)
class ClientWish:
    """How somebody introduces themselves with a booking."""

    name: str
    email: str
    phone: str | None
    tz: str
    language: Language
    reminders: bool
    marketing: bool


async def client_of(
    tx: Transaction, wish: ClientWish, caller: Caller, *, now: datetime
) -> tuple[Person, bool]:
    """The person of the address, locked; added when new.

    What a stranger says of a known person changes nothing: only the person, signed in, may.
    """
    person = await people.lock_person_by_email(tx, wish.email)
    if person is None:
        person = Person(
            id=new_id(),
            role="client",
            name=wish.name,
            email=wish.email,
            phone=wish.phone,
            tz=wish.tz,
            language=wish.language,
            reminders=wish.reminders,
            marketing=wish.marketing,
            contact_version=0,
        )
        if await people.add_person(tx, person, now=now):
            return person, True
        # Somebody added the same address at this very moment: it is visible by now.
        added = await people.lock_person_by_email(tx, wish.email)
        if added is None:
            raise RuntimeError("a person with that address exists and cannot be found")
        return added, False
    if caller.person_id == person.id:
        before = person
        person = replace(
            person,
            name=wish.name,
            phone=wish.phone,
            tz=wish.tz,
            language=wish.language,
            reminders=wish.reminders,
            marketing=wish.marketing,
        )
        await people.update_client(tx, person)
        await outbox.add(tx, telling_changed(before, person, now=now), now=now)
    return person, False
