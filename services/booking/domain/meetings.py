"""Where virtual sessions meet: a room for each booking that nobody else can find."""

import secrets
from dataclasses import dataclass
from typing import Protocol

ROOM_BYTES = 16
"""128 random bits: whoever does not have the link cannot find the room."""


class MeetingRooms(Protocol):
    """Gives a new booking the link of its room.

    It is asked inside the booking's transaction, so it answers at once and calls nobody.
    """

    def new_room(self) -> str:
        """The link of a room that no other session has."""
        ...


@dataclass(frozen=True)
class NamedRooms:
    """Rooms that exist by their name alone, as on a Jitsi server at `base`."""

    base: str

    def new_room(self) -> str:
        """A room with a name that cannot be guessed."""
        return f"{self.base.rstrip('/')}/limber-{secrets.token_urlsafe(ROOM_BYTES)}"
