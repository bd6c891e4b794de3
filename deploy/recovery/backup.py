"""A base backup of a running PostgreSQL on this machine, by its own low-level functions.

The steps are those of the manual's chapter "Continuous Archiving and Point-in-Time Recovery".
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from pydantic import BaseModel, ConfigDict

ARCHIVED_WITHIN_S = 120.0
"""The last segment that a backup needs is archived in seconds, or the archive is broken."""

SKIPPED_CONTENTS = frozenset(
    {"pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots"}
    | {"pg_stat_tmp", "pg_subtrans"}
)
"""Folders that a restored server fills by itself; what is in them would harm or is of no use."""

SKIPPED_FILES = frozenset({"postmaster.pid", "postmaster.opts", "pg_internal.init"})

DATA, MANIFEST = "data", "backup.json"


class BackupError(Exception):
    """A backup or a restore cannot be made; the message says what stands against it."""


class Backup(BaseModel):
    """What a finished backup says of itself; it is written last."""

    model_config = ConfigDict(frozen=True)

    data_directory: str
    archive: str
    server_version: str
    began_at: datetime
    ended_at: datetime
    start_lsn: str
    stop_lsn: str
    bytes: int


def read_backup(place: Path) -> Backup:
    """What the backup in a folder says of itself.

    Raises:
        BackupError: there is none, or it was never finished.
    """
    try:
        return Backup.model_validate_json((place / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError) as fault:
        raise BackupError(f"{place} holds no finished backup") from fault


async def take(url: str, target: Path) -> Backup:
    """Copy the running server's files into a new folder; `url` is the superuser's.

    Raises:
        BackupError: the server archives no WAL, keeps files elsewhere, or the folder exists.
    """
    connection = await asyncpg.connect(url)
    try:
        data = Path(await connection.fetchval("show data_directory"))
        archive = await _archive(connection)
        if any((data / "pg_tblspc").iterdir()):
            raise BackupError("the server has tablespaces outside its data directory")
        _make_folder(target)
        began = datetime.now(UTC)
        start = await connection.fetchval("select pg_backup_start('limber', fast => true)")
        size = await asyncio.to_thread(_copy, data, target / DATA)
        async with asyncio.timeout(ARCHIVED_WITHIN_S):
            stop = await connection.fetchrow(
                "select lsn::text, labelfile from pg_backup_stop(wait_for_archive => true)"
            )
        # Without its label a copy of a running server would start and be wrong.
        (target / DATA / "backup_label").write_text(stop["labelfile"])
        backup = Backup(
            data_directory=str(data),
            archive=str(archive),
            server_version=await connection.fetchval("show server_version"),
            began_at=began,
            ended_at=datetime.now(UTC),
            start_lsn=str(start),
            stop_lsn=stop["lsn"],
            bytes=size,
        )
        await asyncio.to_thread(os.sync)
        (target / MANIFEST).write_text(backup.model_dump_json(indent=1) + "\n")
    except TimeoutError:
        raise BackupError("the archive does not take WAL; see archive_command's log") from None
    finally:
        await connection.close()
    return backup


def archive_command(archive: Path) -> str:
    """PostgreSQL's command that keeps a finished segment; one that is there is never changed."""
    kept, part = f"{archive}/%f", f"{archive}/.%f.part"
    return (
        f'if test -f "{kept}"; then cmp -s "%p" "{kept}"; '
        f'else cp "%p" "{part}" && sync "{part}" && mv "{part}" "{kept}"; fi'
    )


def restore_command(archive: Path) -> str:
    """PostgreSQL's command that brings a segment back."""
    return f'cp "{archive}/%f" "%p"'


def _make_folder(target: Path) -> None:
    try:
        target.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise BackupError(f"{target} exists; a backup gets a new folder") from None


async def _archive(connection: asyncpg.Connection) -> Path:
    mode = await connection.fetchval("show archive_mode")
    command = await connection.fetchval("show archive_command")
    if mode == "off" or "/%f" not in command:
        raise BackupError(
            "the server archives no WAL, so a backup could not be brought to a moment; "
            "start the stack with LIMBER_WAL_ARCHIVE set to a folder"
        )
    return Path(command.split('"')[1]).parent


def _copy(data: Path, target: Path) -> int:
    size = 0
    for source, place in _files(data, target):
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            continue
        try:
            shutil.copy2(source, place)
        except FileNotFoundError:
            # Dropped while we copied; the WAL says so as well.
            continue
        size += place.stat().st_size
    return size


def _files(data: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    for folder, folders, names in os.walk(data):
        here = Path(folder)
        yield here, target / here.relative_to(data)
        if here.parent == data and here.name in SKIPPED_CONTENTS:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith("pgsql_tmp")]
        for name in names:
            if name not in SKIPPED_FILES and not name.startswith("pgsql_tmp"):
                source = here / name
                yield source, target / source.relative_to(data)
