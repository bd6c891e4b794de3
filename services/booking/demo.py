"""Demo people: `python -m services.booking.demo`. Adds who is missing and changes nobody."""

import asyncio
from datetime import datetime, time
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from services.booking.domain.consents import works_here
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Language, Person, Role
from services.booking.settings import BookingSettings
from services.booking.store import people, profiles
from services.booking.store.contacts import contact_changed
from shared import outbox
from shared.contracts.booking import Area, Mode
from shared.postgres import Database, Transaction
from shared.vocabulary.codes import Condition

TZ = "America/Toronto"
"""The zone of all four cities."""

OPENS, CLOSES = time(9), time(17)


class DemoTrainer(NamedTuple):
    """A trainer of the demo; without areas they train virtually only."""

    name: str
    areas: tuple[Area, ...]
    conditions: tuple[Condition, ...]
    languages: tuple[Language, ...] = ("en",)
    modes: tuple[Mode, ...] = ("in-person", "virtual")


SPINE: tuple[Condition, ...] = ("back-pain", "neck-pain", "shoulder-pain")
JOINTS: tuple[Condition, ...] = (
    "osteoarthritis-knee",
    "osteoarthritis-hip",
    "rheumatoid-arthritis",
)
WIDESPREAD: tuple[Condition, ...] = ("fibromyalgia", "chronic-primary-pain")
BOTH_LANGUAGES: tuple[Language, ...] = ("en", "fr")

TRAINERS = (
    DemoTrainer("Amara Okafor", ("toronto",), SPINE + WIDESPREAD),
    DemoTrainer("Benoît Lavoie", ("toronto",), SPINE + JOINTS, BOTH_LANGUAGES),
    DemoTrainer("Chloe Nguyen", ("toronto",), JOINTS + WIDESPREAD),
    DemoTrainer("Daniel Rossi", ("toronto",), SPINE, modes=("in-person",)),
    DemoTrainer("Elena Petrova", ("toronto", "hamilton"), SPINE + JOINTS),
    DemoTrainer("Farid Haddad", ("toronto", "hamilton"), JOINTS + WIDESPREAD, BOTH_LANGUAGES),
    DemoTrainer("Grace Thompson", ("toronto", "hamilton"), SPINE + WIDESPREAD),
    DemoTrainer("Harpreet Gill", ("toronto", "hamilton"), SPINE + JOINTS + WIDESPREAD),
    DemoTrainer("Isla MacDonald", ("hamilton",), SPINE + JOINTS),
    DemoTrainer("Jérôme Tremblay", ("hamilton",), SPINE + WIDESPREAD, BOTH_LANGUAGES),
    DemoTrainer("Keiko Tanaka", ("hamilton",), JOINTS + WIDESPREAD),
    DemoTrainer("Louise Gagnon", ("ottawa",), SPINE + JOINTS, BOTH_LANGUAGES),
    DemoTrainer("Marc Bélanger", ("ottawa",), SPINE + WIDESPREAD, BOTH_LANGUAGES),
    DemoTrainer("Nadia Rahman", ("ottawa",), JOINTS + WIDESPREAD),
    DemoTrainer("Olivia Chen", ("ottawa",), SPINE + JOINTS + WIDESPREAD, BOTH_LANGUAGES),
    DemoTrainer("Peter Kowalski", ("collingwood",), SPINE + JOINTS),
    DemoTrainer("Quinn Sullivan", ("collingwood",), JOINTS + WIDESPREAD, modes=("in-person",)),
    DemoTrainer("Renée Fortin", ("collingwood",), SPINE + JOINTS + WIDESPREAD, BOTH_LANGUAGES),
    DemoTrainer("Samuel Adeyemi", (), SPINE + JOINTS + WIDESPREAD, BOTH_LANGUAGES, ("virtual",)),
    DemoTrainer("Tara Whitfield", (), SPINE + WIDESPREAD, modes=("virtual",)),
)

OTHERS: tuple[tuple[str, str, Role], ...] = (
    ("staff", "Una Staff", "staff"),
    ("lead", "Vera Lead", "lead"),
    ("clinician", "Dr. Wen Li", "clinician"),
)


async def add_missing(tx: Transaction, signer: LinkSigner, *, now: datetime) -> int:
    """Add the demo's people who are not there yet; returns how many were added.

    Somebody who is there is left alone, so what was changed since survives a restart.
    """
    # Two at once would both find the same people missing.
    await tx.execute("select pg_advisory_xact_lock(hashtext('limber demo'))")
    contacts = []
    for number, trainer in enumerate(TRAINERS, start=1):
        person = _person(f"trainer{number:02}", trainer.name, "trainer")
        if await people.add_person(tx, person, works_here(now), now=now):
            await profiles.add_trainer(
                tx,
                person.id,
                TZ,
                trainer.areas,
                trainer.modes,
                trainer.languages,
                (*trainer.conditions, "other"),
                hours=[(day, OPENS, CLOSES) for day in range(7)],
            )
            contacts.append(await contact_changed(tx, person.id, signer=signer, now=now))
    for local_part, name, role in OTHERS:
        person = _person(local_part, name, role)
        if await people.add_person(tx, person, works_here(now), now=now):
            contacts.append(await contact_changed(tx, person.id, signer=signer, now=now))
    await outbox.add(tx, contacts, now=now)
    return len(contacts)


def demo_id(email: str) -> UUID:
    """The id of a demo person: the same on every machine."""
    return uuid5(NAMESPACE_URL, f"mailto:{email}")


def _person(local_part: str, name: str, role: Role) -> Person:
    email = f"{local_part}@limber.example"
    return Person(
        id=demo_id(email),
        role=role,
        name=name,
        email=email,
        phone=None,
        tz=TZ,
        language="en",
        contact_version=0,
    )


async def _run(settings: BookingSettings) -> int:
    clock = settings.clock
    signer = LinkSigner(settings.secret.get_secret_value().encode())
    url = settings.database_url.get_secret_value()
    async with Database(url, "booking", pool_max=2).opened() as db, db.transaction() as tx:
        return await add_missing(tx, signer, now=clock())


def main() -> None:
    """Add who is missing, and say how many."""
    print(f"{asyncio.run(_run(BookingSettings()))} demo people added")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
