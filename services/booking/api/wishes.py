"""How a time, a client and a booking are wished for in requests."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from services.booking.api.fields import (
    ConditionCode,
    EmailAddress,
    LanguageCode,
    ModeName,
    PhoneNumber,
    PostalCode,
    ServiceCode,
    TimeZoneName,
)
from services.booking.domain.consents import ASKED, Kind
from services.booking.handlers.book import BookingWish
from services.booking.handlers.clients import ClientWish
from services.booking.handlers.times import TimeWish
from services.booking.store.client_keys import ClientKeys
from shared.errors import FieldError, Invalid
from shared.fields import Body, Instant, NotBlank, Storable, Text

Name = Annotated[str, Field(min_length=1, max_length=120), Storable, NotBlank]
Line = Annotated[str, Field(min_length=1, max_length=200), Storable]


class TimeFields(Body):
    """A wished time."""

    service: ServiceCode
    mode: ModeName
    start: Instant
    trainer: UUID | None = None
    postal: PostalCode | None = None
    condition: ConditionCode | None = None
    language: LanguageCode | None = None

    def wish(self) -> TimeWish:
        """The wish as handlers take it."""
        return TimeWish(
            self.service,
            self.mode,
            self.start,
            self.trainer,
            self.postal,
            conditions=() if self.condition is None else (self.condition,),
            language=self.language,
        )


class ConsentFields(Body):
    """What the client agrees to be told by e-mail; what is left out is no answer.

    Reminders then follow from the booking for two years; marketing needs a yes.
    """

    reminders: Annotated[bool, Field(strict=True)] = True
    marketing: Annotated[bool, Field(strict=True)] = False

    def answers(self) -> dict[Kind, bool]:
        """What was answered."""
        given = {"reminders": self.reminders, "marketing": self.marketing}
        return {ASKED[name]: given[name] for name in given if name in self.model_fields_set}


class ClientFields(Body):
    """Who the booking is for."""

    name: Name
    email: EmailAddress
    phone: PhoneNumber | None = None
    tz: TimeZoneName
    language: LanguageCode = "en"


class AddressFields(Body):
    """Where an in-person session takes place."""

    street: Line
    city: Line | None = None
    postal: PostalCode
    note: Text | None = None


class BookingFields(Body):
    """A booking from a hold, or straight from a time."""

    hold: UUID | None = None
    service: ServiceCode | None = None
    mode: ModeName | None = None
    start: Instant | None = None
    trainer: UUID | None = None
    postal: PostalCode | None = None
    client: ClientFields
    address: AddressFields | None = None
    conditions: Annotated[tuple[ConditionCode, ...], Field(max_length=9)] = ()
    goal: Text | None = None
    consent: ConsentFields = ConsentFields()

    @model_validator(mode="after")
    def _hold_or_time(self) -> "BookingFields":
        time = {"service": self.service, "mode": self.mode, "start": self.start}
        if self.hold is None:
            wrong = [name for name, value in time.items() if value is None]
            message = "is needed where no hold is given"
        else:
            place = {"trainer": self.trainer, "postal": self.postal}
            wrong = [name for name, value in (time | place).items() if value is not None]
            message = "comes with the hold; leave it out"
        if wrong:
            # Raised through pydantic, which would blame the body and not its fields.
            raise Invalid(
                "invalid",
                f"Please correct: {', '.join(wrong)}. Nothing was stored.",
                fields=[FieldError(name, message) for name in wrong],
            )
        return self

    def wish(self, keys: ClientKeys) -> BookingWish:
        """The wish as handlers take it, with the goal sealed."""
        time = None
        if self.service is not None and self.mode is not None and self.start is not None:
            time = TimeWish(self.service, self.mode, self.start, self.trainer, self.postal)
        return BookingWish(
            client=ClientWish(
                name=self.client.name.strip(),
                email=self.client.email,
                phone=self.client.phone,
                tz=self.client.tz,
                language=self.client.language,
                answers=self.consent.answers(),
                source="booking-form",
            ),
            hold_id=self.hold,
            time=time,
            address=self.address.model_dump(exclude_none=True) if self.address else None,
            conditions=tuple(dict.fromkeys(self.conditions)),
            goal=keys.seal_note(self.goal),
        )
