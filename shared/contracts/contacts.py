"""The one document per person on `booking.contacts`: private, compacted, read by notify alone."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event, Instant, Part


class BookingAccess(Part):
    """What only the people of one coming booking may see: where it is and the link to manage it."""

    booking_id: UUID
    manage_token: str
    calendar_token: str
    join_url: str | None
    address: str | None
    with_name: str


class WaitlistAccess(Part):
    """The link by which somebody leaves the waitlist."""

    waitlist_id: UUID
    token: str


class SignInCode(Part):
    """A code the person asked for; worthless after `expires_at`."""

    request_id: UUID
    code: str
    expires_at: Instant


class Consent(Part):
    """What the person agreed to be told."""

    reminders: bool
    marketing: bool


class ContactChanged(Event):
    """All that notify needs to reach a person. The newest version replaces every older one."""

    topic: ClassVar[str] = "booking.contacts"
    type: ClassVar[str] = "contact.changed.v1"

    person_id: UUID
    version: int
    role: Literal["client", "trainer", "clinician", "staff", "lead"]
    name: str
    email: str
    phone: str | None
    language: Literal["en", "fr"]
    tz: str
    consent: Consent
    bookings: tuple[BookingAccess, ...] = ()
    sign_in: SignInCode | None = None
    waitlist: tuple[WaitlistAccess, ...] = ()

    @property
    def key(self) -> str:
        """The person."""
        return str(self.person_id)
