"""One service's tables are taken from a restored server; the other services' stay as they are."""

import tempfile
from dataclasses import dataclass

import asyncpg

SPOOL_BYTES = 64 << 20
"""A larger table goes through a file."""

_TABLES = """
select c.relname as name,
    array_agg(a.attname::text order by a.attnum) filter (where a.attgenerated = '') as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname <> 'migrations'
group by c.relname order by c.relname
"""

_MIGRATIONS = 'select set, name, checksum from {schema}."migrations" order by set, name'

_SEQUENCES = "select sequencename as name, last_value from pg_sequences where schemaname = $1"


class SchemaError(Exception):
    """The tables cannot be taken over; the message says why."""


@dataclass(frozen=True)
class Taken:
    """A table that was replaced, and how many rows it has now."""

    table: str
    rows: int


async def take_over(source_url: str, target_url: str, schema: str) -> list[Taken]:
    """Replace a schema's rows by those of another server, in one transaction.

    Both URLs are the superuser's.

    Raises:
        SchemaError: the service runs, or the servers were not migrated alike.
    """
    source, target = await asyncpg.connect(source_url), await asyncpg.connect(target_url)
    try:
        async with (
            source.transaction(isolation="repeatable_read", readonly=True),
            target.transaction(),
        ):
            await _refuse_what_does_not_fit(source, target, schema)
            # Rows that belong together come table by table; they were checked where they come from.
            await target.execute("set local session_replication_role = replica")
            tables = await target.fetch(_TABLES, schema)
            names = ", ".join(f'{schema}."{table["name"]}"' for table in tables)
            await target.execute(f"truncate {names}")
            taken = [await _copy(source, target, schema, t["name"], t["columns"]) for t in tables]
            for sequence in await source.fetch(_SEQUENCES, schema):
                if sequence["last_value"] is not None:
                    await target.execute(
                        "select setval(format('%I.%I', $1::text, $2::text), $3)",
                        *(schema, sequence["name"], sequence["last_value"]),
                    )
            return taken
    finally:
        await source.close()
        await target.close()


async def _refuse_what_does_not_fit(
    source: asyncpg.Connection, target: asyncpg.Connection, schema: str
) -> None:
    if await target.fetchval(
        "select count(*) from pg_stat_activity where application_name = $1", f"limber-{schema}"
    ):
        raise SchemaError(f"{schema} is connected; stop all its replicas first")
    there, here = [await c.fetch(_MIGRATIONS.format(schema=schema)) for c in (source, target)]
    if list(map(tuple, there)) != list(map(tuple, here)):
        raise SchemaError(
            f"the restored server is migrated to {there[-1]['name']}, this one to"
            f" {here[-1]['name']}; run the migrate job on the restored one first"
        )


async def _copy(
    source: asyncpg.Connection,
    target: asyncpg.Connection,
    schema: str,
    table: str,
    columns: list[str],
) -> Taken:
    chosen = ", ".join(f'"{column}"' for column in columns)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as rows:
        await source.copy_from_query(
            f'select {chosen} from {schema}."{table}"',  # noqa: S608 - names of our own tables
            output=rows,
            format="binary",
        )
        rows.seek(0)
        status = await target.copy_to_table(
            table, schema_name=schema, columns=columns, source=rows, format="binary"
        )
    return Taken(table, int(status.rpartition(" ")[2]))
