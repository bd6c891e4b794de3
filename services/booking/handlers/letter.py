"""What a letter or an export is made from: who the client is, and the whole view."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.booking.domain.people import Person
from services.booking.queries import progress
from services.booking.store.people import find_person
from shared.errors import NotFound
from shared.postgres import Transaction


@dataclass(frozen=True)
class Whole:
    """A client and their whole view; who reads it decides how much of it is shown."""

    client: Person
    view: dict[str, Any]


async def read(connection: Transaction, client_id: UUID) -> Whole:
    """Client and view.

    Raises:
        NotFound: no such client.
    """
    client = await find_person(connection, client_id)
    if client is None:
        raise NotFound("no-such-client", "There is no such client.")
    return Whole(client, await progress.view(connection, client_id))
