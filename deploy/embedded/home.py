"""The directory that holds the stack's state: one supervisor at a time, secrets made once."""

import fcntl
import json
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from deploy.embedded.account import Account
from deploy.embedded.errors import StackError
from deploy.stack import StackFile
from deploy.vapid import new_private_key

# A log is put aside at the start of its process once it has passed this size.
LOG_CAP_BYTES = 8 << 20
SECRET_BYTES = 32


class Secrets(BaseModel):
    """What must stay the same between starts and be known to nobody else."""

    model_config = ConfigDict(frozen=True)

    instance: str
    postgres: str
    booking: str
    notify: str
    progress: str
    booking_secret: str
    booking_key_encryption_key: str
    vapid_private_key: str


class Home:
    """Paths, lock and secrets of one stack."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the home; raises StackError when another supervisor has it."""
        try:
            # Others may pass through (PostgreSQL's user must) but not look around.
            self.path.mkdir(parents=True, exist_ok=True, mode=0o711)
            (self.path / "logs").mkdir(exist_ok=True, mode=0o700)
            lock = open(self.path / "lock", "a+", opener=_private)
        except OSError as error:
            raise StackError(f"cannot keep state in {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise StackError(
                f"a stack is already running in {self.path} (pid {holder}); "
                f"stop it with Ctrl-C there, or with `kill {holder}`"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def log(self, name: str) -> Path:
        """Where the output of a process goes."""
        return self.path / "logs" / f"{name}.log"

    def rotate_log(self, name: str) -> Path:
        """Put a log that has grown too large aside; return where to write."""
        log = self.log(name)
        if log.exists() and log.stat().st_size > LOG_CAP_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def secrets(self) -> Secrets:
        """The secrets of this home, made at first use; what an older version had not is added."""
        place = self.path / "secrets.json"
        kept = json.loads(place.read_bytes()) if place.exists() else {}
        drawn = {
            name: secrets.token_urlsafe(SECRET_BYTES)
            for name in (
                "postgres",
                "booking",
                "notify",
                "progress",
                "booking_secret",
                "booking_key_encryption_key",
            )
        } | {"instance": uuid4().hex, "vapid_private_key": new_private_key()}
        made = Secrets.model_validate(drawn | kept)
        if drawn.keys() - kept.keys():
            write_private(place, made.model_dump_json(indent=1) + "\n")
        return made

    def write_stack(self, stack: StackFile) -> None:
        """Say how the stack runs now."""
        write_private(self.path / "stack.json", stack.model_dump_json(indent=1) + "\n")


def write_private(place: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    part = place.with_name(f".{place.name}.{uuid4().hex}")
    with open(part, "x", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)


def give(directory: Path, account: Account | None) -> None:
    """Make a directory that belongs to the account alone."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account:
        os.chown(directory, account.uid, account.gid)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
