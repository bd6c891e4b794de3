"""Weeks of a simulated client: seeded, in process, told to the decisions as the log tells them."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from services.progress.domain import decide, view
from services.progress.domain.entries import Proposed, Reflected, TimePassed
from services.progress.domain.menu import menu
from services.progress.domain.model import Booking, Client
from services.progress.domain.next_step import ASKED_FOR
from services.progress.domain.outcome import Outcome
from services.progress.domain.passing import next_due
from services.progress.domain.proposing import propose
from services.progress.domain.responses import sessions
from services.progress.domain.statistics import reflect
from shared.contracts.care import (
    Assessment,
    AssessmentSubmitted,
    Baseline,
    ClearanceDecisionSubmitted,
    ClearanceLimits,
    Health,
    MovementFinding,
    PlanActivationSubmitted,
    PlannedOption,
    PlanSubmitted,
    PostureFinding,
    Screening,
    ScreeningSubmitted,
    SwapSubmitted,
)
from shared.contracts.event import Event
from shared.contracts.submissions import (
    CheckIn,
    CheckInKind,
    CheckInSubmitted,
    ExerciseReport,
    HoldLiftSubmitted,
)
from shared.vocabulary.labels import vocabulary
from tests.proofs.ledger import OPTIONS, Ledger
from tests.unit.progress.builders import CLIENT, NOW, RULES, TRAINER, TZ

SIGNS: list[Any] = [term.code for term in vocabulary().red_flags]
CONDITIONS: list[Any] = [term.code for term in vocabulary().conditions]
CODES = sorted(OPTIONS)
WISHES: list[Any] = ["light", "moderate", "vigorous"]
DECISIONS: list[Any] = ["granted", "limited", "refused"]
ANSWERS = tuple(Health.model_fields)
STIFFNESS = (None, 2, 2, 2, 3, 5)
SHOWN, COMING = 90, 20
"""Reports and coming bookings that the service loads for a decision."""

LOOKS_AT_ONCE = 50
"""What time brings between two entries of a life: a few things, never without end."""

FULL_STATISTICS = 0.01
"""How many looks are those of the real statistics; the others propose alone, which is quick."""

COURSES = {
    "improving": (-0.6, 5),
    "flat": (0.0, 3),
    "worsening": (0.7, 2),
    "low": (0.0, 1),
    "hard": (0.0, 6),
}
"""Change of pain a week, and the pain it begins with."""


@dataclass
class Life:
    """One client, told their life entry by entry; `ledger` notes what may not happen."""

    number: int
    client: Client = field(default_factory=lambda: Client(CLIENT))
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)
        self._ids = count(1)
        self._queue: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self.slope, self.usual = self.chance.choice(sorted(COURSES.values()))
        self.stale: Proposed | None = None
        self.stale_version = 0

    def live(self) -> Ledger:
        """Live it; returns the ledger."""
        self._imagine()
        while self._queue and not self.ledger.broken:
            at, _, what, more = heappop(self._queue)
            self._pass_time(at)
            getattr(self, f"_{what}")(at, **more)
        return self.ledger

    def _imagine(self) -> None:
        """The intake, in order or not, and sessions over some weeks."""
        chance, at = self.chance, NOW
        intake = ["screening", "decision", "assessment", "plan", "activation"]
        if chance.random() < 0.2:
            chance.shuffle(intake)
            intake += ["decision", "plan", "activation"]
        for what in intake:
            self._later(at, what)
            if chance.random() < 0.15:
                self._later(at, "activation")
            at += timedelta(hours=1)
        if chance.random() < 0.06:
            # A year goes by: screening, clearance and assessment run out.
            at += timedelta(days=chance.choice([80, 330, 364, 370]))
            for what in chance.sample(intake, 3):
                self._later(at - timedelta(hours=2), what)
        weeks = chance.randint(4, 10)
        # Some train every other day for a while: what is told late then meets the next session.
        apart = 2.0 if chance.random() < 0.4 else weeks * 7 / 4
        for session in range(chance.randint(1, 4)):
            day = at + timedelta(days=1 + round(session * apart))
            self._imagine_session(session, day)
        for what in ("screening", "decision", "plan", "activation", "assessment"):
            if chance.random() < 0.08:
                self._later(at + timedelta(days=chance.uniform(1, weeks * 7)), what)
        for _ in range(chance.choice([0, 0, 1, 3])):
            self._later(at + timedelta(days=chance.uniform(0, weeks * 7)), "report", kind="daily")
        self._later(at + timedelta(days=weeks * 7 + 1), "report", kind="daily")

    def _imagine_session(self, session: int, at: datetime) -> None:
        chance = self.chance
        booking = UUID(int=5000 + session) if chance.random() < 0.5 else None
        if booking is not None:
            self._later(at - timedelta(days=1), "booking", identity=booking, start=at, version=1)
        for kind, hours in (("pre", -0.5), ("post", 1.2), ("next-morning", 20)):
            if chance.random() < 0.94:
                told = at + timedelta(hours=hours)
                late = chance.uniform(0, 90) if chance.random() < 0.08 else 0.0
                self._later(
                    told + timedelta(hours=late), "report",
                    kind=kind, at_told=told, booking=booking, session=session,
                )  # fmt: skip
        if chance.random() < 0.15:
            self._later(at + timedelta(hours=44), "report", kind="daily")
        if chance.random() < 0.2:
            self._later(at + timedelta(hours=21), "look")
        if chance.random() < 0.5:
            self._later(at + timedelta(days=chance.uniform(0.1, 3)), "lift")

    def _later(self, at: datetime, what: str, **more: Any) -> None:
        heappush(self._queue, (at, next(self._ids), what, more))

    def _tell(self, entry: Event, session: int | None = None) -> Outcome:
        """Decide on an entry, and keep of the client what the service would load again."""
        outcome = decide.decide(self.client, entry, RULES)
        self._keep(outcome)
        self.ledger.hear(entry, outcome, session)
        return outcome

    def _keep(self, outcome: Outcome) -> None:
        client, as_of = outcome.client, outcome.client.as_of or NOW
        since = as_of - RULES.usual.window
        reports = tuple(
            replace(one, firings=()) if place and one.firings else one
            for place, one in enumerate(client.reports)
            if place < SHOWN or one.at >= since
        )
        far = as_of - ASKED_FOR - timedelta(days=1)
        over = [one for one in client.bookings if one.end_at <= far][-1:]
        coming = [one for one in client.bookings if one.end_at > far][:COMING]
        self.client = replace(client, reports=reports, bookings=(*over, *coming))

    def _pass_time(self, at: datetime) -> None:
        for _ in range(LOOKS_AT_ONCE):
            due = next_due(self.client, RULES)
            if due is None or due > at:
                return
            # Now and then nobody looked for a while, and all of it is due at once.
            looked = at if self.chance.random() < 0.2 else due
            known = self.client.as_of or looked
            self._tell(TimePassed.model_construct(client_id=CLIENT, at=max(looked, min(known, at))))
        self.ledger.broken.append("time: it never comes to rest")

    def _submitted(self, at: datetime) -> dict[str, Any]:
        return {
            "submission_id": UUID(int=100_000 * (self.number + 1) + next(self._ids)),
            "client_id": CLIENT,
            "submitted_by": TRAINER,
            "submitted_at": at,
            "tz": TZ,
        }

    def _screening(self, at: datetime) -> None:
        chance = self.chance
        yes: dict[str, Any] = {answer: chance.random() < 0.04 for answer in ANSWERS} | {
            "joint_problem": True
        }
        given = Screening.model_construct(
            health=Health.model_construct(**yes),
            active=chance.random() < 0.6,
            wish=chance.choices(WISHES, [2, 5, 1])[0],
            conditions=tuple(chance.sample(CONDITIONS, chance.choice([0, 1, 1, 2]))),
            red_flags=(chance.choice(SIGNS),) if chance.random() < 0.03 else (),
        )
        if chance.random() < 0.05:
            at -= timedelta(days=chance.uniform(0, 30))
        self._tell(ScreeningSubmitted.model_construct(**self._submitted(at), screening=given))

    def _decision(self, at: datetime) -> None:
        known = self.client.care.clearance
        if known is None:
            return
        decision = self.chance.choices(DECISIONS, [3, 3, 1])[0]
        limits = ClearanceLimits.model_construct(
            max_effort=self.chance.choice([3, 5]),
            avoid=(self.chance.choice([self.chance.choice(CODES), "strength", "knee"]),),
        )
        self._tell(
            ClearanceDecisionSubmitted.model_construct(
                **self._submitted(at),
                clearance_id=known.id,
                decision=decision,
                limits=limits if decision == "limited" else None,
            )
        )

    def _assessment(self, at: datetime) -> None:
        chance = self.chance
        seen = PostureFinding.model_construct(region="knee", finding="swelling", severity=2)
        moved = MovementFinding.model_construct(movement="squat", finding="stiff", severity=1)
        given = Assessment.model_construct(
            posture=(seen,),
            mechanics=(moved,) if chance.random() < 0.9 else (),
            baseline=Baseline.model_construct(pain_now=3, pain_week=chance.choice([3, 8])),
        )
        self._tell(AssessmentSubmitted.model_construct(**self._submitted(at), assessment=given))

    def _plan(self, at: datetime) -> None:
        chance, items = self.chance, None
        if chance.random() < 0.3:
            # By hand: now and then of options that this client may not be given.
            items = tuple(
                PlannedOption.model_construct(option=code, per_week=3)
                for code in chance.sample(CODES, 3)
            )
        self._tell(PlanSubmitted.model_construct(**self._submitted(at), items=items))
        if items is not None:
            self._tell(PlanSubmitted.model_construct(**self._submitted(at), items=None))

    def _activation(self, at: datetime) -> None:
        drafts = [one.id for one in self.client.care.plans if one.status == "drafted"]
        if drafts:
            self._tell(
                PlanActivationSubmitted.model_construct(**self._submitted(at), plan_id=drafts[-1])
            )
            if self.chance.random() < 0.25:
                self._look(at)

    def _booking(self, at: datetime, identity: UUID, start: datetime, version: int) -> None:
        end = start + timedelta(hours=1)
        booked = Booking(identity, TRAINER, start, end, TZ, "confirmed", version)
        bookings = sorted((*self.client.bookings, booked), key=lambda one: (one.end_at, one.id))
        self.client = replace(self.client, bookings=tuple(bookings))
        self._keep(decide.booking_changed(self.client, at, RULES))

    def _report(
        self,
        at: datetime,
        kind: CheckInKind,
        at_told: datetime | None = None,
        booking: UUID | None = None,
        session: int | None = None,
    ) -> None:
        chance, told = self.chance, at_told or at
        pain = self._pain(told) + (chance.choice([-1, 0, 0, 3]) if kind == "next-morning" else 0)
        post = kind == "post"
        given = CheckIn.model_construct(
            kind=kind,
            booking=booking,
            pain=max(0, min(10, pain)),
            stiffness=chance.choice(STIFFNESS) if kind in {"pre", "next-morning"} else None,
            confidence=chance.choice([None, 3, 8]),
            effort=chance.choices([None, 2, 8], [6, 6, 1])[0] if post else None,
            exercises=self._done() if post else (),
            red_flags=(chance.choice(SIGNS),) if chance.random() < 0.015 else (),
            why=("afraid",) if kind == "next-morning" and chance.random() < 0.2 else (),
            flare=chance.random() < 0.015,
            at=told,
        )
        # Told late, or told in time and delivered late.
        submitted = self._submitted(at if chance.random() < 0.5 else told)
        self._tell(CheckInSubmitted.model_construct(**submitted, check_in=given), session)
        if chance.random() < 0.3:
            self._open_menu()

    def _pain(self, at: datetime) -> int:
        weeks = (at - NOW).days / 7
        worse = self.chance.choices([0, 4], [25, 1])[0]
        return round(self.usual + self.slope * min(weeks, 10) + worse + self.chance.gauss(0, 0.7))

    def _done(self) -> tuple[ExerciseReport, ...]:
        plan, chance = self.client.care.plan, self.chance
        if plan is None or chance.random() < 0.05:
            return ()
        return tuple(
            ExerciseReport.model_construct(
                option=one.option,
                done=chance.random() < 0.9,
                worst_pain=chance.choices([None, 1, 2, 4, 7], [1, 25, 25, 3, 1])[0],
            )
            for one in chance.sample(plan.items, min(2, len(plan.items)))
        )

    def _open_menu(self) -> None:
        client = self.client
        today = view.today(client, RULES)
        codes = [one.item.option for one in menu(client, RULES, today)]
        self.ledger.gives(codes, "menu", level=client.level)

    def _look(self, at: datetime) -> None:
        """The statistics look, or what they drew a while ago arrives only now."""
        if self.stale is not None:
            self._reflected(at, self.stale, self.stale_version)
            self.stale = None
            return
        at = max(at, self.client.as_of or at)
        if self.chance.random() < FULL_STATISTICS:
            self._tell(reflect(self.client, at, RULES, took_place=len(self.ledger.sessions)))
            return
        drawn = propose(self.client, sessions(self.client.reports), at, RULES)
        if self.chance.random() < 0.4:
            self.stale, self.stale_version = drawn, self.client.version
            self._later(at + timedelta(days=2), "look")
        else:
            self._reflected(at, drawn, self.client.version)

    def _reflected(self, at: datetime, drawn: Proposed | None, version: int) -> None:
        self._tell(
            Reflected.model_construct(
                client_id=CLIENT,
                at=at,
                up_to=version,
                trends=(),
                effects=(),
                flare_alarm=self.chance.random() < 0.03,
                proposal=drawn,
            )
        )
        known = self.client.care.proposal
        if known is not None and self.chance.random() < 0.3:
            given_up = self.chance.choice(known.options)
            swap = SwapSubmitted.model_construct(
                **self._submitted(at),
                set_id=known.id,
                given_up=given_up,
                taken=self.chance.choice(CODES),
                reason="",
            )
            self._tell(swap)
            now = self.client.care.proposal
            if now is not None and now.options != known.options:
                self.ledger.gives(
                    [one for one in now.options if one not in known.options],
                    "swapped",
                    level=self.client.level,
                )

    def _lift(self, at: datetime) -> None:
        """A trainer lifts a hold, not always one that stands, and not always all."""
        for hold in self.client.holds:
            if self.chance.random() < 0.7:
                wrong = self.chance.random() < 0.1
                self._tell(
                    HoldLiftSubmitted.model_construct(
                        **self._submitted(at),
                        hold_id=uuid5(hold.id, "no such") if wrong else hold.id,
                        reason="",
                    )
                )
