"""A client's flare: begun by their word (T1) or by an alarm, followed up, and held (T2)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.progress.domain import flare as course
from services.progress.domain.care import Flare
from services.progress.domain.holding import hold_for
from services.progress.domain.model import Client, Report
from services.progress.domain.outcome import Step, rule_fired, trainers
from services.progress.domain.rules import Rules
from services.progress.domain.standing import begin, end
from shared.clock import rfc3339
from shared.contracts.conclusions import FlareResolved, FlareSuspected
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInKind
from shared.zones import zone

KINDS: frozenset[CheckInKind] = frozenset({"pre", "daily", "next-morning"})
"""Whose pain a flare is judged by: right after a session it says too little of the day."""

REACH = course.BASELINE + course.WATCHED + timedelta(days=1)
"""How far back reports count; the day more is for zones."""

EARLIER = 4
"""Earlier flares kept: more than fit into the reach, with the settled days between them."""

MOMENT = timedelta(seconds=1)
"""Longer than so many days is a moment later than they."""

SAID, ALARMED = 0, 1
"""T1's conditions, as the file orders them."""


def flare_reports(reports: Iterable[Report], *, until: datetime) -> list[course.Report]:
    """The reports that flares are judged by, up to an instant, each in its own zone."""
    return [
        course.Report(one.at.astimezone(zone(one.tz)), float(one.pain))
        for one in reports
        if one.kind in KINDS and until - REACH < one.at <= until
    ]


def known_flares(client: Client, tz: str) -> tuple[course.Flare, ...]:
    """The client's flares as the statistics take them, oldest first."""
    flares = [*client.care.earlier_flares, *([client.care.flare] if client.care.flare else [])]
    return tuple(_as_known(one, tz) for one in flares)


def flare_heard(client: Client, report: Report, rules: Rules) -> Step:
    """What a check-in says of flares: one begins, is confirmed, or has settled.

    `client` as after the report.
    """
    if report.flare:
        return _begun(client, report.at, report.tz, rules, by="client", of=report.id)
    running = _running(client)
    if running is None:
        return Step(client)
    at = max(one.at for one in client.reports)
    reports = flare_reports(client.reports, until=at)
    [*_, now] = course.hear(
        known_flares(client, report.tz), reports, at=at.astimezone(zone(report.tz))
    )
    if now.running:
        return Step(client)
    days = course.days_running(now, at=at)
    after = _keep(end(client, "T1"), running.model_copy(update={"resolved_at": at}))
    resolved = FlareResolved(client_id=client.id, flare_id=running.id, days=days, at=at)
    return Step(after, (resolved,))


def flare_alarmed(client: Client, at: datetime, rules: Rules) -> Step:
    """The statistics' alarm begins a flare, unless one runs."""
    if _running(client) is not None or not client.reports:
        return Step(client)
    newest = client.reports[0]
    return _begun(client, at, newest.tz, rules, by="trend", of=newest.id)


def due_flare(client: Client, rules: Rules) -> datetime | None:
    """When a running flare is asked about, or has been too long."""
    running = _running(client)
    if running is None:
        return None
    asked, held = _due(running, rules)
    return min((at for at in (asked, held) if at is not None), default=None)


def flare_passed(client: Client, at: datetime, rules: Rules) -> Step:
    """T1's follow-up and T2's hold, where they are due."""
    running = _running(client)
    if running is None:
        return Step(client)
    asked, held = _due(running, rules)
    events: list[Event] = []
    placed = []
    if asked is not None and asked <= at:
        running = running.model_copy(update={"asked_at": asked})
        t1 = rules.by_id["T1"]
        standing = [one for one in client.care.standing if one.rule == t1.id]
        events += [
            rule_fired(client, t1, one.firings, rules.version, at=asked).model_copy(
                update={"codes": ("flare-follow-up",)}
            )
            for one in standing
        ]
    if held is not None and held <= at:
        running = running.model_copy(update={"held": True})
        rule = rules.by_id["T2"]
        days = int(rule.limits["days"])
        inputs: dict[str, object] = {"since": rfc3339(running.since), "longer_than_days": days}
        fired = rule.fire(rules.version, inputs)
        placed.append(hold_for(rule, fired, of=running.id, since=held, check_in=None))
    return Step(_keep(client, running), tuple(events), tuple(placed))


def _begun(client: Client, at: datetime, tz: str, rules: Rules, *, by: str, of: UUID) -> Step:
    rule, running = rules.by_id["T1"], _running(client)
    said = by == "client"
    fired = rule.fire(rules.version, {"by": by}, when=SAID if said else ALARMED)
    if running is not None:
        after = _keep(client, running.model_copy(update={"by": "client"} if said else {}))
        return Step(begin(after, rule, fired, at=running.since))
    former = client.care.flare
    if former is not None and former.resolved_at is not None and at <= former.resolved_at:
        return Step(client)  # Told late: that flare has settled since.
    here = at.astimezone(zone(tz))
    seen = course.look(flare_reports(client.reports, until=at), known_flares(client, tz), at=here)
    begun = Flare(
        id=uuid5(of, "flare"), by="client" if said else "trend", since=at, usual=seen.usual
    )
    earlier = (*client.care.earlier_flares, *((former,) if former else ()))[-EARLIER:]
    care = client.care.model_copy(update={"flare": begun, "earlier_flares": earlier})
    after = begin(replace(client, care=care), rule, fired, at=at)
    suspected = FlareSuspected(
        client_id=client.id, flare_id=begun.id, by=begun.by, at=at, trainer_ids=trainers(client)
    )
    return Step(after, (suspected,))


def _due(flare: Flare, rules: Rules) -> tuple[datetime | None, datetime | None]:
    asked = flare.since + rules.by_id["T1"].hours("follow_up_hours")
    held = flare.since + rules.by_id["T2"].days("days") + MOMENT
    return None if flare.asked_at else asked, None if flare.held else held


def _running(client: Client) -> Flare | None:
    flare = client.care.flare
    return flare if flare is not None and flare.resolved_at is None else None


def _keep(client: Client, flare: Flare) -> Client:
    return replace(client, care=client.care.model_copy(update={"flare": flare}))


def _as_known(flare: Flare, tz: str) -> course.Flare:
    here = zone(tz)
    over = flare.resolved_at
    return course.Flare(
        "resolved" if over else "declared" if flare.by == "client" else "suspected",
        flare.since.astimezone(here),
        flare.usual,
        over.astimezone(here) if over else None,
        "settled" if over else None,
    )
