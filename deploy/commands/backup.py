"""`limber backup`: the local stack's database is copied, and brought back to a moment."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from deploy.commands.failure import Failure
from deploy.recovery.backup import BackupError, take
from deploy.recovery.restore import restore
from deploy.stack import find_stack


def register(app: typer.Typer) -> None:
    """Add `backup take` and `backup restore`."""
    group = typer.Typer(no_args_is_help=True, help="Backups of the local stack's database.")
    group.command("take")(take_backup)
    group.command("restore")(restore_backup)
    app.add_typer(group, name="backup")


def take_backup(
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Copy the running database; the stack was started with LIMBER_WAL_ARCHIVE."""
    try:
        backup = asyncio.run(take(find_stack().database_url, target.absolute()))
    except (BackupError, OSError, asyncpg.PostgresError) as fault:
        raise Failure(f"no backup: {fault}") from None
    typer.echo(f"{backup.bytes / 1e6:.0f} MB, from {backup.start_lsn} to {backup.stop_lsn}")


def restore_backup(
    backup: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    to: Annotated[
        str | None, typer.Option(help="The moment, RFC 3339; the last one when left out.")
    ] = None,
) -> None:
    """Bring the database back; the stack is stopped, and recovers when it starts again."""
    try:
        aside = restore(backup.absolute(), to=moment(to) if to else None)
    except (BackupError, OSError) as fault:
        raise Failure(f"not restored: {fault}") from None
    typer.echo(
        f"the data until now are in {aside}; `limber up` recovers, then see docs/recovery.md"
    )


def moment(text: str) -> datetime:
    """An instant as RFC 3339 writes it, with its offset; raises Failure."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(f"{text!r} is no moment such as 2026-11-23T14:05:00Z") from None
    if found.tzinfo is None:
        raise Failure(f"{text!r} names no offset; write 2026-11-23T14:05:00Z")
    return found
