"""A screening: what it closes, who has to look first, and the signs that cannot wait.

Who needs a clearance before a plan (rule G2). The factors are those of ACSM 2015 (Magal and Riebe
2016; Whitfield 2017): what somebody does now, what is known or felt, and how hard it may become.

| answer                                           | active, light or moderate | else         |
|--------------------------------------------------|---------------------------|--------------|
| chest_pain, dizziness: a symptom                 | clearance                 | clearance    |
| supervised_only: advised to (PAR-Q+ 7)           | clearance                 | clearance    |
| pregnant: rule G4, a professional's advice       | clearance                 | clearance    |
| heart_condition, other_chronic: a known disease  | goes on                   | clearance    |
| medication that no named condition explains      | goes on                   | clearance    |
| joint_problem (PAR-Q+ 6): most clients           | goes on                   | goes on      |

"Else" is: not active, or a vigorous wish. The form does not say which other disease it is, so each
counts as a heart, metabolic or renal one. Medicine without a condition or joint problem beside it
counts as a disease that was not named. Who says yes to the joint problem goes to the second stage:
the red flags, judged here as in a check-in (R1, R2, R3). A fever postpones (rule G4) until a later
screening says that it is over; it changes nothing else.

The newest screening counts, by when it was given: one that arrives late is heard for its red flags
alone. It counts for 12 calendar months (rule G3).
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from services.progress.domain.care import Clearance, Screening
from services.progress.domain.clearance import after_screening, binds, months_after
from services.progress.domain.firing import Firing
from services.progress.domain.gates import EARLIER, Gate, asking, closed
from services.progress.domain.holding import holds_asked
from services.progress.domain.judge import flags_fired
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, done, next_entry
from services.progress.domain.rules import Rules
from shared.contracts.care import Screening as Given
from shared.contracts.care import ScreeningSubmitted
from shared.contracts.conclusions import ScreeningRecorded
from shared.contracts.event import Event
from shared.options.catalogue import catalogue
from shared.vocabulary.codes import Family, Kind

SYMPTOMS = ("chest_pain", "dizziness")
ALWAYS = (*SYMPTOMS, "supervised_only", "pregnant")
DISEASES = ("heart_condition", "other_chronic")
PASSING = frozenset({"fever"})
"""An answer that says nothing of lasting health."""

CLOSED_BY_SCREENING = frozenset({"unwell", "clearance-open", "clearance-refused", "clearance-over"})


def screen(client: Client, submission: ScreeningSubmitted, rules: Rules) -> Outcome:
    """Judge a screening: gates, a clearance to ask for, and holds where its signs need one."""
    given, at = submission.screening, submission.submitted_at
    former, known = client.care.screening, client.care.clearance
    judged = _judged(submission, known, rules)
    fired = flags_fired(judged.red_flags, rules, feverish=given.health.fever)
    placed = holds_asked(fired, rules, of=judged.id, since=at, check_in=None, standing=client.holds)
    recorded = ScreeningRecorded(
        client_id=client.id,
        screening_id=judged.id,
        outcome=judged.outcome,
        rules=judged.rules,
        conditions=judged.conditions,
        valid_until=judged.valid_until,
        at=at,
    )
    events: list[Event] = [recorded]
    care = client.care
    if former is None or former.at <= at:
        changed = former is not None and _changed(former, judged, known)
        clearance, told = after_screening(client.id, known, judged, changed=changed)
        care = care.model_copy(update={"screening": judged, "clearance": clearance})
        events += told
    after = replace(next_entry(client, at), care=care)
    gates = [
        gate for gate in closed(care, after.as_of or at, rules) if gate.code in CLOSED_BY_SCREENING
    ]
    said = [*fired, *(firing for gate in gates for firing in _as_fired(gate, rules))]
    return done(client, after, submission, rules, events, placed=placed, said=said)


def clearance_reasons(given: Given) -> tuple[str, ...]:
    """The answers for which a clinician has to look first, by the table above."""
    health = given.health
    found = [answer for answer in ALWAYS if getattr(health, answer)]
    known = [answer for answer in DISEASES if getattr(health, answer)]
    if health.medication and not (given.conditions or health.joint_problem or known):
        known.append("medication")
    if known and not given.active:
        found += [*known, "inactive"]
    elif known and given.wish == "vigorous":
        found += known
    if known and given.wish == "vigorous":
        found.append("vigorous")
    return tuple(found)


def _judged(submission: ScreeningSubmitted, known: Clearance | None, rules: Rules) -> Screening:
    given, at = submission.screening, submission.submitted_at
    reasons = clearance_reasons(given)
    if binds(known) and not reasons:
        reasons = tuple(EARLIER)
    screening = Screening(
        id=submission.submission_id,
        at=at,
        outcome="needs-clearance" if reasons else "clear",
        rules=(),
        health=given.health,
        active=given.active,
        wish=given.wish,
        conditions=tuple(dict.fromkeys(given.conditions)),
        red_flags=tuple(dict.fromkeys(given.red_flags)),
        enjoys=_known(given.enjoys),
        valid_until=_valid_until(at, rules.gates.screening_months),
        reasons=reasons,
    )
    asked = set(asking(screening)) if reasons else set[str]()
    if given.health.fever:
        asked.add("G4")
        screening = screening.model_copy(update={"outcome": "postponed"})
    return screening.model_copy(update={"rules": tuple(sorted(asked))})


def _changed(former: Screening, now: Screening, known: Clearance | None) -> bool:
    """Whether health is another than before, or there is a reason that nobody has looked at."""
    answers = set(type(now.health).model_fields) - PASSING
    asked = set() if known is None else set(known.reasons)
    return (
        any(getattr(former.health, answer) != getattr(now.health, answer) for answer in answers)
        or set(former.conditions) != set(now.conditions)
        or bool(set(now.red_flags) - set(former.red_flags))
        or bool(set(now.reasons) - asked - EARLIER)
    )


def _valid_until(at: datetime, months: int) -> datetime:
    day = at.astimezone(UTC)
    return datetime.combine(months_after(day.date(), months), day.timetz())


def _known(enjoys: tuple[str, ...]) -> tuple[str, ...]:
    # What the catalogue does not know cannot be given, and may be free text.
    codes = {*catalogue().by_code(), *get_args(Family), *get_args(Kind)}
    return tuple(dict.fromkeys(code for code in enjoys if code in codes))


def _as_fired(gate: Gate, rules: Rules) -> list[Firing]:
    rule = rules.by_id[gate.rule]
    when = rule.when.index(rule.gate(gate.code))
    return rule.fire(rules.version, {"gate": gate.code}, when=when)
