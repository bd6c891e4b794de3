"""Care teams: whom a client shares with. A removed member's row stays as evidence."""

from datetime import datetime

from services.booking.domain.care_team import Member
from shared.postgres import Transaction


async def add_member(tx: Transaction, member: Member) -> None:
    """A client shares with somebody from now on."""
    await tx.execute(
        "insert into care_team (id, client_id, member_id, role, share, added_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        member.id,
        member.client_id,
        member.person_id,
        member.role,
        list(member.share),
        member.since,
    )


async def save_member(tx: Transaction, member: Member) -> None:
    """Store a member's role and what is shared with them now."""
    await tx.execute(
        "update care_team set role = $2, share = $3 where id = $1",
        member.id,
        member.role,
        list(member.share),
    )


async def remove_member(tx: Transaction, member: Member, *, now: datetime) -> None:
    """Nothing is shared with the member any more."""
    await tx.execute("update care_team set removed_at = $2 where id = $1", member.id, now)
