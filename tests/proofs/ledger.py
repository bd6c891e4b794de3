"""An own account of a client's life, blunter than the rules: what may not happen is noted."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.progress.domain.firing import LEVELS
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome
from shared.contracts.care import AssessmentSubmitted, Screening, ScreeningSubmitted
from shared.contracts.conclusions import (
    AssessmentRecorded,
    ClearanceDecided,
    ClearanceExpired,
    ClearanceRequested,
    FlareResolved,
    FlareSuspected,
    MilestoneReached,
    PlanActivated,
    PlanDrafted,
    PlanRevised,
    RecommendationProposed,
    ScreeningRecorded,
)
from shared.contracts.event import Event
from shared.contracts.progress import SafetyHoldLifted, SafetyHoldPlaced
from shared.contracts.submissions import CheckIn, CheckInSubmitted, HoldLiftSubmitted
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.labels import vocabulary

OPTIONS = catalogue().by_code()
TIER = {term.code: term.tier for term in vocabulary().red_flags}
YEAR, ASSESSED_FOR = timedelta(days=366), timedelta(weeks=12)
MORE_AT_MOST = 5
"""A dose rises by a fifth of itself at most, or by one unit."""

RED = frozenset({"stop", "hold", "emergency"})
SYMPTOMS = ("chest_pain", "dizziness", "supervised_only", "pregnant")
DISEASES = ("heart_condition", "other_chronic")


@dataclass
class Held:
    """A hold that stands, and the signs that brought it."""

    told: SafetyHoldPlaced
    signs: frozenset[str]


@dataclass
class Ledger:
    """What was told of a life, and in `broken` each promise that was not kept.

    `seen` counts what happened, so that a proof can say that it looked at something.
    """

    broken: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    screening: Screening | None = None
    screened_at: datetime | None = None
    clearance: str = "none"
    cleared_until: datetime | None = None
    refused: bool = False
    max_effort: int | None = None
    avoid: frozenset[str] = frozenset()
    assessed_at: datetime | None = None
    holds: dict[UUID, Held] = field(default_factory=dict)
    flare: bool = False
    heard: list[CheckIn] = field(default_factory=list)
    sessions: defaultdict[int, list[CheckIn]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, entry: Event, outcome: Outcome, session: int | None = None) -> None:
        """Follow an entry of the log and what came of it; `session` is the one it speaks of."""
        after = outcome.client
        if isinstance(entry, CheckInSubmitted):
            self.heard.append(entry.check_in)
            if session is not None:
                self.sessions[session].append(entry.check_in)
        for event in outcome.events:
            self._follow(event, entry, after, session)
        self._stand(entry, after)

    def gives(self, codes: Iterable[str], what: str, *, level: str | None = None) -> None:
        """Note options that may not be given; with a level also what only today rules out."""
        for code in codes:
            self.seen[what] += 1
            why = self._unsafe(OPTIONS[code])
            if why is None and level is not None and OPTIONS[code].family != "calm":
                why = self._too_much_today(OPTIONS[code], level)
            if why is not None:
                self.broken.append(f"{what}: {code}: {why}")

    def _follow(self, event: Event, entry: Event, after: Client, session: int | None) -> None:
        if isinstance(event, SafetyHoldPlaced):
            self.seen[f"hold {event.rule}"] += 1
            self.holds[event.hold_id] = Held(event, self._signs(entry, event.rule))
        elif isinstance(event, SafetyHoldLifted):
            self._lifted(event, entry)
        elif isinstance(event, FlareSuspected | FlareResolved):
            self.flare = isinstance(event, FlareSuspected)
        elif isinstance(event, PlanRevised):
            self._revised(event, after, session)
        elif isinstance(event, MilestoneReached):
            self.seen["milestone"] += 1
            self._note("milestone", self._not_worth_saying(event, after))
        else:
            self._take_in(event, entry)
            self._given(event, after)

    def _take_in(self, event: Event, entry: Event) -> None:
        """What opens and closes gates."""
        if isinstance(event, ScreeningRecorded) and isinstance(entry, ScreeningSubmitted):
            if self.screened_at is None or self.screened_at <= entry.submitted_at:
                self.screening, self.screened_at = entry.screening, entry.submitted_at
        elif isinstance(event, AssessmentRecorded) and isinstance(entry, AssessmentSubmitted):
            if entry.assessment.posture and entry.assessment.mechanics:
                self.assessed_at = max(self.assessed_at or entry.submitted_at, entry.submitted_at)
        elif isinstance(event, ClearanceRequested):
            self.clearance = "asked"
        elif isinstance(event, ClearanceExpired):
            self.clearance = "over"
        elif isinstance(event, ClearanceDecided):
            self.clearance, self.refused = event.decision, event.decision == "refused"
            self.cleared_until = event.valid_until
            self.max_effort, self.avoid = event.max_effort, frozenset(event.avoid)

    def _given(self, event: Event, after: Client) -> None:
        """What a client gets to see as theirs."""
        if isinstance(event, PlanDrafted):
            self.gives((one.option for one in event.items), "drafted")
        elif isinstance(event, PlanActivated):
            self.seen["activated"] += 1
            self.gives((one.option for one in event.items), "planned")
            self._note("activated", self._closed(after.as_of or event.at))
        elif isinstance(event, RecommendationProposed):
            self.gives(event.set, "proposed", level=after.level)

    def _stand(self, entry: Event, after: Client) -> None:
        standing = {hold.id for hold in after.holds}
        for identity, hold in self.holds.items():
            if identity not in standing:
                self.broken.append(f"unfrozen: the hold of {hold.told.rule} is gone")
        frozen = [one.told for one in self.holds.values() if one.told.kind == "session"]
        gravest = max((LEVELS.index(one.level) for one in frozen), default=0)
        if LEVELS.index(after.level) < gravest:
            self.broken.append(f"level: {after.level} is milder than {LEVELS[gravest]}")
        if frozen and (after.next or {}).get("code") != "await-trainer":
            self.broken.append(f"unfrozen: {after.next} while a hold stands")
        if isinstance(entry, CheckInSubmitted | ScreeningSubmitted) and (
            self._signs(entry, "R1") and after.level != "emergency"
        ):
            self.broken.append("level: an emergency is none")

    def _lifted(self, event: SafetyHoldLifted, entry: Event) -> None:
        self.seen["lifted"] += 1
        if not isinstance(entry, HoldLiftSubmitted) or entry.hold_id != event.hold_id:
            self.broken.append("unfrozen: nobody lifted the hold")
        del self.holds[event.hold_id]

    def _revised(self, step: PlanRevised, after: Client, session: int | None) -> None:
        if step.after < step.before:
            self.seen["lowered"] += 1
            return
        self.seen["raised"] += 1
        if step.after - step.before > max(1, step.before // MORE_AT_MOST):
            self.broken.append(f"step: {step.before} to {step.after}")
        told = [] if session is None else self.sessions[session]
        self._note("raised", self._not_green(told, step.option))
        self._note("raised", self._closed(after.as_of or step.at))
        if self.flare or any(one.told.kind != "option" for one in self.holds.values()):
            self.broken.append("raised: in a flare, or while something is held")
        mornings = [one.at for one in told if one.kind == "next-morning"]
        if any(one.at > max(mornings, default=step.at) and self._red(one) for one in self.heard):
            self.broken.append("raised: red was told later")

    def _not_green(self, told: list[CheckIn], option: str) -> str | None:
        by_kind = {one.kind: one for one in told}
        if set(by_kind) != {"pre", "post", "next-morning"}:
            return "something was not told"
        before, after = by_kind["pre"], by_kind["post"]
        mornings = [one for one in told if one.kind == "next-morning"]
        done = {one.option: one.worst_pain for one in after.exercises if one.done}
        stiff = before.stiffness
        found = {
            "pain in an exercise, or nobody said": not done
            or any(pain is None or pain > 2 for pain in done.values()),
            "the option was not done": option not in done,
            "a worse morning": any(one.pain > before.pain + 1 for one in mornings),
            "a stiffer morning, or nobody said": stiff is not None
            and any(one.stiffness is None or one.stiffness >= stiff + 2 for one in mornings),
            "a hard day": before.pain >= 6
            or any(one.pain >= 8 or one.flare or self._red(one) for one in told),
        }
        return next((why for why, holds in found.items() if holds), None)

    def _red(self, told: CheckIn) -> bool:
        """Whether a report is red whatever else is known."""
        worst = [one.worst_pain or 0 for one in told.exercises if one.done]
        spared = all(one.pain < 5 for one in self.heard)
        # Who wished for vigorous effort, and was found clear, may have it (rule D5).
        wished = self.screening is not None and self.screening.wish == "vigorous"
        cleared = wished or self.clearance == "granted"
        hard = told.effort is not None and told.effort >= 7 and not cleared
        return bool(told.red_flags) or hard or (spared and max(worst, default=0) > 5)

    def _not_worth_saying(self, event: MilestoneReached, after: Client) -> str | None:
        if after.level in RED or any(one.told.kind == "session" for one in self.holds.values()):
            return f"{event.code} while the level is {after.level}"
        if event.code == "first-session" and all(
            any(self._red(one) for one in told) or all(one.kind != "post" for one in told)
            for told in self.sessions.values()
        ):
            return "for a red session"
        return None

    def _closed(self, at: datetime) -> str | None:
        """Why a plan may not begin or go on; None when every gate is open."""
        if self.screening is None or self.screened_at is None or at > self.screened_at + YEAR:
            return "no screening that counts"
        if self.screening.health.fever:
            return "a fever"
        if self.refused or (self._needs_clearance(self.screening) and not self._cleared(at)):
            return f"no clearance: {self.clearance}"
        if self.assessed_at is None or at >= self.assessed_at + ASSESSED_FOR:
            return "no assessment that counts"
        return None

    def _cleared(self, at: datetime) -> bool:
        runs = self.cleared_until is None or at < self.cleared_until
        return self.clearance in {"granted", "limited"} and runs

    def _needs_clearance(self, given: Screening) -> bool:
        known = any(getattr(given.health, answer) for answer in DISEASES)
        return any(getattr(given.health, answer) for answer in SYMPTOMS) or (
            known and (not given.active or given.wish == "vigorous")
        )

    def _unsafe(self, option: Option) -> str | None:
        against, given = option.contraindications, self.screening
        found = {
            "too hard": option.impact > 1 or (option.effort >= 7 and self.clearance != "granted"),
            "against the screening": given is not None
            and (
                not set(against.conditions).isdisjoint(given.conditions)
                or any(getattr(given.health, answer) for answer in against.screening)
            ),
            "a clinician says to avoid it": not self.avoid.isdisjoint(
                {option.code, option.family, option.position, *option.regions}
            ),
            "more effort than a clinician allows": self.max_effort is not None
            and option.effort > self.max_effort,
        }
        held = (self._held_back(option, hold) for hold in self.holds.values())
        why = next((why for why, holds in found.items() if holds), None)
        return why or next((why for why in held if why is not None), None)

    def _held_back(self, option: Option, hold: Held) -> str | None:
        if hold.told.kind == "option" and hold.told.option in {option.code, None}:
            return None if hold.told.option is None and option.family == "calm" else "locked"
        if hold.signs & set(option.contraindications.red_flags):
            return "against a sign"
        exerts = option.family in {"strength", "low-impact"}
        return "a joint is spared" if hold.told.kind == "joint" and exerts else None

    def _too_much_today(self, option: Option, level: str) -> str | None:
        frozen = any(one.told.kind == "session" for one in self.holds.values())
        if level in RED or frozen:
            return f"not calm at {level}"
        if self.screening is None or self.screening.health.fever or self.refused:
            return "not calm behind a gate"
        if self.flare and option.family != "mobility":
            return "neither calm nor mobility in a flare"
        return None

    def _signs(self, entry: Event, rule: str) -> frozenset[str]:
        told: Iterable[str] = ()
        if isinstance(entry, CheckInSubmitted):
            told = entry.check_in.red_flags
        elif isinstance(entry, ScreeningSubmitted):
            told = entry.screening.red_flags
        return frozenset(sign for sign in told if TIER[sign] == rule)

    def _note(self, what: str, why: str | None) -> None:
        if why is not None:
            self.broken.append(f"{what}: {why}")
