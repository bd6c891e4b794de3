"""What the database would give back of a decision: the next one sees the same, loaded or not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.progress.domain.care import Care
from services.progress.domain.firing import Firing
from services.progress.domain.model import Client, Hold, Report


def stored_client(client: Client, before: Client) -> Client:
    """The client's row; `before` is how it was given to the decision."""
    care = client.care
    if care is not before.care:
        kept = care.model_dump(mode="json", exclude_defaults=True)
        care = Care.model_validate(_as_json(kept))
    return replace(
        client,
        as_of=_in_utc(client.as_of),
        due_at=_in_utc(client.due_at),
        care=care,
        next=_as_json(client.next),
        reports=(),
        holds=(),
        bookings=(),
    )


def stored_report(report: Report) -> Report:
    """A report."""
    at = report.at.astimezone(UTC)
    return replace(report, at=at, firings=_firings(report.firings))


def stored_hold(hold: Hold) -> Hold:
    """A hold."""
    return replace(hold, since=hold.since.astimezone(UTC), firings=_firings(hold.firings))


def _firings(firings: tuple[Firing, ...]) -> tuple[Firing, ...]:
    return tuple(replace(one, inputs=_as_json(one.inputs)) for one in firings)


def _in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _as_json(value: Any) -> Any:  # noqa: ANN401
    """A document as a jsonb column keeps it: lists, and names in the column's order."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _as_json(value[name]) for name in names}
    return [_as_json(one) for one in value] if isinstance(value, (list, tuple)) else value
