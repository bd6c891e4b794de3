"""People as they are listed, and what ties them to each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.domain.care_team import Member, MemberRole, Purpose
from services.booking.domain.people import Language, Person, Role, email_key
from shared.postgres import Transaction

_PERSON = "id, role, name, email, phone, tz, language, contact_version"

_MEMBER = (
    "select c.id, c.client_id, c.member_id as person_id, p.email, c.role, c.share,"
    " c.added_at as since from care_team c join people p on p.id = c.member_id"
)


@dataclass(frozen=True)
class Ties:
    """What ties a person to a client: sessions as the trainer, and a place in the care team.

    `share` is what the client shares; `role` is null for who is in no care team.
    """

    trains: bool
    share: tuple[Purpose, ...]
    role: MemberRole | None


@dataclass(frozen=True)
class SharingClient:
    """A client who shares with a member of the care team."""

    id: UUID
    name: str
    role: MemberRole
    share: tuple[Purpose, ...]
    since: datetime


@dataclass(frozen=True)
class ListedPerson:
    """A person as staff sees one; `same_phone_as` are the others who gave the same number."""

    id: UUID
    role: Role
    name: str
    email: str
    phone: str | None
    tz: str
    language: Language
    same_phone_as: tuple[UUID, ...]


async def ties(
    connection: Transaction, person_id: UUID, client_id: UUID, *, seen_since: datetime
) -> Ties:
    """What ties a person to a client now; sessions that ended before `seen_since` do not count."""
    row = await connection.fetchrow(
        "select t.trains, c.share, c.role"
        " from (select exists (select from bookings where client_id = $2 and trainer_id = $1"
        "  and status <> 'cancelled' and end_at > $3) as trains) t"
        " left join care_team c on c.client_id = $2 and c.member_id = $1 and c.removed_at is null",
        person_id,
        client_id,
        seen_since,
    )
    return Ties(row["trains"], tuple(row["share"] or ()), row["role"])


async def person_of_email(connection: Transaction, email: str) -> Person | None:
    """The person of an address, not locked."""
    row = await connection.fetchrow(
        f"select {_PERSON} from people where email_key = $1",  # noqa: S608 - our columns
        email_key(email),
    )
    return Person(**row) if row else None


async def member_of(connection: Transaction, client_id: UUID, person_id: UUID) -> Member | None:
    """A person's place in a client's care team."""
    row = await connection.fetchrow(
        f"{_MEMBER} where c.client_id = $1 and c.member_id = $2 and c.removed_at is null",
        client_id,
        person_id,
    )
    return _member(row) if row else None


async def member(connection: Transaction, client_id: UUID, member_id: UUID) -> Member | None:
    """A member of a client's care team, by the id of the membership."""
    row = await connection.fetchrow(
        f"{_MEMBER} where c.client_id = $1 and c.id = $2 and c.removed_at is null",
        client_id,
        member_id,
    )
    return _member(row) if row else None


async def members(connection: Transaction, client_id: UUID) -> list[Member]:
    """A client's whole care team, in the order they came; it is bounded."""
    rows = await connection.fetch(
        f"{_MEMBER} where c.client_id = $1 and c.removed_at is null order by c.added_at, c.id",
        client_id,
    )
    return [_member(row) for row in rows]


async def sharing_with(
    connection: Transaction, person_id: UUID, *, after: tuple[str, UUID] | None, limit: int
) -> list[SharingClient]:
    """The clients who share with a person, by name."""
    name, client_id = after or (None, None)
    rows = await connection.fetch(
        "select p.id, p.name, c.role, c.share, c.added_at as since"
        " from care_team c join people p on p.id = c.client_id"
        " where c.member_id = $1 and c.removed_at is null and c.share <> '{}'"
        " and ($2::text is null or (p.name, p.id) > ($2, $3))"
        " order by p.name, p.id limit $4",
        person_id,
        name,
        client_id,
        limit,
    )
    return [SharingClient(**{**row, "share": tuple(row["share"])}) for row in rows]


async def listed(
    connection: Transaction,
    *,
    role: Role | None,
    words: str | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[ListedPerson]:
    """People by name; of one role, or whose name, address or number holds `words`."""
    name, person_id = after or (None, None)
    rows = await connection.fetch(
        "with page as (select id, role, name, email, phone, tz, language from people"
        "  where erased_at is null and ($1::text is null or role = $1)"
        "  and ($2::text is null or strpos(lower(name), lower($2)) > 0"
        "   or strpos(email_key, lower($2)) > 0 or strpos(phone, $2) > 0)"
        "  and ($3::text is null or (name, id) > ($3, $4)) order by name, id limit $5"
        "), same as (select p.id, array_agg(o.id order by o.id) as ids"
        "  from page p join people o on o.phone = p.phone and o.id <> p.id group by p.id"
        ") select page.*, coalesce(same.ids, '{}') as same_phone_as"
        " from page left join same using (id) order by name, id",
        role,
        words,
        name,
        person_id,
        limit,
    )
    return [ListedPerson(**{**row, "same_phone_as": tuple(row["same_phone_as"])}) for row in rows]


async def same_phone_as(connection: Transaction, somebody: Person) -> list[UUID]:
    """The others who gave the same number; a hint for staff, never a reason to refuse."""
    rows = await connection.fetch(
        "select id from people where phone = $1 and id <> $2 order by id",
        somebody.phone,
        somebody.id,
    )
    return [row["id"] for row in rows]


def _member(row: Any) -> Member:  # noqa: ANN401
    return Member(**{**row, "share": tuple(row["share"])})
