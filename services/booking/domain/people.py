"""Who somebody is and what they may do."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["client", "trainer", "clinician", "staff", "lead"]
Language = Literal["en", "fr"]


def email_key(email: str) -> str:
    """What makes two spellings of an address the same person: case does not count."""
    return email.strip().casefold()


@dataclass(frozen=True)
class Person:
    """Somebody Limber knows. `contact_version` counts the documents sent to notify."""

    id: UUID
    role: Role
    name: str
    email: str
    phone: str | None
    tz: str
    language: Language
    reminders: bool
    marketing: bool
    contact_version: int


@dataclass(frozen=True)
class Caller:
    """Who makes a request: a signed-in person, the bearer of one booking's link, or a visitor."""

    person_id: UUID | None = None
    role: Role | None = None
    booking_id: UUID | None = None

    @property
    def name(self) -> str:
        """A key under which this caller's repeated requests are known."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"booking:{self.booking_id}" if self.booking_id is not None else "visitor"

    @property
    def works_here(self) -> bool:
        """Whether the caller is staff; the duty lead is."""
        return self.role in {"staff", "lead"}
