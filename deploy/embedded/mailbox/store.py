"""Mails in a SQLite file: what SMTP has said 250 to survives a crash."""

import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
create table if not exists mails (
    id integer primary key autoincrement,
    received text not null,
    sender text not null,
    recipients text not null,
    message_id text not null,
    raw blob not null
);
create index if not exists mails_by_message_id on mails (message_id);
"""


@dataclass(frozen=True)
class Mail:
    """One delivery; `twins` counts all deliveries with the same Message-ID, this one included."""

    id: int
    received: str
    raw: bytes
    twins: int


class Store:
    """All deliveries, each kept even when an equal one was there before."""

    def __init__(self, place: Path) -> None:
        # Mails hold personal details: the file is its owner's alone from the first byte.
        os.close(os.open(place, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.executescript(SCHEMA)

    def add(self, raw: bytes, *, sender: str, recipients: str, message_id: str) -> None:
        """Keep a mail; it is on disk when this returns."""
        self._database.execute(
            "insert into mails (received, sender, recipients, message_id, raw)"
            " values (?, ?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(), sender, recipients, message_id, raw),
        )

    def count(self) -> int:
        """How many mails there are."""
        (number,) = self._database.execute("select count(*) from mails").fetchone()
        return int(number)

    def page(self, start: int, limit: int) -> list[Mail]:
        """Mails, newest first, from the `start`-th on."""
        rows = self._database.execute(
            "select id, received, raw, (select count(*) from mails as twin"
            " where twin.message_id = mails.message_id and twin.message_id <> '')"
            " from mails order by id desc limit ? offset ?",
            (limit, start),
        )
        return [Mail(*row) for row in rows]

    def find(self, number: int) -> Mail | None:
        """One mail, or None."""
        row = self._database.execute(
            "select id, received, raw, (select count(*) from mails as twin"
            " where twin.message_id = mails.message_id and twin.message_id <> '')"
            " from mails where id = ?",
            (number,),
        ).fetchone()
        return Mail(*row) if row else None

    def clear(self) -> None:
        """Forget all mails."""
        self._database.execute("delete from mails")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
