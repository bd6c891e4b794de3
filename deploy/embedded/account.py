"""The unprivileged user that PostgreSQL runs as when the stack is started by root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

# PostgreSQL refuses root. `postgres` exists where the distribution's server is
# installed; `nobody` exists everywhere.
CANDIDATES = ("postgres", "nobody", "daemon")

ROOT_BINARIES = Path("/var/cache/limber")
ROOT_DATA = Path("/var/lib/limber")


@dataclass(frozen=True)
class Account:
    """A user and its main group, by number."""

    name: str
    uid: int
    gid: int


def unprivileged(data: Path) -> Account | None:
    """The account to drop to, or None when the caller is no root.

    Data that exists already keeps its owner, whatever accounts came since.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in CANDIDATES if name in known)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable(directory: Path, account: Account | None) -> bool:
    """Whether the account may enter the directory and all that is above it."""
    if account is None:
        return True
    path = directory.resolve()
    return all(_may_enter(place, account) for place in (path, *path.parents) if place.exists())


def _may_enter(place: Path, account: Account) -> bool:
    status = place.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)
