"""The log: everything applied to a client, once each and in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.progress.domain.model import Client
from shared.contracts.booking import BookingFact
from shared.contracts.event import Event
from shared.contracts.submissions import Submission
from shared.postgres import Transaction


async def append_submission(tx: Transaction, client: Client, submission: Submission) -> bool:
    """Write a submission into the log as its next entry; False when it is there already."""
    return await _append(
        tx,
        client,
        submission.type,
        f"submission {submission.submission_id}",
        submission.submitted_at,
        submission.model_dump(mode="json"),
    )


async def append_booking(tx: Transaction, client: Client, fact: BookingFact, at: datetime) -> bool:
    """Write a booking's change into the log as its next entry; False when it is there already."""
    return await _append(
        tx,
        client,
        fact.type,
        f"booking {fact.booking_id} {fact.version}",
        at,
        fact.model_dump(mode="json"),
    )


async def append_own(tx: Transaction, client: Client, entry: Event, at: datetime) -> bool:
    """Write an entry that no topic brought into the log as its next one."""
    about = f"{entry.type} {client.version + 1}"
    return await _append(tx, client, entry.type, about, at, entry.model_dump(mode="json"))


async def _append(
    tx: Transaction, client: Client, kind: str, about: str, at: datetime, data: dict[str, Any]
) -> bool:
    added = await tx.fetchval(
        "insert into log (client_id, version, type, about, at, data)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (client_id, about) do nothing returning true",
        client.id,
        client.version + 1,
        kind,
        about,
        at,
        data,
    )
    return added is not None


async def read_log(tx: Transaction, client_id: UUID) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Type, time and data of everything applied to a client, in order."""
    rows = await tx.fetch(
        "select type, at, data from log where client_id = $1 order by version", client_id
    )
    return [(row["type"], row["at"], row["data"]) for row in rows]
