"""Postgres: version, migrations, rights of the roles, and what waits in the services' tables."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg

from deploy.doctor import Finding, fail, ok, warn
from deploy.migrate import ROOT, SERVICES
from shared.migrations import KIT, MigrationError, read_set

WANTED_MAJOR = 18
"""What tests run on; migrations need no more than 16."""

OUTBOX_LATE_S = 30.0
"""As the alert OutboxStuck: events are on Kafka within a second when all is well."""

SKEW_S = 5.0
"""As the alert ClockSkewed."""

MOST_CONNECTIONS = 0.8
"""Of those the server takes: a roll-out needs room for the new replicas beside the old."""

CONNECT_TIMEOUT_S = 5.0


async def look(url: str) -> AsyncIterator[Finding]:
    """All checks of the database at `url`; only the first where it does not answer."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as fault:
        yield fail(
            "postgres",
            f"does not answer ({type(fault).__name__})",
            "Start it, or set LIMBER_DATABASE_URL; docs/runbooks/part-unreachable.md.",
        )
        return
    try:
        yield await _server(connection)
        yield await _clock(connection)
        yield await _connections(connection)
        for service in SERVICES:
            yield await _migrations(connection, service)
            yield await _rights(connection, service)
            yield await _outbox(connection, service)
            yield await _parked(connection, service)
    finally:
        await connection.close()


async def _server(connection: asyncpg.Connection) -> Finding:
    major = connection.get_server_version().major
    version = await connection.fetchval("show server_version")
    if major < WANTED_MAJOR:
        return warn("postgres", f"version {version}", f"Tests run on {WANTED_MAJOR}; upgrade.")
    return ok("postgres", f"version {version}")


async def _clock(connection: asyncpg.Connection) -> Finding:
    before = datetime.now(UTC)
    there = await connection.fetchval("select clock_timestamp()")
    skew = (there - before).total_seconds()
    if abs(skew) > SKEW_S:
        return warn(
            "postgres clock", f"{skew:+.1f} s off", "Mend time synchronisation (chrony, NTP)."
        )
    return ok("postgres clock", f"{skew:+.3f} s off")


async def _connections(connection: asyncpg.Connection) -> Finding:
    used = await connection.fetchval("select sum(numbackends)::int from pg_stat_database")
    most = int(await connection.fetchval("show max_connections"))
    if used > MOST_CONNECTIONS * most:
        return warn(
            "postgres connections",
            f"{used} of {most}",
            "Raise max_connections, or run fewer replicas (12 each).",
        )
    return ok("postgres connections", f"{used} of {most}")


async def _migrations(connection: asyncpg.Connection, service: str) -> Finding:
    check = f"{service} migrations"
    try:
        rows = await connection.fetch(f'select set, name, checksum from "{service}".migrations')  # noqa: S608
    except asyncpg.InsufficientPrivilegeError:
        return _not_allowed(check)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return fail(check, "none was applied", "Run the migrate job: python -m deploy.migrate.")
    applied = {(row["set"], row["name"]): row["checksum"] for row in rows}
    folder = ROOT / "services" / service / "migrations"
    try:
        # A service's own container holds no other service.
        own = read_set(service, folder) if folder.is_dir() else []
        here = {(m.set, m.name): m.checksum for m in [*read_set("kit", KIT), *own]}
    except MigrationError as fault:
        return fail(check, str(fault), "Deploy a whole release.")
    return _compared(check, applied, here, {"kit"} | ({service} if own else set()))


def _compared(
    check: str,
    applied: dict[tuple[str, str], str],
    here: dict[tuple[str, str], str],
    known: set[str],
) -> Finding:
    if missing := sorted(f"{s}/{name}" for s, name in here.keys() - applied.keys()):
        told = f"not applied: {', '.join(missing)}"
        return fail(check, told, "Run the migrate job: python -m deploy.migrate.")
    if changed := sorted(name for s, name in here if applied[s, name] != here[s, name]):
        told = f"changed after they were applied: {', '.join(changed)}"
        return fail(check, told, "Deploy the release that was migrated to, whole.")
    if newer := sorted(name for s, name in applied.keys() - here.keys() if s in known):
        return warn(check, f"newer than this release: {', '.join(newer)}", "Finish the upgrade.")
    return ok(check, f"{len(applied)} applied")


async def _rights(connection: asyncpg.Connection, service: str) -> Finding:
    check, role = f"{service} rights", f"limber_{service}"
    found = await connection.fetchrow(
        "select rolsuper or rolcreaterole or rolbypassrls as grand from pg_roles"
        " where rolname = $1",
        role,
    )
    if found is None:
        return fail(check, f"there is no role {role}", "Run the migrate job.")
    if found["grand"]:
        return fail(
            check, f"{role} may do everything", f"alter role {role} nosuperuser nocreaterole"
        )
    reach = await connection.fetch(
        "select nspname from pg_namespace where nspname = any($2)"
        " and has_schema_privilege($1, oid, 'usage') order by 1",
        role,
        list(SERVICES),
    )
    schemas = [row["nspname"] for row in reach]
    if schemas != [service]:
        return fail(
            check,
            f"{role} reaches {', '.join(schemas) or 'no schema'}",
            f"It may use the schema {service} alone: revoke the others, run the migrate job.",
        )
    owns = await connection.fetchval(
        "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner"
        " where r.rolname = $1",
        role,
    )
    if owns:
        return fail(check, f"{role} owns {owns} tables", f"Give them to {service}_owner.")
    return ok(check, f"{role} reaches its schema alone")


async def _outbox(connection: asyncpg.Connection, service: str) -> Finding:
    check = f"{service} outbox"
    try:
        row = await connection.fetchrow(
            "select count(*) as waiting,"  # noqa: S608
            " extract(epoch from clock_timestamp() - min(occurred_at))::float as age"
            f' from "{service}".outbox'
        )
    except asyncpg.InsufficientPrivilegeError:
        return _not_allowed(check)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return fail(check, "there is none", "Run the migrate job.")
    if row["waiting"] and row["age"] > OUTBOX_LATE_S:
        told = f"{row['waiting']} events wait, the oldest for {row['age']:.0f} s"
        return fail(check, told, "docs/runbooks/outbox-stuck.md")
    return ok(check, f"{row['waiting']} events wait")


async def _parked(connection: asyncpg.Connection, service: str) -> Finding:
    check = f"{service} dead letters"
    try:
        row = await connection.fetchrow(
            f'select (select count(*) from "{service}".dead_letters) as letters,'  # noqa: S608
            f' (select count(*) from "{service}".parked_keys) as keys'
        )
    except asyncpg.InsufficientPrivilegeError:
        return _not_allowed(check)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return fail(check, "there is no table of them", "Run the migrate job.")
    if row["letters"] or row["keys"]:
        return fail(
            check,
            f"{row['letters']} records, {row['keys']} keys wait",
            "`limber dead-letters list`; docs/runbooks/key-parked.md",
        )
    return ok(check, "none")


def _not_allowed(check: str) -> Finding:
    return warn(check, "this role may not look", "Run the doctor with the migrate job's role.")
