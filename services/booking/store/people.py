"""People: found, added, and told to notify as one document each."""

from datetime import datetime
from uuid import UUID

from services.booking.domain.addresses import one_line
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person, email_key
from shared.contracts.contacts import (
    BookingAccess,
    Consent,
    ContactChanged,
    SignInCode,
    WaitlistAccess,
)
from shared.postgres import Transaction

MOST_BOOKINGS = 200
"""Coming bookings one contact document carries: two years of weekly sessions, and small enough."""

_COLUMNS = "id, role, name, email, phone, tz, language, reminders, marketing, contact_version"


async def lock_person_by_email(tx: Transaction, email: str) -> Person | None:
    """The person of an address, locked: all that concerns one person queues here."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from people where email_key = $1 for update",  # noqa: S608 - our columns
        email_key(email),
    )
    return Person(**row) if row else None


async def lock_person(tx: Transaction, person_id: UUID) -> Person | None:
    """A person, locked."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from people where id = $1 for update",  # noqa: S608
        person_id,
    )
    return Person(**row) if row else None


async def find_person(connection: Transaction, person_id: UUID) -> Person | None:
    """A person, not locked."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from people where id = $1",  # noqa: S608 - our columns
        person_id,
    )
    return Person(**row) if row else None


async def add_person(tx: Transaction, person: Person, *, now: datetime) -> bool:
    """Add a person; False when somebody with that address is there already."""
    status: str = await tx.execute(
        "insert into people (id, role, name, email, email_key, phone, tz, language, reminders,"
        " marketing, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict (email_key) do nothing",
        person.id,
        person.role,
        person.name,
        person.email,
        email_key(person.email),
        person.phone,
        person.tz,
        person.language,
        person.reminders,
        person.marketing,
        now,
    )
    return status == "INSERT 0 1"


async def update_client(tx: Transaction, person: Person) -> None:
    """Store what a client said of themselves with a new booking."""
    await tx.execute(
        "update people set name = $2, phone = $3, tz = $4, language = $5, reminders = $6,"
        " marketing = $7 where id = $1",
        person.id,
        person.name,
        person.phone,
        person.tz,
        person.language,
        person.reminders,
        person.marketing,
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


async def contact_changed(
    tx: Transaction,
    person_id: UUID,
    *,
    signer: LinkSigner,
    now: datetime,
    sign_in: SignInCode | None = None,
) -> ContactChanged:
    """The person's whole document in its next version: links to bookings, places in line."""
    row = await tx.fetchrow(
        "update people p set contact_version = contact_version + 1 where id = $1"  # noqa: S608
        f" returning {_COLUMNS}, array(select w.id from waitlist w where w.client_id = p.id"
        " and w.status in ('waiting', 'offered') order by w.id) as waits",
        person_id,
    )
    known = dict(row)
    waits: list[UUID] = known.pop("waits")
    person = Person(**known)
    bookings = await tx.fetch(
        "select b.id, b.join_url, b.address, t.name as trainer"
        " from bookings b join people t on t.id = b.trainer_id where b.client_id = $1"
        " and (b.end_at > $2 or b.updated_at > $2 - interval '1 day')"
        " order by b.start_at limit $3",
        person_id,
        now,
        MOST_BOOKINGS,
    )
    return ContactChanged(
        person_id=person.id,
        version=person.contact_version,
        role=person.role,
        name=person.name,
        email=person.email,
        phone=person.phone,
        language=person.language,
        tz=person.tz,
        consent=Consent(reminders=person.reminders, marketing=person.marketing),
        bookings=tuple(
            BookingAccess(
                booking_id=booking["id"],
                manage_token=signer.token("manage", booking["id"]),
                calendar_token=signer.token("calendar", booking["id"]),
                join_url=booking["join_url"],
                address=one_line(booking["address"]),
                with_name=booking["trainer"],
            )
            for booking in bookings
        ),
        sign_in=sign_in,
        waitlist=tuple(
            WaitlistAccess(waitlist_id=place, token=signer.token("waitlist", place))
            for place in waits
        ),
    )
