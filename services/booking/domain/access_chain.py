"""The access log as a chain of hashes: whoever changes a line has to change all after it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

GENESIS = hashlib.sha256(b"limber access log v1").digest()
"""What the first line is chained to."""


@dataclass(frozen=True)
class Line:
    """A line of the access log: a look at something of one client, or at a list of `clients`."""

    id: int
    at: datetime
    actor_id: UUID
    actor_role: str
    client_id: UUID | None
    what: str
    clients: tuple[UUID, ...] | None


def link(previous: bytes, line: Line) -> bytes:
    """The hash of a line that follows the one with hash `previous`."""
    canonical = json.dumps(
        [
            line.id,
            line.at.astimezone(UTC).isoformat(timespec="microseconds"),
            str(line.actor_id),
            line.actor_role,
            None if line.client_id is None else str(line.client_id),
            line.what,
            None if line.clients is None else [str(client) for client in line.clients],
        ],
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + canonical.encode()).digest()
