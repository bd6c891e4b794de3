"""Clearances: asked for by a screening, decided by a clinician, and over by time or by a change.

One request is open at a time. It keeps its id while its reasons stand; a change of health ends it,
decided or not, and asks anew. Once a clinician has limited or refused, no answer of the client
makes a clearance needless: only another decision does.
"""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from uuid import UUID, uuid5

from services.progress.domain.care import Clearance, Screening
from services.progress.domain.gates import asking, gates_change, needs_clearance
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, Step, done, latest, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.care import ClearanceDecisionSubmitted, ClearanceLimits
from shared.contracts.conclusions import ClearanceDecided, ClearanceExpired, ClearanceRequested
from shared.contracts.event import Event
from shared.options.catalogue import catalogue
from shared.vocabulary.codes import Family, Position, Region
from shared.zones import zone

MOST_AVOIDED = 60
"""Codes a clinician may name: most of the catalogue; more is a refusal."""

ZONES_APART = timedelta(days=1)
"""The clinician's calendar may be a day ahead of the client's."""

DECIDED = frozenset({"granted", "limited", "refused"})
BINDING = frozenset({"limited", "refused"})


def binds(clearance: Clearance | None) -> bool:
    """Whether a clinician's word stands that only a clinician can end."""
    return clearance is not None and (clearance.bound or clearance.status in BINDING)


def after_screening(
    client: UUID, known: Clearance | None, screening: Screening, *, changed: bool
) -> tuple[Clearance | None, list[Event]]:
    """The clearance as a screening leaves it, and what is told; `changed`: health is another."""
    needed, at = needs_clearance(screening), screening.at
    if known is not None and known.status != "expired":
        if not changed and (needed or known.status in DECIDED):
            return known, []
        ended = [ClearanceExpired(client_id=client, clearance_id=known.id, at=at)]
        if not needed:
            return known.model_copy(update={"status": "expired"}), list(ended)
    elif not needed:
        return known, []
    else:
        ended = []
    request = Clearance(
        id=uuid5(screening.id, "clearance"),
        status="requested",
        rules=asking(screening),
        requested_at=at,
        max_effort=None if known is None else known.max_effort,
        avoid=() if known is None else known.avoid,
        reasons=screening.reasons,
        bound=binds(known),
    )
    return request, [*ended, _requested(client, request)]


def decide_clearance(
    client: Client, submission: ClearanceDecisionSubmitted, rules: Rules
) -> Outcome:
    """Keep a clinician's decision on the clearance that stands. A new word replaces an older one.

    Refused: another id, an ended clearance, limits that say nothing or name what nobody knows, and
    a date that has passed or lies further ahead than a clearance counts.
    """
    known, at = client.care.clearance, submission.submitted_at
    if known is None or known.id != submission.clearance_id:
        reason = "No such clearance is asked for: it is unknown, or health has changed since."
        return refused(client, submission, rule=None, reason=reason)
    wrong = _fault(known, submission, rules) or _limits_fault(submission)
    if wrong is not None:
        return refused(client, submission, rule=None, reason=wrong)
    until = _until(submission, rules)
    if until <= latest(client.as_of, at):
        reason = "The last day of this decision has passed already."
        return refused(client, submission, rule=None, reason=reason)
    kept = ClearanceLimits(max_effort=known.max_effort, avoid=known.avoid)
    nothing = kept if submission.decision == "refused" else ClearanceLimits()
    limits = submission.limits or nothing
    decided = known.model_copy(
        update={
            "status": submission.decision,
            "decided_at": at,
            "decided_by": submission.submitted_by,
            "max_effort": limits.max_effort,
            "avoid": tuple(dict.fromkeys(limits.avoid)),
            "valid_until": until,
            "renews": False,
            "bound": False,
        }
    )
    told = ClearanceDecided(
        client_id=client.id,
        clearance_id=decided.id,
        decision=submission.decision,
        max_effort=decided.max_effort,
        avoid=decided.avoid,
        valid_until=until,
        at=at,
    )
    after = _with(next_entry(client, at), clearance=decided)
    return done(client, after, submission, rules, [told])


def due_gates(client: Client, rules: Rules) -> datetime | None:
    """When a clearance runs out, or time closes another gate."""
    seen, clearance = client.care.gates_at, client.care.clearance
    instants = [at for at in gates_change(client.care, rules) if seen is None or at > seen]
    if clearance is not None and clearance.status in DECIDED and clearance.valid_until is not None:
        instants.append(clearance.valid_until)
    return min(instants, default=None)


def gates_passed(client: Client, at: datetime, rules: Rules) -> Step:  # noqa: ARG001
    """A clearance that has run out is asked for again while it is needed."""
    clearance, events = client.care.clearance, list[Event]()
    if clearance is not None and clearance.status in DECIDED:
        over = clearance.valid_until
        if over is not None and over <= at:
            clearance, events = _run_out(client, clearance, over)
    return Step(_with(client, clearance=clearance, gates_at=at), tuple(events))


def months_after(day: date, months: int) -> date:
    """The same day that many months later, or the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def _run_out(client: Client, was: Clearance, over: datetime) -> tuple[Clearance, list[Event]]:
    ended = ClearanceExpired(client_id=client.id, clearance_id=was.id, at=over)
    screening = client.care.screening
    if screening is None or not needs_clearance(screening):
        return was.model_copy(update={"status": "expired"}), [ended]
    request = Clearance(
        id=uuid5(was.id, "again"),
        status="requested",
        rules=asking(screening, again=True),
        requested_at=over,
        max_effort=was.max_effort,
        avoid=was.avoid,
        reasons=was.reasons,
        renews=True,
        bound=binds(was),
    )
    return request, [ended, _requested(client.id, request)]


def _requested(client: UUID, request: Clearance) -> ClearanceRequested:
    return ClearanceRequested(
        client_id=client,
        clearance_id=request.id,
        rules=request.rules,
        at=request.requested_at,
    )


def _until(submission: ClearanceDecisionSubmitted, rules: Rules) -> datetime:
    """The end of the last day on which the decision counts, where the client is."""
    here = zone(submission.tz)
    today = submission.submitted_at.astimezone(here).date()
    last = submission.valid_until or months_after(today, rules.gates.clearance_months)
    return datetime.combine(last + timedelta(days=1), time(0), here).astimezone(UTC)


def _fault(known: Clearance, submission: ClearanceDecisionSubmitted, rules: Rules) -> str | None:
    months, last = rules.gates.clearance_months, submission.valid_until
    if known.status == "expired":
        return "This clearance is not asked for any more."
    if known.decided_at is not None and submission.submitted_at < known.decided_at:
        return "A later decision on this clearance is known already."
    here = zone(submission.tz)
    if last is not None and last < submission.submitted_at.astimezone(here).date():
        return "The last day of this decision has passed already."
    tomorrow = (submission.submitted_at + ZONES_APART).astimezone(here).date()
    if last is not None and last > months_after(tomorrow, months):
        return f"A clearance counts for {months} months at most."
    return None


def _limits_fault(submission: ClearanceDecisionSubmitted) -> str | None:
    limits = submission.limits or ClearanceLimits()
    if submission.decision == "limited" and limits.max_effort is None and not limits.avoid:
        return "Say what is limited: the effort at most, or what to avoid."
    if len(limits.avoid) > MOST_AVOIDED:
        return f"At most {MOST_AVOIDED} codes can be avoided; otherwise refuse the clearance."
    if not _known_codes().issuperset(limits.avoid):
        return "What to avoid is named by an option, a family, a region or a position."
    return None


def _known_codes() -> frozenset[str]:
    return frozenset(
        (*catalogue().by_code(), *get_args(Family), *get_args(Region), *get_args(Position))
    )


def _with(client: Client, **changed: object) -> Client:
    return replace(client, care=client.care.model_copy(update=changed))
