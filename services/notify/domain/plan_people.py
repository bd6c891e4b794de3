"""Which messages follow from what a contact says: codes, and news for a care team."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notify.domain.planned import Planned
from services.notify.domain.templates import (
    ANNOUNCED_FOR,
    CARE_TEAM_INVITATION,
    CLEARANCE_NEEDED,
    CLEARANCE_REQUEST,
    SIGN_IN_CODE,
    Template,
)
from shared.contracts.conclusions import ClearanceRequested
from shared.contracts.contacts import CareTeamAccess, ContactChanged

CLEARING = frozenset({"physician", "physiotherapist"})
"""Roles of a care team that may decide on a clearance."""

CLEARANCE_ASKED_FOR = timedelta(days=28)
"""A clinician who joins the care team is asked for a clearance that has been open so long."""


def code_asked(contact: ContactChanged, *, now: datetime) -> list[Planned]:
    """The sign-in code that was asked for, unless it has run out."""
    asked = contact.sign_in
    if asked is None or asked.expires_at <= now:
        return []
    return [
        Planned(
            template=SIGN_IN_CODE,
            subject_id=asked.request_id,
            subject_version=0,
            recipient_id=contact.person_id,
            nominal_at=now,
            due_at=now,
            expires_at=asked.expires_at,
        )
    ]


def team_grew(
    contact: ContactChanged,
    joined: Collection[CareTeamAccess],
    open_clearances: Collection[UUID],
    *,
    at: datetime,
    now: datetime,
) -> list[Planned]:
    """An invitation to each who joined, and to clinicians what waits for their word."""
    found = []
    for member in joined:
        detail = {"role": member.role, "share": list(member.share)}
        found.append(
            _news(
                CARE_TEAM_INVITATION,
                contact.person_id,
                member.member_id,
                version=contact.version,
                client_id=contact.person_id,
                detail=detail,
                at=at,
                now=now,
            )
        )
        if member.role in CLEARING:
            found += [
                _request(clearance, contact.person_id, member.member_id, at=at, now=now)
                for clearance in open_clearances
            ]
    return [planned for planned in found if planned.expires_at > now]


def clearance_asked(
    fact: ClearanceRequested, team: Collection[CareTeamAccess], *, now: datetime
) -> list[Planned]:
    """The client is told what is needed, and those who can give it are asked."""
    found = list(_clearance(fact, team, now))
    return [planned for planned in found if planned.expires_at > now]


def _clearance(
    fact: ClearanceRequested, team: Collection[CareTeamAccess], now: datetime
) -> Iterator[Planned]:
    yield _news(
        CLEARANCE_NEEDED,
        fact.clearance_id,
        fact.client_id,
        detail={"asked": any(member.role in CLEARING for member in team)},
        at=fact.at,
        now=now,
    )
    for member in team:
        if member.role in CLEARING:
            yield _request(fact.clearance_id, fact.client_id, member.member_id, at=fact.at, now=now)


def _request(
    clearance_id: UUID, client_id: UUID, clinician: UUID, *, at: datetime, now: datetime
) -> Planned:
    return _news(CLEARANCE_REQUEST, clearance_id, clinician, client_id=client_id, at=at, now=now)


def _news(
    template: Template,
    subject_id: UUID,
    recipient: UUID,
    *,
    at: datetime,
    now: datetime,
    version: int = 0,
    client_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> Planned:
    about = {} if client_id is None else {"client_id": str(client_id)}
    return Planned(
        template=template,
        subject_id=subject_id,
        subject_version=version,
        recipient_id=recipient,
        nominal_at=now,
        due_at=now,
        expires_at=at + ANNOUNCED_FOR,
        detail=about | (detail or {}),
    )
