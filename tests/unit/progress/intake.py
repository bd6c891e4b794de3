"""Screenings and decisions on clearances, with plain defaults, and what follows from them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.progress.domain import decide
from services.progress.domain.care import Clearance
from services.progress.domain.entries import TimePassed
from services.progress.domain.gates import closed
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.care import (
    ClearanceDecisionSubmitted,
    ClearanceLimits,
    Decision,
    ScreeningSubmitted,
)
from shared.contracts.care import Screening as Given
from shared.contracts.conclusions import ClearanceDecided, ClearanceExpired, ClearanceRequested
from shared.contracts.event import Event
from tests.unit.progress.builders import CLIENT, NOW, RULES, TZ
from tests.unit.progress.planned import healthy

CLINICIAN = UUID(int=9)


def a_screening(
    number: int = 1, *yes: str, at: datetime = NOW, active: bool = True, **more: Any
) -> ScreeningSubmitted:
    """An active client with a moderate wish who answers yes to these questions."""
    given = {
        "health": healthy(**dict.fromkeys(yes, True)),
        "active": active,
        "wish": "moderate",
        "conditions": ["back-pain"],
    } | more
    return ScreeningSubmitted(
        submission_id=UUID(int=3000 + number),
        client_id=CLIENT,
        submitted_by=CLIENT,
        submitted_at=at,
        tz=TZ,
        screening=Given.model_validate(given),
    )


def a_decision(
    clearance: UUID,
    decision: Decision = "granted",
    number: int = 1,
    *,
    at: datetime = NOW,
    max_effort: int | None = None,
    avoid: tuple[str, ...] = (),
    valid_until: date | None = None,
    tz: str = TZ,
) -> ClearanceDecisionSubmitted:
    """A clinician's word on a clearance."""
    limited = max_effort is not None or bool(avoid)
    limits = ClearanceLimits(max_effort=max_effort, avoid=avoid, note="private")
    return ClearanceDecisionSubmitted(
        submission_id=UUID(int=4000 + number),
        client_id=CLIENT,
        submitted_by=CLINICIAN,
        submitted_at=at,
        tz=tz,
        clearance_id=clearance,
        decision=decision,
        limits=limits if limited else None,
        valid_until=valid_until,
        note="private",
    )


def life(client: Client, *entries: Event, rules: Rules = RULES) -> Client:
    """The client after these entries."""
    for entry in entries:
        client = decide.decide(client, entry, rules).client
    return client


def asked(*yes: str, **more: Any) -> Client:
    """A client of whom a clinician is asked because of these answers."""
    return life(Client(CLIENT), a_screening(1, *(yes or ("chest_pain",)), **more))


def clearance(client: Client) -> Clearance:
    """The clearance of a client who has one."""
    assert client.care.clearance is not None
    return client.care.clearance


def decided(client: Client, decision: Decision = "granted", **more: Any) -> Client:
    """The client after a clinician's word on the open clearance."""
    return life(client, a_decision(clearance(client).id, decision, **more))


def gates(client: Client, at: datetime = NOW) -> list[tuple[str, str]]:
    """Rule and code of the closed gates; the assessment's left out."""
    found = closed(client.care, at, RULES)
    return [(gate.rule, gate.code) for gate in found if gate.rule != "G1"]


def time(at: datetime) -> TimePassed:
    """Time alone."""
    return TimePassed(client_id=CLIENT, at=at)


def told(events: Iterable[Event]) -> list[str]:
    """What is told of clearances."""
    names = {
        ClearanceRequested: "requested",
        ClearanceDecided: "decided",
        ClearanceExpired: "expired",
    }
    return [names[type(event)] for event in events if type(event) in names]
