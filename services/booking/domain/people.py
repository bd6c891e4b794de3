"""Who somebody is and what they may do."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["client", "trainer", "clinician", "staff", "lead"]
Language = Literal["en", "fr"]

STAFF: frozenset[Role] = frozenset({"staff", "lead"})

DOTS_DO_NOT_COUNT = {"gmail.com", "googlemail.com"}
"""Domains of one provider that delivers `a.nn@` and `ann@` to the same mailbox."""


def email_key(email: str) -> str:
    """What makes two spellings of an address the same person: case does not count."""
    return email.strip().casefold()


def once_key(email: str) -> bytes:
    """What makes two addresses one mailbox, hashed: what is once per person is once per this.

    Case, what follows a `+`, and the dots of a Gmail address do not count. Such addresses stay
    two people to whom mail is sent as written; they share the one free workout.
    """
    local, _, domain = email_key(email).rpartition("@")
    mailbox = local.partition("+")[0] or local
    if domain in DOTS_DO_NOT_COUNT:
        mailbox, domain = mailbox.replace(".", "") or mailbox, "gmail.com"
    return hashlib.sha256(f"{mailbox}@{domain}".encode()).digest()


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
    contact_version: int

    @property
    def works_here(self) -> bool:
        """Whether they are staff; the duty lead is."""
        return self.role in STAFF


@dataclass(frozen=True)
class Caller:
    """Who makes a request: a signed-in person, the bearer of one link, or a visitor."""

    person_id: UUID | None = None
    role: Role | None = None
    booking_id: UUID | None = None
    waitlist_id: UUID | None = None

    @property
    def name(self) -> str:
        """A key under which this caller's repeated requests are known."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        if self.waitlist_id is not None:
            return f"waitlist:{self.waitlist_id}"
        return f"booking:{self.booking_id}" if self.booking_id is not None else "visitor"

    @property
    def works_here(self) -> bool:
        """Whether the caller is staff; the duty lead is."""
        return self.role in STAFF
