"""Series: their rhythm, the bookings in it, and the times of many sessions at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.booking.domain.slots import Range
from services.booking.store.reservations import Reservation
from shared.contracts.booking import Mode
from shared.postgres import Transaction
from shared.zones import zone


@dataclass(frozen=True)
class Series:
    """Sessions that repeat: `count` dates at the wall time that `first` has in `tz`."""

    id: UUID
    client_id: UUID
    trainer_id: UUID
    service: str
    mode: Mode
    tz: str
    first: datetime
    every_weeks: int
    count: int


async def add_series(tx: Transaction, series: Series, *, by: UUID, now: datetime) -> None:
    """Store a series; its bookings come after it."""
    await tx.execute(
        "insert into series (id, client_id, trainer_id, service, mode, tz, local_start,"
        " every_weeks, count, created_by, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        series.id,
        series.client_id,
        series.trainer_id,
        series.service,
        series.mode,
        series.tz,
        series.first.astimezone(zone(series.tz)).replace(tzinfo=None),
        series.every_weeks,
        series.count,
        by,
        now,
    )


async def find_series(connection: Transaction, series_id: UUID) -> Series | None:
    """A series."""
    return await _found(connection, "id = $1", series_id)


async def series_of(tx: Transaction, booking_id: UUID) -> Series | None:
    """The series a booking belongs to; None for a booking by itself."""
    return await _found(tx, "id = (select series_id from bookings where id = $1)", booking_id)


async def numbers(connection: Transaction, series_id: UUID) -> dict[int, UUID]:
    """The booking of each date of a series that was booked, by the date's number."""
    rows = await connection.fetch(
        "select series_number, id from bookings where series_id = $1 order by series_number",
        series_id,
    )
    return dict(rows)


async def later_numbers(tx: Transaction, booking_id: UUID, *, now: datetime) -> dict[UUID, int]:
    """A booking and those of its series that come after it and still take place, by number."""
    rows = await tx.fetch(
        "select b.id, b.series_number from bookings b"
        " join bookings named on named.series_id = b.series_id and named.id = $1"
        " where b.id = $1 or (b.series_number > named.series_number"
        " and b.status in ('confirmed', 'frozen') and b.start_at > $2) order by b.series_number",
        booking_id,
        now,
    )
    return dict(rows)


async def busy_times(
    tx: Transaction, client_id: UUID, since: datetime, until: datetime
) -> list[Range]:
    """When a client has sessions; sorted. Exact while the client's row is locked."""
    rows = await tx.fetch(
        "select extract(epoch from lower(during))::bigint,"
        " extract(epoch from upper(during))::bigint"
        " from reservations where client_id = $1 and during && tstzrange($2, $3) order by during",
        client_id,
        since,
        until,
    )
    return [(lo, hi) for lo, hi in rows]


async def take_times(tx: Transaction, taken: Sequence[Reservation]) -> set[UUID]:
    """Reserve times for bookings in one statement; the ids of those that were still free."""
    columns = zip(
        *(
            (
                one.id,
                one.trainer_id,
                one.client_id,
                one.start,
                one.end,
                *one.blocked,
                one.area,
                one.postal,
            )
            for one in taken
        ),
        strict=True,
    )
    rows = await tx.fetch(
        "insert into reservations"
        " (id, kind, trainer_id, client_id, during, blocked, area, postal)"
        " select id, 'booking', trainer_id, client_id, tstzrange(lo, hi),"
        " tstzrange(blocked_lo, blocked_hi), area, postal"
        " from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[],"
        " $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[])"
        " as t(id, trainer_id, client_id, lo, hi, blocked_lo, blocked_hi, area, postal)"
        " on conflict do nothing returning id",
        *(list(column) for column in columns),
    )
    return {row["id"] for row in rows}


async def give_back_times(tx: Transaction, booking_ids: Collection[UUID]) -> None:
    """Give the times of several bookings back."""
    await tx.execute("delete from reservations where id = any($1)", list(booking_ids))


async def _found(connection: Transaction, where: str, key: UUID) -> Series | None:
    columns = "id, client_id, trainer_id, service, mode, tz, local_start, every_weeks, count"
    row = await connection.fetchrow(
        f"select {columns} from series where {where}",  # noqa: S608 - our own text
        key,
    )
    if row is None:
        return None
    found = dict(row)
    first = found.pop("local_start").replace(tzinfo=zone(row["tz"])).astimezone(UTC)
    return Series(first=first, **found)
