"""Lines of the access log are chained some seconds after they were written, in one place.

Chained in the transaction of each look, all looks of all clients would wait for each other.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from services.booking.domain.access_chain import GENESIS, Line, link
from shared.postgres import Transaction

AT_ONCE = 1000
"""Lines of one transaction."""

LATE_LINES = 100_000
"""How far back of the newest chained line one may turn up whose transaction took longer: a
transaction lasts seconds, in which not a tenth of that is looked at."""

CHAINED_WITHIN = timedelta(hours=1)
"""A line that is not chained by then was put there, or nobody chains."""

KEPT = timedelta(days=2 * 365 + 1)
"""Two years, as the trigger in the database has it: the time in which a breach has to be
answerable for and its record be kept (PIPEDA: 24 months)."""

_LINE = "l.id, l.at, l.actor_id, l.actor_role, l.client_id, l.what, l.clients"


@dataclass(frozen=True)
class Verdict:
    """What looking through the chain found. `wrong` is None when it is whole.

    `head` is the newest hash: noted elsewhere, it shows later that nothing before it was changed.
    """

    lines: int
    waiting: int
    head: str
    wrong: str | None
    head_known: bool = False


async def chain(tx: Transaction) -> tuple[int, str] | None:
    """Chain the next lines, in the order of their ids; how many, and the newest hash.

    None when there were none, or somebody else chains.
    """
    if not await tx.fetchval("select pg_try_advisory_xact_lock('access_chain'::regclass::bigint)"):
        return None
    newest = await tx.fetchrow("select log_id, hash from access_chain order by place desc limit 1")
    rows = await tx.fetch(
        f"select {_LINE} from access_log l where l.id > $1"  # noqa: S608 - our columns
        " and not exists (select from access_chain c where c.log_id = l.id) order by l.id limit $2",
        newest["log_id"] - LATE_LINES if newest else 0,
        AT_ONCE,
    )
    if not rows:
        return None
    hashes, previous = [], newest["hash"] if newest else GENESIS
    for row in rows:
        previous = link(previous, _line(row))
        hashes.append(previous)
    await tx.execute(
        "insert into access_chain (log_id, hash) select id, hash from"
        " unnest($1::bigint[], $2::bytea[]) with ordinality as e(id, hash, n) order by n",
        [row["id"] for row in rows],
        hashes,
    )
    return len(rows), previous.hex()


async def verify(connection: Transaction, *, head: str | None = None, now: datetime) -> Verdict:
    """Look through the whole chain; `head` is a hash that was noted earlier."""
    cut = await connection.fetchrow(
        "select place, hash from access_chain_cuts order by place desc limit 1"
    )
    after, previous = (cut["place"], cut["hash"]) if cut else (0, GENESIS)
    lines, seen = 0, head is None or previous.hex() == head
    wrong: str | None = None
    async for log_id, kept, line in _links(connection, after):
        if line is None:
            wrong = f"line {log_id} is missing"
        elif link(previous, line) != kept:
            wrong = f"line {log_id} is not as it was written, or one before it is missing"
        else:
            previous, lines = kept, lines + 1
        seen = seen or kept.hex() == head
        if wrong:
            break
    waiting, oldest = await connection.fetchrow(
        "select count(*), min(l.at) from access_log l"
        " where not exists (select from access_chain c where c.log_id = l.id)"
    )
    if wrong is None and oldest is not None and oldest < now - CHAINED_WITHIN:
        wrong = f"{waiting} lines are not chained, the oldest of {oldest.isoformat()}"
    if wrong is None and not seen:
        wrong = "the hash that was noted is not in the chain"
    return Verdict(lines, waiting, previous.hex(), wrong, head_known=seen)


async def forget_old(tx: Transaction, *, now: datetime) -> int:
    """Delete the oldest lines after their time, whole links of the chain; returns how many."""
    gone = await tx.fetch(
        "select c.place, c.log_id, c.hash from access_chain c"
        " where c.place < (select min(k.place) from access_chain k"
        "  join access_log l on l.id = k.log_id where l.at >= $1)"
        " order by c.place limit $2",
        now - KEPT,
        AT_ONCE,
    )
    if gone:
        await tx.execute(
            "delete from access_log where id = any($1)", [row["log_id"] for row in gone]
        )
        await tx.execute("delete from access_chain where place <= $1", gone[-1]["place"])
        await tx.execute(
            "insert into access_chain_cuts (place, hash, at) values ($1, $2, $3)",
            gone[-1]["place"],
            gone[-1]["hash"],
            now,
        )
    return len(gone)


async def _links(
    connection: Transaction, place: int
) -> AsyncIterator[tuple[int, bytes, Line | None]]:
    while True:
        rows = await connection.fetch(
            f"select c.place, c.log_id, c.hash, {_LINE} from access_chain c"  # noqa: S608 - ours
            " left join access_log l on l.id = c.log_id where c.place > $1"
            " order by c.place limit $2",
            place,
            AT_ONCE,
        )
        for row in rows:
            yield row["log_id"], row["hash"], None if row["id"] is None else _line(row)
        if len(rows) < AT_ONCE:
            return
        place = rows[-1]["place"]


def _line(row: asyncpg.Record) -> Line:
    known = {name: row[name] for name in Line.__annotations__}
    return Line(**known | {"clients": row["clients"] and tuple(row["clients"])})
