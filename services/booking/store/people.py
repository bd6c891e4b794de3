"""People: found, locked and added."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain.consents import Line
from services.booking.domain.people import Person, email_key
from services.booking.store import consents
from shared.postgres import Transaction

_COLUMNS = "id, role, name, email, phone, tz, language, contact_version"


async def lock_person_by_email(tx: Transaction, email: str) -> Person | None:
    """The person of an address, locked: all that concerns one person queues here."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from people where email_key = $1 for update",  # noqa: S608 - our columns
        email_key(email),
    )
    return Person(**row) if row else None


async def lock_person(tx: Transaction, person_id: UUID) -> Person | None:
    """A person, locked; None also when they were erased."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from people where id = $1 and erased_at is null for update",  # noqa: S608
        person_id,
    )
    return Person(**row) if row else None


async def find_person(connection: Transaction, person_id: UUID) -> Person | None:
    """A person, not locked; None also when they were erased."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from people where id = $1 and erased_at is null",  # noqa: S608 - our columns
        person_id,
    )
    return Person(**row) if row else None


async def add_person(
    tx: Transaction, person: Person, lines: Sequence[Line] = (), *, now: datetime
) -> bool:
    """Add a person with the first lines of their ledger; False when the address is there already.

    One statement, for it is on the way of every new client's booking.
    """
    added: int = await tx.fetchval(
        "with added as (insert into people"  # noqa: S608 - our columns
        " (id, role, name, email, email_key, phone, tz, language,"
        " created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (email_key) do nothing returning id"
        f"), agreed as ({consents.insert_lines('added.id', 'added', first=10)})"
        " select count(*) from added",
        person.id,
        person.role,
        person.name,
        person.email,
        email_key(person.email),
        person.phone,
        person.tz,
        person.language,
        now,
        *consents.columns(lines),
    )
    return added == 1


async def update_person(tx: Transaction, person: Person) -> None:
    """Store what somebody says of themselves."""
    await tx.execute(
        "update people set name = $2, phone = $3, tz = $4, language = $5 where id = $1",
        person.id,
        person.name,
        person.phone,
        person.tz,
        person.language,
    )


async def add_flare(tx: Transaction, client_id: UUID, at: datetime) -> None:
    """Keep that a client's pain has flared up; the same report twice is one."""
    await tx.execute(
        "insert into flares (client_id, reported_at) values ($1, $2) on conflict do nothing",
        client_id,
        at,
    )


async def had_flare(tx: Transaction, client_id: UUID, *, since: datetime, until: datetime) -> bool:
    """Whether a client reported a flare in that time, both ends included."""
    had: bool = await tx.fetchval(
        "select exists (select from flares where client_id = $1 and reported_at between $2 and $3)",
        client_id,
        since,
        until,
    )
    return had
