"""The ledger of consent: lines are added under the lock on the person, and never changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.booking.domain.consents import Line, Standing
from shared.postgres import Transaction

_LINE = "message_class, channel, basis, source, evidence, at, expires_at"


async def standing(connection: Transaction, person_id: UUID) -> Standing:
    """The newest line of each class and channel of a person."""
    rows = await connection.fetch(
        f"select distinct on (message_class, channel) {_LINE} from message_consents"  # noqa: S608 - our columns
        " where person_id = $1 order by message_class, channel, id desc",
        person_id,
    )
    return {(row["message_class"], row["channel"]): Line(**row) for row in rows}


async def add_lines(tx: Transaction, person_id: UUID, lines: Sequence[Line]) -> None:
    """Add lines to a person's ledger, in the order given."""
    if lines:
        await tx.execute(insert_lines("$1", None, first=2), person_id, *columns(lines))


def insert_lines(person: str, source: str | None, *, first: int) -> str:
    """The statement that adds lines for `person`, whose columns are the parameters from `first`.

    `source` is what `person` comes from, where it is no parameter.
    """
    names = [name.strip() for name in _LINE.split(",")]
    kinds = ["text"] * 5 + ["timestamptz"] * 2
    given = ", ".join(f"${first + place}::{kind}[]" for place, kind in enumerate(kinds))
    return (
        f"insert into message_consents (person_id, {_LINE})"  # noqa: S608 - our columns
        f" select {person}, {', '.join(f'l.{name}' for name in names)}"
        f" from {'' if source is None else source + ', '}unnest({given}) with ordinality"
        f" as l ({_LINE}, place) order by l.place"
    )


def columns(lines: Sequence[Line]) -> list[list[Any]]:
    """The columns of lines, as `insert_lines` takes them."""
    return [
        [line.message_class for line in lines],
        [line.channel for line in lines],
        [line.basis for line in lines],
        [line.source for line in lines],
        [line.evidence for line in lines],
        [line.at for line in lines],
        [line.expires_at for line in lines],
    ]
