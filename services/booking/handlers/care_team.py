"""A client lets somebody look on, changes what they see, or sends them away."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.booking.domain.care_team import (
    MOST_MEMBERS,
    Member,
    MemberRole,
    Purpose,
    in_order,
    sharing_changed,
)
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person, email_key
from services.booking.handlers.tell import tell
from services.booking.queries import people as found
from services.booking.store import care_team, people
from services.booking.store.contacts import contact_changed
from shared import outbox
from shared.errors import Conflict, Invalid, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction


@dataclass(frozen=True)
class SharingWish:
    """Whom a client lets look on, as what, and at which purposes."""

    email: str
    role: MemberRole
    share: tuple[Purpose, ...]


async def share(
    tx: Transaction, client_id: UUID, wish: SharingWish, *, signer: LinkSigner, now: datetime
) -> tuple[Member, bool]:
    """Share with somebody, or change what is shared; True when they are new to the team.

    An address nobody knows becomes a clinician, who can sign in by code.

    Raises:
        NotFound: no such client.
        Invalid: it is the client's own address.
        Conflict: `care-team-full`.
    """
    client = await _locked(tx, client_id)
    if email_key(wish.email) == email_key(client.email):
        raise Invalid.field("email", "is your own address; you see everything anyway")
    person = await found.person_of_email(tx, wish.email)
    if person is None:
        person, is_new = await _welcome(tx, wish.email, client, now=now)
        if is_new:
            # Before the client's document, which names them: usually notify knows them by then.
            contact = await contact_changed(tx, person.id, signer=signer, now=now)
            await outbox.add(tx, [contact], now=now)
    before = await found.member_of(tx, client.id, person.id)
    if before is None:
        if len(await found.members(tx, client.id)) >= MOST_MEMBERS:
            raise Conflict(
                "care-team-full",
                f"{MOST_MEMBERS} people look on already. Remove somebody first.",
            )
        member = Member(
            new_id(), client.id, person.id, person.email, wish.role, in_order(wish.share), now
        )
        await care_team.add_member(tx, member)
    else:
        member = replace(before, role=wish.role, share=in_order(wish.share))
        await care_team.save_member(tx, member)
    shared_before = before.share if before else ()
    shared = sharing_changed(client.id, person.id, shared_before, member.share, now=now)
    await tell(tx, client.id, shared, signer, now=now)
    return member, before is None


async def remove(
    tx: Transaction, client_id: UUID, member_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """Share nothing with a member any more; streams they have open end.

    Raises:
        NotFound: no such member.
    """
    client = await _locked(tx, client_id)
    member = await found.member(tx, client.id, member_id)
    if member is None:
        raise NotFound("no-such-member", "There is no such member of the care team.")
    await care_team.remove_member(tx, member, now=now)
    withdrawn = sharing_changed(client.id, member.person_id, member.share, (), now=now)
    await tell(tx, client.id, withdrawn, signer, now=now)


async def _locked(tx: Transaction, client_id: UUID) -> Person:
    """The client, locked: changes of one care team queue up."""
    client = await people.lock_person(tx, client_id)
    if client is None:
        raise NotFound("no-such-client", "There is no such client.")
    return client


async def _welcome(
    tx: Transaction, email: str, client: Person, *, now: datetime
) -> tuple[Person, bool]:
    """A new clinician, named after the address until they say otherwise."""
    person = Person(
        id=new_id(),
        role="clinician",
        name=email.partition("@")[0],
        email=email,
        phone=None,
        tz=client.tz,
        language=client.language,
        contact_version=0,
    )
    if await people.add_person(tx, person, now=now):
        return person, True
    # Somebody added the same address at this very moment: it is visible by now.
    added = await found.person_of_email(tx, email)
    if added is None:
        raise RuntimeError("a person with that address exists and cannot be found")
    return added, False
