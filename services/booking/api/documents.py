"""Answers: bookings and holds as JSON and as a calendar file."""

from typing import Any
from uuid import UUID

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.booking.domain import policy, services
from services.booking.domain.addresses import one_line
from services.booking.domain.bookings import STANDING
from services.booking.domain.links import LinkSigner
from services.booking.queries.bookings import BookingRow
from services.booking.store.reservations import Hold
from shared.calendar import calendar_file
from shared.clock import rfc3339
from shared.contracts.booking import Because


class TrainerDocument(BaseModel):
    """A trainer as named in answers."""

    id: UUID
    name: str


class HoldDocument(BaseModel):
    """A time that is kept until `expires_at`."""

    id: UUID
    trainer: TrainerDocument
    service: str
    mode: str
    start: str
    end: str
    expires_at: str


class BookingDocument(BaseModel):
    """A booking; the manage token is told to the client alone.

    What was typed with it, a `goal` or a `reason` for cancelling, is told to trainer and staff.

    Until `free_until` it can be moved or cancelled without being late. A cancelled one says whether
    it was `late`, and `because` of what. `credit`: a session paid for ahead is used for it.
    """

    id: UUID
    version: int
    status: str
    service: str
    mode: str
    trainer: TrainerDocument
    client_id: UUID
    start: str
    end: str
    tz: str
    credit: bool
    free_until: str | None = None
    late: bool | None = None
    because: Because | None = None
    goal: str | None = None
    reason: str | None = None
    series_id: UUID | None = None
    join_url: str | None = None
    address: dict[str, Any] | None = None
    manage_token: str | None = None
    calendar_url: str | None = None


def hold(held: Hold, trainer_name: str) -> dict[str, Any]:
    """A hold as it is answered."""
    return {
        "id": str(held.id),
        "trainer": {"id": str(held.trainer_id), "name": trainer_name},
        "service": held.service,
        "mode": held.mode,
        "start": rfc3339(held.start),
        "end": rfc3339(held.end),
        "expires_at": rfc3339(held.expires_at),
    }


def booking(row: BookingRow) -> dict[str, Any]:
    """A booking as all its people see it."""
    body: dict[str, Any] = {
        "id": str(row.id),
        "version": row.version,
        "status": row.status,
        "service": row.service,
        "mode": row.mode,
        "trainer": {"id": str(row.trainer_id), "name": row.trainer_name},
        "client_id": str(row.client_id),
        "start": rfc3339(row.start),
        "end": rfc3339(row.end),
        "tz": row.tz,
        "credit": row.credit,
    }
    if row.status in STANDING:
        body["free_until"] = rfc3339(policy.free_until(row.service, row.start))
    if row.status == "cancelled":
        body |= {"late": row.late, "because": row.because}
    if row.series_id is not None:
        body["series_id"] = str(row.series_id)
    if row.join_url is not None:
        body["join_url"] = row.join_url
    if row.address is not None:
        body["address"] = row.address
    return body


def with_notes(body: dict[str, Any], *, goal: str | None, reason: str | None) -> dict[str, Any]:
    """A booking with what was typed with it: for its trainer and staff alone."""
    notes = {"goal": goal, "reason": reason}
    return body | {name: text for name, text in notes.items() if text is not None}


def with_links(body: dict[str, Any], signer: LinkSigner, public_url: str) -> dict[str, Any]:
    """A booking with the links that open it: for the client alone, and never stored."""
    booking_id = UUID(body["id"])
    token = signer.token("calendar", booking_id)
    return body | {
        "manage_token": signer.token("manage", booking_id),
        "calendar_url": f"{public_url}/v1/bookings/{booking_id}/calendar.ics?token={token}",
    }


def respond(body: dict[str, Any], version: int) -> Response:
    """A booking with its version as ETag."""
    return JSONResponse(body, headers={"ETag": f'"{version}"'})


def calendar(row: BookingRow, signer: LinkSigner, public_url: str) -> Response:
    """The booking as an iCalendar file."""
    manage = f"{public_url}/manage/{signer.token('manage', row.id)}"
    name = services.find(row.service).name
    data = calendar_file(
        booking_id=row.id,
        version=row.version,
        start=row.start,
        end=row.end,
        tz=row.tz,
        summary=f"{name} with {row.trainer_name}",
        description=f"Move or cancel at any time: {manage}",
        location=row.join_url or one_line(row.address) or "",
        url=manage,
        status="CANCELLED" if row.status == "cancelled" else "CONFIRMED",
        method="PUBLISH",
        organizer="Limber <hello@limber.example>",
        attendee=None,
        stamp=row.updated_at,
    )
    return Response(
        data,
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="limber.ics"'},
    )
