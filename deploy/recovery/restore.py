"""A stopped PostgreSQL goes back to a moment: the backup's files, then the WAL since."""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from deploy.embedded.leftovers import postmaster
from deploy.recovery.backup import DATA, BackupError, read_backup, restore_command

SEGMENT = re.compile(r"[0-9A-F]{24}")


def restore(
    backup: Path, *, to: datetime | None, data: Path | None = None, archive: Path | None = None
) -> Path:
    """Put a backup in the place of a server's data; at its next start it recovers up to `to`.

    Without `to` it recovers as far as there is WAL: what the archive has, and what the old data
    directory had not yet archived. The old data stay beside the new; returns where.

    Raises:
        BackupError: the server runs, or `to` is before the backup's end.
    """
    found = read_backup(backup)
    data, archive = data or Path(found.data_directory), archive or Path(found.archive)
    if postmaster(data) is not None:
        raise BackupError(f"a server runs in {data}; stop it first")
    if to is not None and to <= found.ended_at:
        raise BackupError(f"the backup ended at {found.ended_at}; take an older one for {to}")
    owner = next(p for p in (data, Path(found.data_directory), data.parent) if p.exists()).stat()
    aside = data.with_name(f"{data.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    if data.exists():
        data.rename(aside)
    shutil.copytree(backup / DATA, data, copy_function=shutil.copy2)
    data.chmod(0o700)
    for segment in _unarchived(aside / "pg_wal", archive):
        shutil.copy2(segment, data / "pg_wal" / segment.name)
    lines = {
        "restore_command": restore_command(archive),
        "recovery_target_action": "promote",
        # Nobody reads or writes before all is there.
        "hot_standby": "off",
    }
    if to is not None:
        lines |= {"recovery_target_time": to.astimezone(UTC).isoformat(sep=" ")}
    with (data / "postgresql.auto.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in lines.items())
    (data / "recovery.signal").touch(mode=0o600)
    if os.geteuid() == 0:
        for place in (data, *data.rglob("*")):
            os.chown(place, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return aside


def _unarchived(wal: Path, archive: Path) -> list[Path]:
    if not wal.is_dir():
        return []
    return sorted(
        segment
        for segment in wal.iterdir()
        if SEGMENT.fullmatch(segment.name) and not (archive / segment.name).exists()
    )
