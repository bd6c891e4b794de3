"""The waitlist and its offers: rows are all there is, so a process may end at any moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.booking.domain.slots import Range
from services.booking.domain.waitlist import Entry, whole_seconds
from shared.postgres import Transaction

_COLUMNS = (
    "w.id, w.client_id, w.service, w.mode, w.area, w.postal, w.trainer_id, w.tz, w.first_day,"
    " w.last_day, w.status, w.created_at"
)

A_DAY = timedelta(days=1)
"""Dates differ from those of UTC by at most one; exact days are judged with the entry's zone."""


@dataclass(frozen=True)
class Offer:
    """A start that was kept for somebody."""

    hold_id: UUID
    waitlist_id: UUID
    trainer_id: UUID
    start: datetime
    end: datetime
    expires_at: datetime


async def add_entry(tx: Transaction, entry: Entry) -> None:
    """Put somebody on the waitlist."""
    await tx.execute(
        "insert into waitlist (id, client_id, service, mode, area, postal, trainer_id, tz,"
        " first_day, last_day, status, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        entry.id,
        entry.client_id,
        entry.service,
        entry.mode,
        entry.area,
        entry.postal,
        entry.trainer_id,
        entry.tz,
        entry.first_day,
        entry.last_day,
        entry.status,
        entry.created_at,
    )


async def count_open(tx: Transaction, client_id: UUID) -> int:
    """How many open wishes a client has. Exact while the client's row is locked."""
    count: int = await tx.fetchval(
        "select count(*) from waitlist where client_id = $1 and status in ('waiting', 'offered')",
        client_id,
    )
    return count


async def waiting_for(
    tx: Transaction,
    trainer_id: UUID,
    start: datetime,
    end: datetime,
    *,
    once: Collection[str],
    limit: int,
) -> list[Entry]:
    """Who may want a trainer's time, the longest wait first; not locked.

    Left out are clients whose sessions wait for a safety hold, and those who have had a service
    that is `once` per person.
    """
    rows = await tx.fetch(
        # Materialized, or the limit would lead through all who wait anywhere, in their order. The
        # index has no area for a virtual session.
        f"with near as materialized (select {_COLUMNS} from trainers t"  # noqa: S608 - our columns
        "  cross join lateral (select mode, area from unnest(t.modes) mode,"
        "   unnest(case mode when 'virtual' then array[''] else t.areas end) area) can"
        "  join waitlist w on w.mode = can.mode and coalesce(w.area, '') = can.area"
        "  where t.id = $1 and w.status = 'waiting' and w.first_day <= $3 and w.last_day >= $2"
        "  and (w.trainer_id is null or w.trainer_id = t.id))"
        " select * from near w where not exists (select from safety_holds s"
        "  where s.client_id = w.client_id and s.kind = 'session' and s.lifted_at is null)"
        " and not (w.service = any($4) and exists (select from bookings b"
        "  where b.client_id = w.client_id and b.service = w.service and b.status <> 'cancelled'))"
        " order by w.created_at, w.id limit $5",
        trainer_id,
        (start - A_DAY).date(),
        (end + A_DAY).date(),
        list(once),
        limit,
    )
    return [Entry(**row) for row in rows]


async def known_of(
    tx: Transaction,
    client_ids: Collection[UUID],
    trainer_id: UUID,
    start: datetime,
    end: datetime,
) -> dict[UUID, list[Range]]:
    """The times between two instants that no client is offered of a trainer.

    Those are the client's other sessions and open offers; and what the trainer had for them before:
    a time that was offered, or a booking that they gave back. Half an hour later is the same time.
    """
    rows = await tx.fetch(
        "select client_id, lower(during) as since, upper(during) as until"
        " from reservations where client_id = any($1) and during && tstzrange($3, $4)"
        " union all select w.client_id, o.start_at, o.end_at"
        " from waitlist w join waitlist_offers o on o.waitlist_id = w.id"
        " where w.client_id = any($1) and (o.status = 'open' or o.trainer_id = $2)"
        " and o.start_at < $4 and o.end_at > $3"
        " union all select client_id, start_at, end_at"
        " from bookings where client_id = any($1) and trainer_id = $2"
        " and start_at < $4 and end_at > $3",
        list(client_ids),
        trainer_id,
        start,
        end,
    )
    known: dict[UUID, list[Range]] = {client_id: [] for client_id in client_ids}
    for client_id, since, until in rows:
        known[client_id].append(whole_seconds(since, until))
    return known


async def lock_waiting(tx: Transaction, entry_id: UUID) -> bool:
    """Lock an entry that waits; False when somebody else has it, or it waits no more."""
    found = await tx.fetchval(
        "select true from waitlist where id = $1 and status = 'waiting' for update skip locked",
        entry_id,
    )
    return found is not None


async def add_offer(tx: Transaction, offer: Offer, *, now: datetime) -> None:
    """A start is kept for an entry, whose row is locked."""
    await tx.execute(
        "with offered as (insert into waitlist_offers (hold_id, waitlist_id, trainer_id, start_at,"
        " end_at, status, offered_at, expires_at) values ($1, $2, $3, $4, $5, 'open', $6, $7))"
        " update waitlist set status = 'offered' where id = $2",
        offer.hold_id,
        offer.waitlist_id,
        offer.trainer_id,
        offer.start,
        offer.end,
        now,
        offer.expires_at,
    )


async def clear_run_out(
    tx: Transaction,
    trainer_id: UUID,
    start: datetime | None,
    end: datetime | None,
    *,
    now: datetime,
) -> list[Range]:
    """Delete a trainer's run-out holds that meet a time, all of them when it is None.

    Their offers have lapsed, and who had them waits again. Returns the times that are free now.
    A hold that is being booked at this moment is left alone.
    """
    rows = await tx.fetch(
        "with gone as (delete from reservations where id in (select id from reservations"
        "  where kind = 'hold' and trainer_id = $1 and blocked && tstzrange($2, $3)"
        "  and expires_at <= $4 for update skip locked)"
        "  returning id, lower(during) as since, upper(during) as until),"
        " lapsed as (update waitlist_offers o set status = 'lapsed' from gone"
        "  where o.hold_id = gone.id and o.status = 'open' returning o.waitlist_id),"
        " again as (update waitlist w set status = 'waiting' from lapsed"
        "  where w.id = lapsed.waitlist_id and w.status = 'offered')"
        " select since, until from gone order by since",
        trainer_id,
        start,
        end,
        now,
    )
    return [whole_seconds(since, until) for since, until in rows]


async def trainer_of_hold(tx: Transaction, hold_id: UUID) -> UUID | None:
    """Whose time a hold keeps; None when there is no such hold."""
    found: UUID | None = await tx.fetchval(
        "select trainer_id from reservations where id = $1 and kind = 'hold'", hold_id
    )
    return found


async def delete_hold(tx: Transaction, hold_id: UUID) -> tuple[datetime, datetime] | None:
    """Give a hold back; the time it kept, or None when there is none.

    An offer that it kept is declined, and who had it waits again.
    """
    row = await tx.fetchrow(
        "with gone as (delete from reservations where id = $1 and kind = 'hold'"
        "  returning id, lower(during) as since, upper(during) as until),"
        " declined as (update waitlist_offers o set status = 'declined' from gone"
        "  where o.hold_id = gone.id and o.status = 'open' returning o.waitlist_id),"
        " again as (update waitlist w set status = 'waiting' from declined"
        "  where w.id = declined.waitlist_id and w.status = 'offered')"
        " select since, until from gone",
        hold_id,
    )
    return (row["since"], row["until"]) if row else None


async def open_offer(tx: Transaction, entry_id: UUID) -> Offer | None:
    """The offer an entry has now; at most one."""
    row = await tx.fetchrow(
        'select hold_id, waitlist_id, trainer_id, start_at as start, end_at as "end", expires_at'
        " from waitlist_offers where waitlist_id = $1 and status = 'open'",
        entry_id,
    )
    return Offer(**row) if row else None


async def find_entry(tx: Transaction, entry_id: UUID) -> Entry | None:
    """An entry, not locked."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from waitlist w where w.id = $1",  # noqa: S608 - our columns
        entry_id,
    )
    return Entry(**row) if row else None


async def entry_of_hold(tx: Transaction, hold_id: UUID) -> Entry | None:
    """The entry a hold keeps a time for, not locked; None for a plain hold, or none."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from waitlist w join holds h on h.waitlist_id = w.id"  # noqa: S608
        " where h.id = $1",
        hold_id,
    )
    return Entry(**row) if row else None


async def lock_entry(tx: Transaction, entry_id: UUID) -> Entry | None:
    """An entry, locked."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from waitlist w where w.id = $1 for update",  # noqa: S608
        entry_id,
    )
    return Entry(**row) if row else None


async def leave(tx: Transaction, entry_id: UUID) -> None:
    """Somebody waits no more; the entry's row is locked."""
    await tx.execute("update waitlist set status = 'left' where id = $1", entry_id)


async def book_offer(tx: Transaction, hold_id: UUID) -> Entry | None:
    """The hold of an offer became a booking; None when the hold kept no offer."""
    row = await tx.fetchrow(
        "with booked as (update waitlist_offers set status = 'booked'"  # noqa: S608 - our columns
        "  where hold_id = $1 and status = 'open' returning waitlist_id)"
        " update waitlist w set status = 'booked' from booked where w.id = booked.waitlist_id"
        f" returning {_COLUMNS}",
        hold_id,
    )
    return Entry(**row) if row else None


async def lock_run_out(tx: Transaction, *, besides: Collection[UUID], now: datetime) -> UUID | None:
    """A trainer, locked, with a hold that has run out; None when others have them all in hand."""
    found: UUID | None = await tx.fetchval(
        "select id from trainers where id in (select trainer_id from reservations"
        "  where kind = 'hold' and expires_at <= $1 and trainer_id <> all($2))"
        " order by id limit 1 for update skip locked",
        now,
        list(besides),
    )
    return found


async def lock_old(tx: Transaction, *, before: date, limit: int) -> list[Entry]:
    """Entries that wait though their last day lies before a date, locked; the oldest days first."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from waitlist w where w.status = 'waiting'"  # noqa: S608 - our columns
        " and w.last_day < $1 order by w.last_day limit $2 for update skip locked",
        before,
        limit,
    )
    return [Entry(**row) for row in rows]


async def end(tx: Transaction, entry_ids: Collection[UUID]) -> None:
    """The last day of these has passed."""
    await tx.execute("update waitlist set status = 'ended' where id = any($1)", list(entry_ids))
