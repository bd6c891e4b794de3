"""Whom staff adds, and what trainers do."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain.consents import works_here
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Language, Person
from services.booking.handlers.tell import tell
from services.booking.queries import people as found
from services.booking.store import people, profiles
from shared.contracts.booking import Area, Mode
from shared.errors import Conflict, Invalid, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition

StaffedRole = Literal["trainer", "clinician", "staff"]


@dataclass(frozen=True)
class Profile:
    """What a trainer does; `tz` is the zone of the hours."""

    tz: str
    areas: tuple[Area, ...]
    modes: tuple[Mode, ...]
    languages: tuple[Language, ...]
    conditions: tuple[Condition, ...]


async def add(
    tx: Transaction,
    *,
    role: StaffedRole,
    name: str,
    email: str,
    phone: str | None,
    tz: str,
    language: Language,
    signer: LinkSigner,
    now: datetime,
) -> Person:
    """Add somebody who works with Limber; they sign in by code.

    Raises:
        Conflict: `person-exists`.
    """
    person = Person(
        id=new_id(),
        role=role,
        name=name,
        email=email,
        phone=phone,
        tz=tz,
        language=language,
        contact_version=0,
    )
    if not await people.add_person(tx, person, works_here(now), now=now):
        known = await found.person_of_email(tx, email)
        raise Conflict(
            "person-exists",
            "Somebody with that address is known already.",
            extra={"person_id": str(known.id), "role": known.role} if known else {},
        )
    await tell(tx, person.id, [], signer, now=now)
    return replace(person, contact_version=1)


async def save_profile(tx: Transaction, trainer_id: UUID, profile: Profile) -> Person:
    """Store what a trainer does; with the first profile they can be given hours and be booked.

    Raises:
        NotFound: no trainer has that id.
        Invalid: visits without an area.
    """
    person = await people.lock_person(tx, trainer_id)
    if person is None or person.role != "trainer":
        raise NotFound("no-such-trainer", "There is no such trainer.")
    if "in-person" in profile.modes and not profile.areas:
        raise Invalid.field("areas", "in-person sessions need at least one area")
    await profiles.save_profile(
        tx,
        trainer_id,
        profile.tz,
        profile.areas,
        profile.modes,
        profile.languages,
        profile.conditions,
    )
    return person
