"""PostgreSQL as a local process: laid out once, run without privileges, fsync on."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

import asyncpg

from deploy.embedded.account import (
    ROOT_BINARIES,
    ROOT_DATA,
    Account,
    reachable,
    unprivileged,
)
from deploy.embedded.artifacts import Pin, Repository, unpack_postgres
from deploy.embedded.console import Console
from deploy.embedded.errors import StackError
from deploy.embedded.home import Home, Secrets, give, write_private
from deploy.embedded.leftovers import postmaster
from deploy.embedded.ports import Reservation
from deploy.embedded.process import Spec, run_job
from deploy.embedded.ready import postgres_answers, wait_until
from deploy.recovery.backup import archive_command

# Recovery after a crash is short on a small database; a slow disk may stretch it.
READY_SECONDS = 60.0

# Beside a database outside its home: the path of that home.
HOME_NOTE = "home"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Several replicas of three services with a pool each.
    "max_connections": "200",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and the values in an error's detail may hold health data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


# How old the oldest change may become that is in no archived segment.
ARCHIVE_TIMEOUT = "60s"


class Postgres:
    """The server of one home: where its files are and how it is run."""

    def __init__(
        self, home: Home, secrets: Secrets, console: Console, *, archive: Path | None = None
    ) -> None:
        """`archive` is a folder that is given every segment of WAL; without one there is none."""
        self._home = home
        self._archive = archive
        self._secrets = secrets
        self._console = console
        inside = home.path / "postgres"
        account = unprivileged(inside)
        self._outside = not reachable(home.path, account)
        if not self._outside:
            self.data = inside
        else:
            # Started by root in a home that its unprivileged user cannot enter.
            self.data = ROOT_DATA / secrets.instance / "postgres"
            account = unprivileged(self.data)
        self.account: Account | None = account

    def url(self, port: int, database: str, *, role: str = "postgres", password: str = "") -> str:
        """A connection URL; without role and password the superuser's."""
        return (
            f"postgresql://{role}:{password or self._secrets.postgres}@127.0.0.1:{port}/{database}"
        )

    def binaries(self, repository: Repository, pin: Pin, cache: Path) -> Path:
        """Unpack the server where its user can read it; return the directory."""
        parent = cache if reachable(_first_existing(cache), self.account) else ROOT_BINARIES
        return unpack_postgres(repository.path(pin), pin, parent, self._console)

    async def prepare(self, binaries: Path, environment: dict[str, str]) -> None:
        """Lay out the data directory unless it is there."""
        if self._outside:
            await asyncio.to_thread(forget_homeless_data)
        if not self.data.exists():
            await self._initialise(binaries, environment)
        if self._archive is not None:
            give(self._archive, self.account)
            if not reachable(self._archive, self.account):
                raise StackError(f"the database's user cannot enter {self._archive}")

    def forget(self) -> None:
        """Remove what the server keeps outside the home; only when it has stopped."""
        if self._outside:
            shutil.rmtree(self.data.parent, ignore_errors=True)

    def spec(self, binaries: Path, reservation: Reservation, environment: dict[str, str]) -> Spec:
        """How to run the server."""
        settings = [f"--{name}={value}" for name, value in (SETTINGS | self._archiving()).items()]
        return Spec(
            name="postgres",
            command=(
                str(binaries / "bin" / "postgres"),
                "-D",
                str(self.data),
                f"--port={reservation.port}",
                *settings,
            ),
            environment=environment,
            reservation=reservation,
            # Fast shutdown when asked; immediate, as in a crash, when the supervisor is gone.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGQUIT,
            account=self.account,
            working_directory=self.data,
        )

    def _archiving(self) -> dict[str, str]:
        if self._archive is None:
            return {}
        return {
            "archive_mode": "on",
            "archive_timeout": ARCHIVE_TIMEOUT,
            "archive_command": archive_command(self._archive),
        }

    async def wait_ready(self, port: int) -> None:
        """Wait for an answered query, then make sure the database `limber` exists."""
        url = self.url(port, "postgres")
        await wait_until(lambda: postgres_answers(url), seconds=READY_SECONDS, what="PostgreSQL")
        connection = await asyncpg.connect(url)
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = 'limber'"):
                await connection.execute("create database limber")
        finally:
            await connection.close()

    async def _initialise(self, binaries: Path, environment: dict[str, str]) -> None:
        self._console.say("laying out the database")
        self.data.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        if self._outside:
            (self.data.parent / HOME_NOTE).write_text(str(self._home.path))
        # Laid out under another name: a crash in between leaves nothing that looks complete.
        scratch = Path(tempfile.mkdtemp(dir=self.data.parent, prefix=".postgres-"))
        try:
            give(scratch, self.account)
            password = scratch / "password"
            write_private(password, self._secrets.postgres)
            if self.account:
                os.chown(password, self.account.uid, self.account.gid)
            data = scratch / "data"
            command = (
                str(binaries / "bin" / "initdb"),
                f"--pgdata={data}",
                "--username=postgres",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-instructions",
            )
            await run_job(
                Spec(
                    name="initdb",
                    command=command,
                    environment=environment,
                    account=self.account,
                    working_directory=scratch,
                ),
                self._home,
            )
            data.rename(self.data)
        finally:
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def forget_homeless_data() -> None:
    """Remove databases kept outside their home once that home is gone or began anew."""
    for place in ROOT_DATA.glob("*"):
        note = place / HOME_NOTE
        if not note.is_file() or postmaster(place / "postgres"):
            continue
        secrets = Path(note.read_text()) / "secrets.json"
        if not secrets.is_file() or place.name not in secrets.read_text():
            shutil.rmtree(place, ignore_errors=True)


def _first_existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())
