"""What people typed in reports: which texts a report holds, and whom a client shows them to."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from services.booking.domain.care_team import Purpose
from services.booking.domain.people import Role
from shared.vocabulary import codes

NoteKind = Literal[
    "checkin", "goals", "hold-lift", "plan", "plan-comment", "swap", "screening", "assessment",
    "clearance-decision",
]  # fmt: skip
"""The reports in which somebody may have typed something, as their types begin."""

KINDS: tuple[NoteKind, ...] = get_args(NoteKind)

PURPOSES: dict[NoteKind, Purpose] = {
    "checkin": "progress",
    "goals": "progress",
    "hold-lift": "progress",
    "plan": "plan",
    "plan-comment": "plan",
    "swap": "plan",
    "screening": "assessment",
    "assessment": "assessment",
    "clearance-decision": "assessment",
}
"""What a client has to share before the care team reads it: as the view's own parts are."""

LIMITS = "limits"
"""What a text about the limits of a clearance is about."""

_POSTURE = (("region", codes.Region), ("finding", codes.PostureFinding))
_MECHANICS = (("movement", codes.Movement), ("finding", codes.MovementFinding))
_MEASURED = (("joint", codes.Joint), ("motion", codes.Motion))


@dataclass(frozen=True)
class Text:
    """One text. `about` is what it speaks of: codes, or a trainer's own words instead of one.

    `text` is None where those own words are all that was typed.
    """

    about: tuple[str, ...]
    text: str | None


@dataclass(frozen=True)
class Note:
    """What somebody typed in one report; `of` is the plan or the clearance it is about."""

    id: UUID
    kind: NoteKind
    at: datetime
    by: UUID
    by_name: str
    by_role: Role
    status: Literal["pending", "done", "rejected"]
    of: UUID | None
    texts: tuple[Text, ...]


def kinds_shown(share: Collection[Purpose] | None) -> tuple[NoteKind, ...]:
    """The kinds that a sight opens; all of them where `share` is None."""
    return tuple(kind for kind in KINDS if share is None or PURPOSES[kind] in share)


def texts(kind: str, report: Mapping[str, Any]) -> tuple[Text, ...]:
    """The texts in a report (its JSON without what stands in columns), in their order."""
    return tuple(_texts(kind, report)) if kind in KINDS else ()


def subject(report: Mapping[str, Any]) -> UUID | None:
    """The plan or clearance that a report is about."""
    of = report.get("plan_id") or report.get("clearance_id")
    return None if of is None else UUID(of)


def _texts(kind: NoteKind, report: Mapping[str, Any]) -> Iterator[Text]:
    match kind:
        case "checkin":
            yield from _text(report["check_in"].get("note"))
        case "goals":
            for activity in report["activities"]:
                yield from _text(activity["name"])
        case "hold-lift":
            yield from _text(report["reason"])
        case "plan":
            yield from _text(report.get("note"))
        case "plan-comment":
            yield from _text(report["text"])
        case "swap":
            yield from _text(report["reason"], report["given_up"], report["taken"])
        case "screening":
            yield from _text(report["screening"].get("medications"))
        case "assessment":
            yield from _assessed(report["assessment"])
        case "clearance-decision":
            yield from _text(report.get("note"))
            yield from _text((report.get("limits") or {}).get("note"), LIMITS)


def _assessed(assessment: Mapping[str, Any]) -> Iterator[Text]:
    for part, words in (("posture", _POSTURE), ("mechanics", _MECHANICS), ("rom", _MEASURED)):
        for one in assessment.get(part, ()):
            about = tuple(one[name] for name, _ in words)
            own = any(one[name] not in get_args(known) for name, known in words)
            if own or _says(one.get("note")):
                yield Text(about, one.get("note") if _says(one.get("note")) else None)


def _text(text: str | None, *about: str) -> Iterator[Text]:
    if text is not None and _says(text):
        yield Text(about, text)


def _says(text: str | None) -> bool:
    return bool(text and text.strip())
