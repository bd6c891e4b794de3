"""The operators job: the role behind `limber token` and `limber dead-letters` under compose."""

import asyncio
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.migrate import SERVICES

ROLE = "limber_operator"


class OperatorSettings(BaseSettings):
    """Where the roles are, and the password of the operators' role (LIMBER_*)."""

    model_config = SettingsConfigDict(
        env_prefix="LIMBER_",
        secrets_dir="/run/limber" if Path("/run/limber").is_dir() else None,
        extra="ignore",
    )

    database_url: SecretStr
    operator_password: SecretStr


async def grant_operators(settings: OperatorSettings) -> None:
    """Make the role, after the migrations: what booking may, and every service's parked records.

    A parked record holds nothing that booking did not write or read itself, so whoever breaks into
    booking's container learns no more by this role.
    """
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('limber roles'))")
            if not await connection.fetchval("select true from pg_roles where rolname = $1", ROLE):
                await connection.execute(f"create role {ROLE} login")
            password = await connection.fetchval(
                "select quote_literal($1)", settings.operator_password.get_secret_value()
            )
            await connection.execute(f"alter role {ROLE} password {password}")
            await connection.execute(f"grant limber_booking to {ROLE}")
            for service in SERVICES:
                await connection.execute(f"grant usage on schema {service} to {ROLE}")
                await connection.execute(
                    f"grant select, update, delete on {service}.dead_letters,"
                    f" {service}.parked_keys to {ROLE}"
                )
    finally:
        await connection.close()


def main() -> None:
    """Make the role."""
    asyncio.run(grant_operators(OperatorSettings()))
    print(f"{ROLE} is up to date")


if __name__ == "__main__":
    main()
