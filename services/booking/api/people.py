"""People over HTTP: oneself, and everybody for staff."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow, signed_in, staff_only
from services.booking.api.fields import (
    AreaCode,
    ConditionCode,
    EmailAddress,
    LanguageCode,
    ModeName,
    PhoneNumber,
    TimeZoneName,
)
from services.booking.api.wishes import Name
from services.booking.api.writing import Answer, Writer, expected_version
from services.booking.domain.consents import ASKED, MARKETING, REMINDERS, Kind, allows
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person, Role
from services.booking.handlers import people as handlers
from services.booking.handlers import preferences
from services.booking.handlers.people import Profile, StaffedRole
from services.booking.handlers.preferences import Settings
from services.booking.queries import people
from services.booking.queries.people import ListedPerson
from shared.clock import Clock
from shared.fields import Body, Storable
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction

Answered = Annotated[bool, Field(strict=True)]


class MeFields(Body):
    """What to change of oneself; what is left out stays. A `phone` of null forgets the number."""

    # A default that is never used: only what was sent is read.
    name: Name = Field(default_factory=str)
    phone: PhoneNumber | None = None
    tz: TimeZoneName = Field(default_factory=str)
    language: LanguageCode = Field(default_factory=lambda: "en")
    reminders: Answered = Field(default_factory=bool)
    marketing: Answered = Field(default_factory=bool)

    def changes(self) -> dict[str, Any]:
        """The fields of the person that were sent."""
        sent = self.model_dump(exclude_unset=True, exclude={"reminders", "marketing"})
        return sent | {"name": sent["name"].strip()} if "name" in sent else sent

    def answers(self) -> dict[Kind, bool]:
        """What was said about messages."""
        given = {"reminders": self.reminders, "marketing": self.marketing}
        return {ASKED[name]: given[name] for name in given if name in self.model_fields_set}


class MeDocument(BaseModel):
    """Oneself. `reminders` and `marketing` are by e-mail; GET /v1/me/preferences tells all.

    `version` rises with each change that the message service is told.
    """

    id: UUID
    role: Role
    name: str
    email: str
    phone: str | None
    tz: str
    language: LanguageCode
    reminders: bool
    marketing: bool
    version: int


class PersonFields(Body):
    """Somebody who works with Limber."""

    role: StaffedRole
    name: Name
    email: EmailAddress
    phone: PhoneNumber | None = None
    tz: TimeZoneName
    language: LanguageCode = "en"


class PersonDocument(BaseModel):
    """A person as staff sees one; `same_phone_as` are others who gave the same number."""

    id: UUID
    role: Role
    name: str
    email: str
    phone: str | None
    tz: str
    language: LanguageCode
    same_phone_as: list[UUID]


class ProfileFields(Body):
    """What a trainer does; the public profile."""

    tz: TimeZoneName
    areas: Annotated[tuple[AreaCode, ...], Field(max_length=4)]
    modes: Annotated[tuple[ModeName, ...], Field(min_length=1, max_length=2)]
    languages: Annotated[tuple[LanguageCode, ...], Field(min_length=1, max_length=2)]
    conditions: Annotated[tuple[ConditionCode, ...], Field(max_length=9)]

    def profile(self) -> Profile:
        """The profile as handlers take it, each entry once."""
        return Profile(
            tz=self.tz,
            areas=tuple(dict.fromkeys(self.areas)),
            modes=tuple(dict.fromkeys(self.modes)),
            languages=tuple(dict.fromkeys(self.languages)),
            conditions=tuple(dict.fromkeys(self.conditions)),
        )


class ProfileDocument(BaseModel):
    """A trainer's public profile."""

    id: UUID
    name: str
    tz: str
    areas: list[AreaCode]
    modes: list[ModeName]
    languages: list[LanguageCode]
    conditions: list[ConditionCode]


def routes(db: Database, clock: Clock, writer: Writer, signer: LinkSigner) -> APIRouter:
    """Oneself, and people for staff."""
    router = APIRouter(prefix="/v1", tags=["people"])

    @router.get("/me", response_model=MeDocument)
    async def me(caller: CallerNow) -> Response:
        """Who the caller is."""
        person_id = signed_in(caller)
        async with db.reading() as connection:
            found = await preferences.read(connection, person_id)
        etag = f'"{found.person.contact_version}"'
        return JSONResponse(_me(found, clock()), headers={"ETag": etag})

    @router.patch("/me", response_model=MeDocument)
    async def change_me(body: MeFields, request: Request, caller: CallerNow) -> Response:
        """Change what is known of oneself, and what one agrees to be told."""
        person_id, version = signed_in(caller), expected_version(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            found = await preferences.change(
                tx,
                person_id,
                changes=body.changes(),
                answers=body.answers(),
                version=version,
                signer=signer,
                now=now,
            )
            return Answer(200, _me(found, now), found.person.contact_version)

        return await writer.commit(request, caller, work)

    @router.get("/people", response_model=PageDocument[PersonDocument])
    async def listed(
        caller: CallerNow,
        page: PageNow,
        role: Role | None = None,
        q: Annotated[
            str | None,
            Query(max_length=120, description="Part of a name, an address or a number."),
            Storable,
        ] = None,
    ) -> dict[str, Any]:
        """Everybody, by name; for staff."""
        staff_only(caller)
        after = page.after(str, UUID)
        async with db.reading() as connection:
            found = await people.listed(
                connection,
                role=role,
                words=(q or "").strip() or None,
                after=(after[0], after[1]) if after else None,
                limit=page.limit + 1,
            )
        return page.answer(found, key=lambda one: (one.name, one.id), show=_listed)

    @router.post("/people", status_code=201, response_model=PersonDocument)
    async def add(body: PersonFields, request: Request, caller: CallerNow) -> Response:
        """Add a trainer, a clinician or staff; for staff."""
        staff_only(caller)

        async def work(tx: Transaction) -> Answer:
            person = await handlers.add(
                tx,
                role=body.role,
                name=body.name.strip(),
                email=body.email,
                phone=body.phone,
                tz=body.tz,
                language=body.language,
                signer=signer,
                now=clock(),
            )
            others = await people.same_phone_as(tx, person)
            return Answer(201, _person(person) | {"same_phone_as": [str(one) for one in others]})

        return await writer.commit(request, caller, work)

    @router.put("/trainers/{trainer_id}/profile", response_model=ProfileDocument)
    async def save_profile(
        trainer_id: UUID, body: ProfileFields, request: Request, caller: CallerNow
    ) -> Response:
        """Say what a trainer does; for staff. With the first profile they can be given hours."""
        staff_only(caller)

        async def work(tx: Transaction) -> Answer:
            profile = body.profile()
            person = await handlers.save_profile(tx, trainer_id, profile)
            named = {"id": str(person.id), "name": person.name}
            return Answer(200, named | {key: _plain(part) for key, part in vars(profile).items()})

        return await writer.commit(request, caller, work)

    return router


def _me(found: Settings, now: datetime) -> dict[str, Any]:
    return _person(found.person) | {
        "reminders": allows(found.standing, REMINDERS, now),
        "marketing": allows(found.standing, MARKETING, now),
        "version": found.person.contact_version,
    }


def _listed(person: ListedPerson) -> dict[str, Any]:
    return _person(person) | {"same_phone_as": [str(one) for one in person.same_phone_as]}


def _person(person: Person | ListedPerson) -> dict[str, Any]:
    return {
        "id": str(person.id),
        "role": person.role,
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "tz": person.tz,
        "language": person.language,
    }


def _plain(part: str | tuple[str, ...]) -> str | list[str]:
    return part if isinstance(part, str) else list(part)
