"""Clients as they introduce themselves: found by their address, added when new."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.booking.domain import consents as rules
from services.booking.domain.consents import REMINDERS, Kind, Source
from services.booking.domain.people import Caller, Language, Person
from services.booking.store import consents, people
from shared.contracts.booking import ClientRegistered
from shared.contracts.event import Event
from shared.identifiers import new_id
from shared.postgres import Transaction


@dataclass(frozen=True)
class ClientWish:
    """How somebody introduces themselves, and what they answered about messages on which form."""

    name: str
    email: str
    phone: str | None
    tz: str
    language: Language
    answers: Mapping[Kind, bool]
    source: Source


async def client_of(
    tx: Transaction, wish: ClientWish, caller: Caller, *, now: datetime
) -> tuple[Person, list[Event]]:
    """The person of the address, locked, added when new; and what there is to tell of it.

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
            contact_version=0,
        )
        lines = rules.introduced(wish.answers, source=wish.source, now=now)
        if await people.add_person(tx, person, lines, now=now):
            registered = ClientRegistered(
                client_id=person.id, tz=person.tz, language=person.language
            )
            return person, [registered, *rules.changed(person.id, lines)]
        # Somebody added the same address at this very moment: it is visible by now.
        added = await people.lock_person_by_email(tx, wish.email)
        if added is None:
            raise RuntimeError("a person with that address exists and cannot be found")
        return added, []
    if caller.person_id != person.id:
        return person, []
    person = replace(
        person,
        name=wish.name,
        # A form that is filled in without a number does not ask to forget one.
        phone=wish.phone or person.phone,
        tz=wish.tz,
        language=wish.language,
    )
    await people.update_person(tx, person)
    standing = await consents.standing(tx, person.id)
    lines = rules.answered(standing, wish.answers, source=wish.source, now=now)
    if REMINDERS not in wish.answers:
        lines += rules.implied(standing, source=wish.source, now=now)
    await consents.add_lines(tx, person.id, lines)
    return person, [*rules.changed(person.id, lines)]
