"""What decisions changed, of many clients, written in one statement."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.progress.domain.model import Client, Hold, Report
from shared.postgres import Transaction


@dataclass(frozen=True)
class Line:
    """An entry of a client's log, with its place; `data` is JSON."""

    client_id: UUID
    version: int
    type: str
    about: str
    at: datetime
    data: str


@dataclass(frozen=True)
class Lift:
    """The end of a hold: when, and by whom; null for a rule. Why is in the log."""

    at: datetime
    by: UUID | None


@dataclass
class Changes:
    """Log entries, reports, new holds, ends of holds, and where clients stand now."""

    lines: list[Line] = field(default_factory=list)
    reports: list[tuple[UUID, Report]] = field(default_factory=list)
    placed: dict[UUID, tuple[UUID, Hold]] = field(default_factory=dict)
    lifted: dict[UUID, tuple[UUID, Lift]] = field(default_factory=dict)
    clients: dict[UUID, Client] = field(default_factory=dict)


_LOG = ("client_id uuid", "version int", "type text", "about text", "at timestamptz", "data jsonb")
_REPORT = (
    "client_id uuid", "id uuid", "version int", "kind text", "at timestamptz", "tz text",
    "booking_id uuid", "pain smallint", "stiffness smallint", "energy smallint", "mood smallint",
    "confidence smallint", "effort smallint", "enjoyment smallint", "worst_pain smallint",
    "exercises jsonb", "red_flags jsonb", "why jsonb", "flare boolean", "level text",
    "firings jsonb",
)  # fmt: skip
_LIFT = ("client_id uuid", "id uuid", "lifted_at timestamptz", "lifted_by uuid")
_CLIENT = (
    "client_id uuid", "version int", "level text", "as_of timestamptz", "lifted_version int",
    "due_at timestamptz", "reported_version int", "reflected_version int", "care jsonb",
    "next jsonb",
)  # fmt: skip
_HOLD = (
    "client_id uuid", "id uuid", "check_in_id uuid", "kind text", "option text", "rule text",
    "level text", "since timestamptz", "reason text", "firings jsonb", "lifted_at timestamptz",
    "lifted_by uuid",
)  # fmt: skip


async def write(tx: Transaction, changes: Changes) -> None:
    """Store what changed. An entry that is in the log already stays as it is."""
    # A hold that began and ended in between is written once, as over.
    ended = [(client_id, id_, lift) for id_, (client_id, lift) in changes.lifted.items()]
    await tx.execute(
        _STATEMENT,
        *_columns(_LOG, map(_line_row, changes.lines)),
        *_columns(_REPORT, (_report_row(*one) for one in changes.reports)),
        *_columns(
            _LIFT,
            ((one, id_, lift.at, lift.by) for one, id_, lift in ended if id_ not in changes.placed),
        ),
        *_columns(_CLIENT, map(_client_row, changes.clients.values())),
        *_columns(
            _HOLD,
            (
                _hold_row(client_id, hold, changes.lifted.get(hold.id))
                for client_id, hold in changes.placed.values()
            ),
        ),
    )


def _statement() -> str:
    sources, first = [], 1
    for columns in (_LOG, _REPORT, _LIFT, _CLIENT, _HOLD):
        sources.append(_source(columns, first))
        first += len(columns)
    log, reports, lifted, clients, holds = sources
    set_to = ", ".join(f"{name} = n.{name}" for name in _names(_CLIENT)[1:])
    return (
        f"with logged as (insert into log ({', '.join(_names(_LOG))}) {log}"  # noqa: S608
        " on conflict (client_id, about) do nothing),"
        f" reported as (insert into check_ins ({', '.join(_names(_REPORT))}) {reports}),"
        " ended as (update holds set lifted_at = n.lifted_at, lifted_by = n.lifted_by"
        f" from ({lifted}) n where holds.client_id = n.client_id and holds.id = n.id"
        " and holds.lifted_at is null),"
        f" standing as (update clients set {set_to} from ({clients}) n"
        " where clients.client_id = n.client_id)"
        f" insert into holds ({', '.join(_names(_HOLD))}) {holds}"
    )


def _source(columns: tuple[str, ...], first: int) -> str:
    # Documents go as text: a list of them has no codec of its own.
    arrays, wanted = [], []
    for place, column in enumerate(columns, start=first):
        name, kind = column.split()
        is_json = kind == "jsonb"
        arrays.append(f"${place}::{'text' if is_json else kind}[]")
        wanted.append(f"{name}::jsonb" if is_json else name)
    names = ", ".join(_names(columns))
    return f"select {', '.join(wanted)} from unnest({', '.join(arrays)}) as n({names})"  # noqa: S608


def _names(columns: tuple[str, ...]) -> list[str]:
    return [column.split()[0] for column in columns]


_STATEMENT = _statement()


def _columns(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    listed = list(rows)
    if not listed:
        return [[] for _ in columns]
    return [list(column) for column in zip(*listed, strict=True)]


def _line_row(line: Line) -> tuple[Any, ...]:
    return line.client_id, line.version, line.type, line.about, line.at, line.data


def _report_row(client_id: UUID, report: Report) -> tuple[Any, ...]:
    return (
        client_id, report.id, report.version, report.kind, report.at, report.tz,
        report.booking_id, report.pain, report.stiffness, report.energy, report.mood,
        report.confidence, report.effort, report.enjoyment, report.worst_pain,
        _listed(vars(one) for one in report.exercises), _listed(report.red_flags),
        _listed(report.why), report.flare, report.level,
        _listed(vars(one) for one in report.firings),
    )  # fmt: skip


def _client_row(client: Client) -> tuple[Any, ...]:
    return (
        client.id, client.version, client.level, client.as_of, client.lifted_version,
        client.due_at, client.reported_version, client.reflected_version,
        client.care.model_dump_json(exclude_defaults=True),
        None if client.next is None else json.dumps(client.next),
    )  # fmt: skip


def _hold_row(client_id: UUID, hold: Hold, over: tuple[UUID, Lift] | None) -> tuple[Any, ...]:
    lift = None if over is None else over[1]
    return (
        client_id, hold.id, hold.check_in_id, hold.kind, hold.option, hold.rule, hold.level,
        hold.since, hold.reason, _listed(vars(one) for one in hold.firings),
        None if lift is None else lift.at, None if lift is None else lift.by,
    )  # fmt: skip


def _listed(items: Iterable[Any]) -> str:
    known = list(items)
    return json.dumps(known) if known else "[]"
