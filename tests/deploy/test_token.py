"""`limber token` opens a session as signing in does, and tells staff's passes."""

import hashlib
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.commands import token
from deploy.commands.failure import Failure
from services.booking import demo
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking.front_door import NOW, SIGNER

STAFF, CLINICIAN = "staff@limber.example", "clinician@limber.example"


@pytest.fixture
async def home(
    booking_db: Database,
    database: MigratedDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A stack's home, known to the commands, whose database has the demo's people."""
    async with booking_db.transaction() as tx:
        await demo.add_missing(tx, SIGNER, now=NOW)
        await tx.execute("delete from outbox")
    (tmp_path / "secrets.json").write_text(json.dumps({"booking_secret": SIGNER.secret.decode()}))
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))
    monkeypatch.setenv("LIMBER_DATABASE_URL", database.superuser_url)
    return tmp_path


async def told(database: MigratedDatabase) -> list[Any]:
    """The documents that wait to be published."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        rows = await connection.fetch("select payload from booking.outbox order by seq")
    finally:
        await connection.close()
    return [json.loads(row["payload"]) for row in rows]


@pytest.mark.usefixtures("home")
async def test_a_pass_of_staff_is_told_as_the_hash_of_its_token(database: MigratedDatabase) -> None:
    passes = [await token._open(STAFF) for _ in range(2)]
    await token._open(CLINICIAN)

    documents = await told(database)

    assert [STAFF, STAFF] == [one["email"] for one in documents]
    hashes = {hashlib.sha256(one.encode()).hexdigest() for one in passes}
    assert hashes == {one["token_hash"] for one in documents[-1]["passes"]}
    assert SIGNER.stopped_by(documents[-1]["unsubscribe"][0]["token"]) is not None


@pytest.mark.usefixtures("home")
async def test_nobody_unknown_gets_a_token() -> None:
    with pytest.raises(Failure, match=r"nobody@example\.org"):
        await token._open("nobody@example.org")
