"""Histories: what decisions look at, read for many clients at once and kept while they decide."""

import json
from bisect import insort_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.model import Booking, Exercise, Firing, Hold, Report
from services.progress.domain.next_step import ASKED_FOR
from services.progress.domain.rules import Rules
from services.progress.domain.view import SHOWN_CHECK_INS
from shared.clock import rfc3339
from shared.postgres import Transaction

HISTORY_LIMIT = 500
"""Reports looked at at most: ten times what a client who reports twice a day has in the window."""

HOLDS_LIMIT = 100
"""Standing holds looked at: more than the view shows; as long as one is left the level stays."""

COMING_LIMIT = 20
"""Recent and coming bookings looked at; later ones cannot be the next step."""

COMING_READ = 2 * COMING_LIMIT
"""Bookings read: time moves on while the entries of one client are decided on."""

BEFORE = ASKED_FOR + timedelta(days=1)
"""How long a session is recent."""

_REPORT = (
    "id, version, kind, at, tz, booking_id, pain, stiffness, energy, mood, confidence, effort,"
    " enjoyment, worst_pain, exercises, red_flags, why, flare, level, firings"
)
# Hundreds of rows are read at a time: most lists are empty and need no decoding.
_REPORT_READ = (
    "id, version, kind, at, tz, booking_id, pain, stiffness, energy, mood, confidence, effort,"
    " enjoyment, worst_pain, nullif(exercises, '[]')::text as exercises,"
    " nullif(red_flags, '[]')::text as red_flags, nullif(why, '[]')::text as why, flare, level,"
    " case when row_number() over (order by at desc, version desc) = 1 then firings::text end"
    " as firings"
)
_HOLD = "id, check_in_id, kind, option, rule, level, since, reason, firings"
_BOOKING = "id, trainer_id, start_at, end_at, tz, status, version"

# Lists of rows inside a row: one statement, whatever the number of clients.
_HISTORIES = (
    "select w.client_id,"  # noqa: S608
    " array(select about from log where log.client_id = w.client_id"
    " and log.about = any(w.about)) as about,"
    f" array(select ({_REPORT}) from (select {_REPORT_READ} from check_ins"
    " where client_id = w.client_id and at >= least(w.reports_since,"
    " coalesce((select at from check_ins where client_id = w.client_id"
    " order by at desc, version desc offset $2 limit 1), '-infinity'))"
    " order by at desc, version desc limit $3) r order by at desc, version desc) as reports,"
    f" array(select ({_HOLD}::text) from holds"
    " where client_id = w.client_id and lifted_at is null"
    " order by (id = any(w.holds)) is not true, since, id limit $4) as holds,"
    f" array(select ({_BOOKING}) from ("
    "(select * from bookings where client_id = w.client_id and status <> 'cancelled'"
    " and end_at <= w.bookings_since order by end_at desc, id desc limit 1)"
    " union all (select * from bookings where client_id = w.client_id and status <> 'cancelled'"
    " and end_at > w.bookings_since order by end_at, id limit $5)) b) as bookings"
    " from jsonb_to_recordset($1) as w(client_id uuid, about text[], reports_since timestamptz,"
    " holds uuid[], bookings_since timestamptz)"
)


@dataclass(frozen=True)
class Look:
    """How far one client's next decisions look.

    `about` names entries that the log may hold already; `since` is the earliest time one of them
    speaks of; `holds` are those that somebody asks to lift; `as_of` is the time of the first.
    """

    client_id: UUID
    about: tuple[str, ...]
    since: datetime
    holds: tuple[UUID, ...]
    as_of: datetime


class History:
    """Reports, holds and bookings of one client, as they are after each decision.

    It answers as the database would, which is asked again where the answer is None.
    """

    def __init__(
        self,
        look: Look,
        *,
        about: Iterable[str],
        reports: Sequence[Report],
        holds: Sequence[Hold],
        more_holds: bool,
        bookings: Sequence[Booking],
    ) -> None:
        self.about = set(about)
        self._reports = list(reports)
        self._holds = sorted(holds, key=_hold_order)
        self._more_holds = more_holds
        self._holds_end_early = False
        self._asked = frozenset(look.holds)
        self._bookings = sorted(bookings, key=lambda one: (one.end_at, one.id))
        self._bookings_since = look.as_of - BEFORE
        coming = [one for one in bookings if one.end_at > self._bookings_since]
        self._more_bookings = len(coming) == COMING_READ

    def reports(self, since: datetime) -> tuple[Report, ...]:
        """Newest first: what the view shows, and all since an instant.

        Only the newest one comes with its firings: what fired before is history.
        """
        known, end = self._reports, len(self._reports)
        while end > SHOWN_CHECK_INS and known[end - 1].at < min(
            since, known[SHOWN_CHECK_INS - 1].at
        ):
            end -= 1
        return tuple(known[: min(end, HISTORY_LIMIT)])

    def holds(self, wanted: UUID | None) -> tuple[Hold, ...] | None:
        """The standing holds, oldest first, at most `HOLDS_LIMIT`; `wanted` is among them."""
        if self._holds_end_early:
            return None
        if len(self._holds) <= HOLDS_LIMIT:
            return tuple(self._holds)
        first = sorted(self._holds, key=lambda one: (one.id != wanted, *_hold_order(one)))
        return tuple(sorted(first[:HOLDS_LIMIT], key=_hold_order))

    def bookings(self, as_of: datetime) -> tuple[Booking, ...] | None:
        """The recent and coming bookings, earliest first, after the last one before them."""
        since = as_of - BEFORE
        before = [one for one in self._bookings if one.end_at <= since]
        coming = self._bookings[len(before) :]
        if self._more_bookings and len(coming) < COMING_LIMIT:
            return None
        earliest = self._bookings[0].end_at if self._bookings else None
        goes_back = earliest is not None and earliest <= self._bookings_since
        if since < self._bookings_since and goes_back and not before:
            return None
        return (*before[-1:], *coming[:COMING_LIMIT])

    def add_report(self, report: Report) -> None:
        """Keep a report as the database would give it back."""
        known = self._reports
        insort_left(known, report, key=lambda one: _newest_first(one, report))
        newest, *others = known[:2]
        if newest is report:
            known[1:2] = [replace(one, firings=()) for one in others]
        else:
            place = known.index(report)
            known[place] = replace(report, firings=())

    def change_holds(self, placed: Iterable[Hold], lifted: Iterable[UUID]) -> None:
        """Keep new holds, and forget those that are over."""
        over = set(lifted)
        self._holds = sorted(
            (one for one in (*self._holds, *placed) if one.id not in over), key=_hold_order
        )
        # Those that somebody asks to lift were loaded beside as many as are looked at.
        self._holds_end_early |= self._more_holds and not over <= self._asked


async def load_histories(
    tx: Transaction, looks: Sequence[Look], rules: Rules
) -> dict[UUID, History]:
    """What these clients' next decisions look at; the clients are locked."""
    most_holds = HOLDS_LIMIT + max(len(look.holds) for look in looks)
    rows = await tx.fetch(
        _HISTORIES,
        [
            {
                "client_id": str(look.client_id),
                "about": look.about,
                "reports_since": rfc3339(look.since - rules.usual.window),
                "holds": [str(one) for one in look.holds],
                "bookings_since": rfc3339(look.as_of - BEFORE),
            }
            for look in looks
        ],
        SHOWN_CHECK_INS - 1,
        HISTORY_LIMIT,
        most_holds,
        COMING_READ,
    )
    wanted = {look.client_id: look for look in looks}
    return {row["client_id"]: _history(wanted[row["client_id"]], row, most_holds) for row in rows}


async def load_reports(
    tx: Transaction, client_id: UUID, since: datetime, most: int
) -> tuple[Report, ...]:
    """At most so many reports since an instant, newest first, as the statistics look at them."""
    rows = await tx.fetch(
        f"select {_REPORT_READ} from check_ins where client_id = $1 and at >= $2"  # noqa: S608
        " order by at desc, version desc limit $3",
        client_id,
        since,
        most,
    )
    return tuple(_report(row) for row in rows)


async def load_holds(tx: Transaction, client_id: UUID) -> tuple[Hold, ...]:
    """The standing holds, oldest first, at most `HOLDS_LIMIT`."""
    rows = await tx.fetch(
        f"select {_HOLD}::text from holds where client_id = $1 and lifted_at is null"  # noqa: S608
        " order by since, id limit $2",
        client_id,
        HOLDS_LIMIT,
    )
    return tuple(_hold(row) for row in rows)


def _history(look: Look, row: Mapping[str, Any], most_holds: int) -> History:
    return History(
        look,
        about=row["about"],
        reports=[_report(one) for one in row["reports"]],
        holds=[_hold(one) for one in row["holds"]],
        more_holds=len(row["holds"]) == most_holds,
        bookings=[Booking(*one) for one in row["bookings"]],
    )


def _report(row: Sequence[Any]) -> Report:
    *told, exercises, red_flags, why, flare, level, firings = row
    told.append(tuple(Exercise(**one) for one in json.loads(exercises)) if exercises else ())
    told.append(tuple(json.loads(red_flags)) if red_flags else ())
    told.append(tuple(json.loads(why)) if why else ())
    told += flare, level, _firings(firings) if firings else ()
    return Report(*told)


def _hold(row: Sequence[Any]) -> Hold:
    *told, firings = row
    told.append(_firings(firings))
    return Hold(*told)


def _firings(stored: str) -> tuple[Firing, ...]:
    return tuple(Firing(**firing) for firing in json.loads(stored))


def _hold_order(hold: Hold) -> tuple[datetime, UUID]:
    return hold.since, hold.id


def _newest_first(one: Report, new: Report) -> bool:
    # False sorts before True: what is newer than the new report stays in front of it.
    return one is new or one.place < new.place
