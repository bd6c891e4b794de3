"""All that booking keeps of one person, table by table, for their own copy of it."""

import json
from typing import Any
from uuid import UUID

from services.booking.store.client_keys import ClientKeys
from shared.postgres import Transaction

SECTIONS: dict[str, tuple[str, str]] = {
    "profile": (
        "people",
        (
            "select id, role, name, email, phone, tz, language, created_at from people"
            " where id = $1 and erased_at is null"
        ),
    ),
    "bookings": (
        "bookings",
        (
            "select b.id, b.version, b.status, b.service, b.mode, b.area, b.start_at,"
            " b.end_at, b.tz,"
            " t.name as trainer, b.join_url, b.address, b.postal, b.conditions, b.goal,"
            " b.cancelled_because, b.cancel_reason, b.late, b.series_id, b.series_number,"
            " b.created_at, b.updated_at from bookings b join people t on t.id = b.trainer_id"
            " where b.client_id = $1 order by b.start_at, b.id"
        ),
    ),
    "reserved_times": (
        "reservations",
        (
            "select id, kind, lower(during) as start_at, upper(during) as end_at, area, postal"
            " from reservations where client_id = $1 order by id"
        ),
    ),
    "series": (
        "series",
        (
            "select id, service, mode, tz, local_start, every_weeks, count, created_at from series"
            " where client_id = $1 order by created_at, id"
        ),
    ),
    "credits": (
        "credits",
        (
            "select id, service, kind, change, booking_id, recorded_at, note from credits"
            " where client_id = $1 order by recorded_at, id"
        ),
    ),
    "waitlist": (
        "waitlist",
        (
            "select id, service, mode, area, postal, trainer_id, tz, first_day, last_day, status,"
            " created_at from waitlist where client_id = $1 order by created_at, id"
        ),
    ),
    "offers": (
        "waitlist_offers",
        (
            "select o.hold_id, o.waitlist_id, o.trainer_id, o.start_at, o.end_at, o.status,"
            " o.offered_at, o.expires_at from waitlist_offers o"
            " join waitlist w on w.id = o.waitlist_id where w.client_id = $1"
            " order by o.offered_at, o.hold_id"
        ),
    ),
    "consents": (
        "message_consents",
        (
            "select message_class, channel, basis, granted, source, evidence, at, expires_at"
            " from message_consents where person_id = $1 order by id"
        ),
    ),
    "preferences": (
        "preferences",
        "select quiet, windows, digest, per_day, changed_at from preferences where person_id = $1",
    ),
    "devices": (
        "push_devices",
        # Without the keys that messages to it are encrypted with.
        "select id, endpoint, seen_at from push_devices where person_id = $1 order by id",
    ),
    "care_team": (
        "care_team",
        (
            "select m.name, m.email, c.role, c.share, c.added_at, c.removed_at from care_team c"
            " join people m on m.id = c.member_id where c.client_id = $1 order by c.added_at, c.id"
        ),
    ),
    "reports": (
        "submissions",
        (
            "select id, kind, submitted_by, submitted_at, status, answer, answered_at, report"
            " from submissions where client_id = $1 order by submitted_at, id"
        ),
    ),
    "flares": (
        "flares",
        "select reported_at from flares where client_id = $1 order by reported_at",
    ),
    "progress": (
        "progress_views",
        "select version, level, document, updated_at from progress_views where client_id = $1",
    ),
    "safety_holds": (
        "safety_holds",
        (
            "select hold_id, kind, rule, placed_at, lifted_at from safety_holds where"
            " client_id = $1"
            " order by placed_at, hold_id"
        ),
    ),
    "plans_and_clearances": (
        "care_items",
        "select id, kind, told_at from care_items where client_id = $1 order by told_at, id",
    ),
    "looks_of_others": (
        "access_log",
        (
            "select l.at, p.name as who, l.actor_role as role, l.what from access_log l"
            " join people p on p.id = l.actor_id"
            " where l.client_id = $1 or l.clients @> array[$1::uuid] order by l.id"
        ),
    ),
    "messages": (
        "messages",
        (
            "select id, template, channel, booking_id, state, due_at, at from messages"
            " where recipient_id = $1 order by at, id"
        ),
    ),
    "sign_ins": (
        "sessions",
        "select expires_at from sessions where person_id = $1 order by expires_at",
    ),
}
"""Section of the export: the table it tells of, and how its rows are read."""

LEFT_OUT: dict[str, str] = {
    "trainers": "what trainers do",
    "weekly_hours": "trainers' hours",
    "hours_overrides": "trainers' hours",
    "time_off": "trainers' time off",
    "holds": "a visitor's; nobody is named in it",
    "sign_in_codes": "a hash that lives ten minutes",
    "idempotency_keys": "copies of answers, for a day",
    "rate_limits": "counters under hashes, for a day",
    "client_keys": "a wrapped key; nobody can use it outside",
    "access_chain": "hashes of the access log",
    "access_chain_cuts": "hashes of the access log",
    "erased": "ids of those who were erased",
    "outbox": "events on their way, for less than a second",
    "inbox": "ids of events that were handled",
    "parked_keys": "keys of records that could not be handled",
    "dead_letters": "records that could not be handled, until staff have seen to them",
    "migrations": "what was done to the schema",
}
"""Tables that are in nobody's export, with the reason."""

NOTES = ("goal", "cancel_reason", "note")
"""Columns whose text is sealed by the master key."""


async def whole(connection: Transaction, person_id: UUID, keys: ClientKeys) -> dict[str, Any]:
    """Every section, in order; what is sealed is opened."""
    sealer = await keys.find(connection, person_id)
    found: dict[str, Any] = {}
    for name, (_, sql) in SECTIONS.items():
        rows = await connection.fetchval(
            f"select coalesce(jsonb_agg(to_jsonb(r)), '[]') from ({sql}) r",  # noqa: S608 - ours
            person_id,
        )
        found[name] = [_opened(row, keys) for row in rows]
    for report in found["reports"]:
        if (sealed := report.pop("report")) is not None and sealer is not None:
            report["report"] = json.loads(sealer.open(sealed))
    return found


def _opened(row: dict[str, Any], keys: ClientKeys) -> dict[str, Any]:
    return row | {name: keys.open_note(row[name]) for name in NOTES if name in row}
