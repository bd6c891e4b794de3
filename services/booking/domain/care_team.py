"""Who a client lets look on, and which parts of the progress view each purpose opens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.booking import ConsentChanged, ConsentPurpose

MemberRole = Literal["physician", "physiotherapist", "other"]
Purpose = Literal["progress", "plan", "assessment"]

MOST_MEMBERS = 20
"""People who look on at one time: more than anybody's care team has, and one page of a list."""

ALWAYS = frozenset({"client_id", "version"})
"""Which view it is tells nothing of anybody's health."""

PARTS: dict[Purpose, frozenset[str]] = {
    "progress": frozenset(
        {
            "level",
            "holds",
            "check_ins",
            "questionnaires",
            "goals",
            "trends",
            "effects",
            "weights",
            "flare",
            "milestones",
            "safety",
            "next",
        }
    ),
    "plan": frozenset({"plan", "recommendation"}),
    "assessment": frozenset({"screening", "clearance", "assessment"}),
}
"""A part of the view that no purpose names is shown to no member."""

GATES = "gates"
"""What of `safety` tells how screening and assessment turned out."""

_CONSENT: dict[Purpose, ConsentPurpose] = {
    "progress": "share-progress",
    "plan": "share-plan",
    "assessment": "share-assessment",
}


@dataclass(frozen=True)
class Member:
    """Somebody a client shares with. `share` is in the order of `PARTS`."""

    id: UUID
    client_id: UUID
    person_id: UUID
    email: str
    role: MemberRole
    share: tuple[Purpose, ...]
    since: datetime


def in_order(share: Collection[Purpose]) -> tuple[Purpose, ...]:
    """The purposes, each once, in one order."""
    return tuple(purpose for purpose in PARTS if purpose in share)


def shared_view(view: Mapping[str, Any], share: Collection[Purpose]) -> dict[str, Any]:
    """What a member sees of a client's view; `shared` says which purposes that is."""
    open_parts = ALWAYS.union(*(PARTS[purpose] for purpose in share))
    shown = {name: part for name, part in view.items() if name in open_parts}
    if "assessment" not in share and isinstance(shown.get("safety"), dict):
        shown["safety"] = {name: one for name, one in shown["safety"].items() if name != GATES}
    return shown | {"shared": list(in_order(share))}


def shared_answer(answer: Mapping[str, Any], share: Collection[Purpose]) -> dict[str, Any]:
    """What a member reads of the answer to a report of theirs: how the client is, where shared."""
    hidden = frozenset[str]() if "progress" in share else frozenset({"level", "actions"})
    return {name: part for name, part in answer.items() if name not in hidden}


def sharing_changed(
    client_id: UUID,
    person_id: UUID,
    before: Collection[Purpose],
    after: Collection[Purpose],
    *,
    now: datetime,
) -> list[ConsentChanged]:
    """Each purpose that was granted to a member or withdrawn."""
    return [
        ConsentChanged(
            client_id=client_id,
            purpose=_CONSENT[purpose],
            granted=purpose in after,
            member_id=person_id,
            at=now,
        )
        for purpose in PARTS
        if (purpose in before) != (purpose in after)
    ]
