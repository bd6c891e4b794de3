"""The migrate job: roles, schemas and all migrations; safe to run again, also twice at once."""

import asyncio
import sys
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.migrations import KIT, MigrationError, migrate, read_set

SERVICES = ("booking", "notify", "progress")
ROOT = Path(__file__).parent.parent


class MigrateSettings(BaseSettings):
    """Where to migrate, and the passwords of the services' roles (LIMBER_*)."""

    model_config = SettingsConfigDict(
        env_prefix="LIMBER_",
        secrets_dir="/run/limber" if Path("/run/limber").is_dir() else None,
        extra="ignore",
    )

    database_url: SecretStr
    booking_password: SecretStr
    notify_password: SecretStr
    progress_password: SecretStr

    def password(self, service: str) -> str:
        """The password of a service's role."""
        secret: SecretStr = getattr(self, f"{service}_password")
        return secret.get_secret_value()


async def prepare(connection: asyncpg.Connection, service: str, password: str) -> None:
    """Make a service's schema, its owner, and the role the service signs in as.

    The owner makes tables and nobody signs in as it; the service's role can only use them.
    """
    owner, role = f"{service}_owner", f"limber_{service}"
    for name, login in ((owner, "nologin"), (role, "login")):
        if not await connection.fetchval("select true from pg_roles where rolname = $1", name):
            await connection.execute(f"create role {name} {login}")
    quoted = await connection.fetchval("select quote_literal($1)", password)
    await connection.execute(f"alter role {role} password {quoted}")
    await connection.execute(f"create schema if not exists {service} authorization {owner}")
    await connection.execute(f"grant usage on schema {service}, extensions to {role}")
    await connection.execute(f"grant usage on schema extensions to {owner}")
    for kind, rights in (
        ("tables", "select, insert, update, delete"),
        ("sequences", "usage"),
    ):
        await connection.execute(
            f"alter default privileges for role {owner} in schema {service}"
            f" grant {rights} on {kind} to {role}"
        )


async def migrate_all(settings: MigrateSettings) -> list[str]:
    """Bring every schema up to date; returns what was applied, by name."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        applied = []
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('limber roles'))")
            await connection.execute("create schema if not exists extensions")
            await connection.execute("create extension if not exists btree_gist schema extensions")
            await connection.execute("revoke create on schema public from public")
            for service in SERVICES:
                await prepare(connection, service, settings.password(service))
        for service in SERVICES:
            wanted = [
                *read_set("kit", KIT),
                *read_set(service, ROOT / "services" / service / "migrations"),
            ]
            done = await migrate(connection, service, f"{service}_owner", wanted)
            applied += [f"{service}: {migration.set}/{migration.name}" for migration in done]
        return applied
    finally:
        await connection.close()


def main() -> None:
    """Migrate, and say what was done."""
    try:
        applied = asyncio.run(migrate_all(MigrateSettings()))
    except MigrationError as fault:
        sys.exit(f"migrate: {fault}")
    print("\n".join(applied) or "nothing to migrate")


if __name__ == "__main__":
    main()
