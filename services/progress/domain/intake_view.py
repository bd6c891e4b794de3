"""The view's parts about intake: screening, clearance, and the gates that are closed."""

from collections.abc import Iterable
from typing import Any

from services.progress.domain.care import Care
from services.progress.domain.gates import Gate
from shared.clock import rfc3339


def screening(care: Care) -> dict[str, Any] | None:
    """The newest screening: what it closed and why; never the answers one by one."""
    known = care.screening
    if known is None:
        return None
    return {
        "id": str(known.id),
        "at": rfc3339(known.at),
        "outcome": known.outcome,
        "rules": list(known.rules),
        "reasons": list(known.reasons),
        "conditions": list(known.conditions),
        "red_flags": list(known.red_flags),
        "active": known.active,
        "wish": known.wish,
        "enjoys": list(known.enjoys),
        "valid_until": rfc3339(known.valid_until),
    }


def clearance(care: Care) -> dict[str, Any] | None:
    """The clearance that is asked for, or what was decided; limits count until a new decision."""
    known = care.clearance
    if known is None:
        return None
    return {
        "id": str(known.id),
        "status": known.status,
        "rules": list(known.rules),
        "reasons": list(known.reasons),
        "requested_at": rfc3339(known.requested_at),
        "decided_at": None if known.decided_at is None else rfc3339(known.decided_at),
        "max_effort": known.max_effort,
        "avoid": list(known.avoid),
        "valid_until": None if known.valid_until is None else rfc3339(known.valid_until),
    }


def gates(closed: Iterable[Gate]) -> list[dict[str, Any]]:
    """What stands before a plan, in the order in which to open it."""
    return [
        {
            "rule": gate.rule,
            "code": gate.code,
            "task": gate.task,
            "reason": gate.reason,
            "since": None if gate.since is None else rfc3339(gate.since),
        }
        for gate in closed
    ]
