"""Progress as the page shows it: the newest view, and the answers to reports."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class SubmissionRow:
    """A report as far as it was worked on, ready for JSON, and who made it."""

    submitted_by: UUID
    document: dict[str, Any]


async def view(connection: Transaction, client_id: UUID) -> dict[str, Any]:
    """The client's view; an empty one at version 0 while progress has said nothing."""
    document: dict[str, Any] | None = await connection.fetchval(
        "select document from progress_views where client_id = $1", client_id
    )
    return document or empty_view(client_id)


def empty_view(client_id: UUID) -> dict[str, Any]:
    """The view of a client nothing is known of."""
    return {
        "client_id": str(client_id),
        "version": 0,
        "level": "unknown",
        "holds": [],
        "screening": None,
        "clearance": None,
        "assessment": None,
        "questionnaires": [],
        "goals": None,
        "plan": None,
        "check_ins": [],
        "trends": [],
        "effects": [],
        "recommendation": None,
        "weights": None,
        "flare": None,
        "milestones": [],
        "next": None,
        "safety": {"rules": []},
    }


async def submission(
    connection: Transaction, client_id: UUID, submission_id: UUID
) -> SubmissionRow | None:
    """Status of a report and, when there is one, its answer."""
    row = await connection.fetchrow(
        "select status, answer, submitted_by from submissions where id = $1 and client_id = $2",
        submission_id,
        client_id,
    )
    if row is None:
        return None
    document = {**(row["answer"] or {}), "id": str(submission_id), "status": row["status"]}
    return SubmissionRow(row["submitted_by"], document)


async def trains(connection: Transaction, trainer_id: UUID, client_id: UUID) -> bool:
    """Whether a trainer has, or had, a session with a client that was not cancelled."""
    found: bool = await connection.fetchval(
        "select exists (select from bookings where client_id = $1 and trainer_id = $2"
        " and status <> 'cancelled')",
        client_id,
        trainer_id,
    )
    return found
