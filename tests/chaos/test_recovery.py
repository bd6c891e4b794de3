"""The database is lost and comes back: the last moment whole, and a service's past by replay."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.embedded.account import ROOT_DATA
from deploy.recovery.backup import Backup, take
from deploy.recovery.offsets import Moved, set_back
from deploy.recovery.restore import restore
from deploy.recovery.schema import take_over
from shared.kafka import KafkaAccess
from tests.chaos import report
from tests.chaos.evidence import judge, settle
from tests.chaos.load import Load, prepare_load
from tests.chaos.system import System, running

pytestmark = [pytest.mark.chaos, pytest.mark.crash, pytest.mark.timeout(900)]

PER_SECOND = 20.0 if report.FULL else 8.0
STRETCH_S = 10.0 if report.FULL else 3.0
"""Load before the backup, while it is taken, after it, and again after the moment to go back to."""

SERVICES = ("booking-1", "notify-1", "progress-1")
OWN = ("inbox", "outbox", "dead_letters", "parked_keys", "migrations")
"""Tables of the kit: their rows tell when something was handled, not what is true."""

SAID = {
    # Two topics have no common order, so entries of both may be numbered the other way round, and
    # check-ins have the numbers of their entries; statistics are computed anew, which is the only
    # thing that differs in when it was.
    "log": "select (client_id, type, about, at, data)::text as row from progress.log"
    " where type <> 'statistics.computed.v1'",
    "check_ins": "select (to_jsonb(t) - 'version')::text as row from progress.check_ins t",
    "clients": "select (client_id, level)::text as row from progress.clients",
}
SHOWN = 3
SWITCHED_WITHIN_S = 60.0


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder that the database's user may enter."""
    if not ROOT_DATA.is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=ROOT_DATA, prefix="chaos-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def archive(outside: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the WAL goes."""
    monkeypatch.setenv("LIMBER_WAL_ARCHIVE", str(outside / "wal"))
    return outside / "wal"


async def test_a_lost_database_comes_back_to_its_last_moment(
    tmp_path: Path, outside: Path, archive: Path
) -> None:
    async with running(tmp_path / "home", SERVICES) as system:
        load, backup = await _load_with_backup(system, outside / "backup")
        async with load.running():
            await asyncio.sleep(STRETCH_S)
            await system.kill("postgres")
        before = len(load.acknowledged("booking")), len(load.acknowledged("check-in"))
        began = time.monotonic()
        restore(outside / "backup", to=None)
        copied = time.monotonic() - began
        await system.start_postgres()
        back = time.monotonic() - began
        await asyncio.gather(*(system.await_ready(name) for name in SERVICES))
        settled = await settle(system)
        # A mail whose end nobody saw when the database went may be there twice, or be unknown.
        findings = await judge(system, load, certain=False)
        report.show(
            "The last moment after the loss of the database",
            findings.seen
            | {
                "backup, MB": backup.bytes / 1e6,
                "bookings and check-ins acknowledged": sum(before),
                "files copied back after, s": copied,
                "database answers after, s": back,
                "at rest after, s": settled,
            },
        )

    assert all(before)
    assert not findings.wrong, findings.told()


async def test_progress_goes_back_in_time_and_hears_again_what_it_forgot(
    tmp_path: Path, outside: Path, archive: Path
) -> None:
    async with running(tmp_path / "home", SERVICES) as system:
        load, _ = await _load_with_backup(system, outside / "backup")
        moment = datetime.now(UTC)
        again = replace(load, asked=[], reads_failed=[])
        async with again.running():
            await asyncio.sleep(STRETCH_S)
        await settle(system)
        await system.stop_one("progress-1")
        before = await _told(system)
        await _archived(system, archive)

        async with _beside(system, outside, moment) as url:
            forgotten = await _count(url, "progress.check_ins")
            await take_over(url, system.database_url, "progress")
        moved = await set_back(
            KafkaAccess.at(system.kafka_bootstrap), "progress", moment - timedelta(minutes=1)
        )
        began = time.monotonic()
        await system.start("progress-1")
        await settle(system)
        after = await _told(system)
        findings = await judge(system, again, twice_told=True)
        _show(findings.seen, before, forgotten, moved, time.monotonic() - began)

    assert forgotten < len(before["check_ins"])
    assert before == after, _differences(before, after)
    assert not findings.wrong, findings.told()


async def _load_with_backup(system: System, target: Path) -> tuple[Load, Backup]:
    url = f"http://127.0.0.1:{system.ports['booking-1']}"
    load = await prepare_load(system, url, per_second=PER_SECOND)
    async with load.running():
        await asyncio.sleep(STRETCH_S)
        backup = await take(system.superuser_url("postgres"), target)
    await settle(system)
    assert not load.failed, load.told()
    return load, backup


@asynccontextmanager
async def _beside(system: System, outside: Path, moment: datetime) -> AsyncIterator[str]:
    """The superuser's URL of a second server, restored to a moment, while the block runs."""
    restore(outside / "backup", to=moment, data=outside / "beside")
    async with system.second_postgres(outside / "beside") as url:
        yield url


async def _archived(system: System, archive: Path) -> None:
    """All that was written until now is in the archive."""
    [row] = await system.rows("select pg_walfile_name(pg_switch_wal()) as segment")
    async with asyncio.timeout(SWITCHED_WITHIN_S):
        while not (archive / row["segment"]).exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.1)


async def _told(system: System) -> dict[str, list[str]]:
    """Every row of progress's own tables as text."""
    names = await system.rows("select tablename from pg_tables where schemaname = 'progress'")
    return {
        name: sorted(
            row["row"]
            for row in await system.rows(
                SAID.get(name, f"select t::text as row from progress.{name} t")
            )
        )
        for name in (row["tablename"] for row in names)
        if name not in OWN
    }


def _differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> str:
    """The rows that only one of them has, a few of each table."""
    return "\n".join(
        f"{table} {sign} {row}"
        for table in before
        for sign, rows in (
            ("-", set(before[table]) - set(after[table])),
            ("+", set(after[table]) - set(before[table])),
        )
        for row in sorted(rows)[:SHOWN]
    )


async def _count(url: str, table: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(f"select count(*) from {table}"))
    finally:
        await connection.close()


def _show(
    seen: dict[str, Any],
    before: dict[str, list[str]],
    forgotten: int,
    moved: list[Moved],
    took: float,
) -> None:
    report.show(
        "Progress goes back and hears again",
        {
            "check-ins known before": len(before["check_ins"]),
            "of them known after the restore": forgotten,
            "records heard again": sum(place.again for place in moved),
            "the same state again after, s": took,
        }
        | seen,
    )
