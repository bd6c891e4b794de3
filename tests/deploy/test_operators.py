"""The operators' role: enough for tokens and parked records, nothing of the other services."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.operators import OperatorSettings, grant_operators
from tests.conftest import PASSWORD, MigratedDatabase


@pytest.fixture
async def operator(database: MigratedDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the operators' role."""
    settings = OperatorSettings(
        database_url=SecretStr(database.superuser_url), operator_password=SecretStr(PASSWORD)
    )
    await grant_operators(settings)
    await grant_operators(settings)
    connection = await asyncpg.connect(database.url("operator"))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("service", ["booking", "notify", "progress"])
async def test_operators_handle_the_parked_records_of_every_service(
    operator: asyncpg.Connection, service: str
) -> None:
    assert [] == await operator.fetch(f"select * from {service}.dead_letters for update")
    await operator.execute(f"update {service}.dead_letters set replay_requested_at = now()")
    await operator.execute(f"delete from {service}.parked_keys")


async def test_operators_open_sessions_as_booking_does(operator: asyncpg.Connection) -> None:
    assert [] == await operator.fetch("select * from booking.people")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await operator.execute(
            "insert into booking.sessions (token_hash, person_id, expires_at)"
            " values ('\\x00', $1, now())",
            uuid4(),
        )


@pytest.mark.parametrize("service", ["notify", "progress"])
async def test_operators_see_no_table_of_another_service(
    operator: asyncpg.Connection, service: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await operator.fetch(f"select * from {service}.inbox")


async def test_operators_change_no_table_itself(operator: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await operator.execute("drop table notify.dead_letters")
