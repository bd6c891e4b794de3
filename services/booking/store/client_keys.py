"""The clients' keys: one each, random, wrapped by a master key that is not in the database."""

from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction
from shared.sealing import PREFIX, MasterKey, Sealer

REWRAPPED_AT_ONCE = 500
"""Keys of one statement when the master key changes."""

NOTES = (("bookings", "goal"), ("bookings", "cancel_reason"), ("credits", "note"))
"""Where notes stand: table and column."""

NOTE = "note"
"""What a sealed note is bound to: it opens as nothing else."""


class ClientKeys:
    """Finds and makes clients' keys. An erased client has none and gets none."""

    def __init__(self, master: MasterKey) -> None:
        self.master = master

    async def sealer(self, tx: Transaction, client_id: UUID, *, now: datetime) -> Sealer:
        """What seals texts about a client whose row is locked; the key is made at first use."""
        wrapped = await tx.fetchval(
            "with found as (select wrapped from client_keys where client_id = $1),"
            " made as (insert into client_keys (client_id, wrapped, made_at)"
            " select id, $2, $3 from people where id = $1 and erased_at is null"
            " and not exists (select from found) on conflict do nothing returning wrapped)"
            " select wrapped from found union all select wrapped from made",
            client_id,
            self.master.new_key(client_id),
            now,
        )
        if wrapped is None:
            raise RuntimeError("a key was asked for nobody, or for somebody erased")
        return self.master.unwrap(wrapped, client_id)

    async def find(self, connection: Transaction, client_id: UUID) -> Sealer | None:
        """What opens texts about a client; None when nothing was sealed, or the key is gone."""
        wrapped = await connection.fetchval(
            "select wrapped from client_keys where client_id = $1", client_id
        )
        return None if wrapped is None else self.master.unwrap(wrapped, client_id)

    def seal_note(self, text: str | None) -> str | None:
        """What somebody wrote into a row of ours: its erasure deletes it, so no key of its own."""
        return None if text is None else self.master.seal(text, NOTE)

    def open_note(self, text: str | None) -> str | None:
        """A note as it was written; one from before notes were sealed as it is."""
        sealed = text is not None and text.startswith(PREFIX)
        return self.master.open(text, NOTE) if text is not None and sealed else text


async def rewrap(tx: Transaction, master: MasterKey, after: UUID) -> tuple[UUID | None, int]:
    """Wrap the next keys with the newest master key.

    Returns the last client and how many; None when nobody is left.
    """
    rows = await tx.fetch(
        "select client_id, wrapped from client_keys where client_id > $1"
        " order by client_id limit $2 for update",
        after,
        REWRAPPED_AT_ONCE,
    )
    wrapped = [
        (id_, master.wrap(master.unwrap(old, id_).key, id_))
        for id_, old in ((row["client_id"], row["wrapped"]) for row in rows)
    ]
    await tx.executemany("update client_keys set wrapped = $2 where client_id = $1", wrapped)
    return (wrapped[-1][0] if wrapped else None), len(wrapped)


async def rewrap_notes(tx: Transaction, keys: ClientKeys) -> int:
    """Seal all notes in rows with the newest master key; returns how many there were."""
    count = 0
    for table, column in NOTES:
        rows = await tx.fetch(
            f"select id, {column} as note from {table} where {column} is not null for update"  # noqa: S608 - our names
        )
        await tx.executemany(
            f"update {table} set {column} = $2 where id = $1",  # noqa: S608 - our names
            [(row["id"], keys.seal_note(keys.open_note(row["note"]))) for row in rows],
        )
        count += len(rows)
    return count


async def forget(tx: Transaction, client_id: UUID) -> None:
    """Destroy a client's key: what it sealed is noise from now on, wherever it lies."""
    await tx.execute("delete from client_keys where client_id = $1", client_id)
