"""The one document per person on `booking.contacts`: private, compacted, read by notify alone."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event, Instant, Part

MessageClass = Literal["service", "marketing"]
"""What a person may agree to or not; essential messages need no leave."""

Channel = Literal["email", "sms", "push"]
Basis = Literal["express", "implied", "withdrawn"]


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
    """What the person agreed to be told by e-mail; `grants` say it in full."""

    reminders: bool
    marketing: bool


class Grant(Part):
    """One class of message by one channel, as the ledger of consent stands now.

    It counts while it is granted and `expires_at` has not come. Where a class and a channel have no
    grant, nothing was agreed.
    """

    message_class: MessageClass
    channel: Channel
    granted: bool
    basis: Basis
    at: Instant
    expires_at: Instant | None = None


class QuietTime(Part):
    """Wall times in the person's zone ("HH:MM") between which nothing arrives.

    One that ends at or before it starts spans midnight.
    """

    start: str
    end: str


COMPANY_QUIET = QuietTime(start="21:00", end="08:00")
"""For whoever has not said otherwise; when nobody wants to be woken by a reminder."""


class Window(Part):
    """A weekly time when messages are welcome: wall times in the person's zone, day 0 is Monday.

    One that ends at or before it starts spans midnight.
    """

    day: int
    start: str
    end: str


class Preferences(Part):
    """When and how often service and marketing messages may come; essential ones always do.

    `quiet` and `per_day` null: as the company has it. No `windows`: at any time of the week.
    With `digest` what can wait comes with the weekly summary.
    """

    quiet: QuietTime | None = None
    windows: tuple[Window, ...] = ()
    digest: bool = False
    per_day: int | None = None


class UnsubscribeAccess(Part):
    """The link that ends one class of message by one channel, at /unsubscribe/{token}."""

    message_class: MessageClass
    channel: Channel
    token: str


class PushDevice(Part):
    """A browser that takes web push: where to send, and the keys to encrypt with (RFC 8291)."""

    id: UUID
    endpoint: str
    p256dh: str
    auth: str


class CareTeamAccess(Part):
    """Somebody a client lets look on, as what, and at which purposes."""

    member_id: UUID
    role: str
    share: tuple[str, ...]


class StaffPass(Part):
    """An open session of staff, as the hash of its token (SHA-256, hex)."""

    token_hash: str
    expires_at: Instant


class ContactChanged(Event):
    """All that notify needs to reach a person. The newest version replaces every older one.

    A document without `grants` is of before the ledger: `consent` speaks for e-mail. `passes` are
    told of staff and leads alone.
    """

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
    grants: tuple[Grant, ...] = ()
    preferences: Preferences | None = None
    unsubscribe: tuple[UnsubscribeAccess, ...] = ()
    devices: tuple[PushDevice, ...] = ()
    care_team: tuple[CareTeamAccess, ...] = ()
    passes: tuple[StaffPass, ...] = ()

    @property
    def key(self) -> str:
        """The person."""
        return str(self.person_id)
