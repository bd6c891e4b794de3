"""Weeks in which everything that notify hears happens, in any order, and some of it twice."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFact,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
    SafetyAcknowledged,
)
from shared.contracts.conclusions import (
    CheckInMissed,
    ClearanceDecided,
    ClearanceRequested,
    FlareSuspected,
    MilestoneReached,
    PlanActivated,
    SupportSuggested,
)
from shared.contracts.contacts import CareTeamAccess, ContactChanged, Preferences, QuietTime
from shared.contracts.event import Event
from shared.contracts.progress import SafetyHoldLifted
from tests.integration.notify import test_messages_golden as golden
from tests.integration.notify.ears import EVERY_WAY
from tests.unit.notify.builders import (
    NOW,
    START,
    TRAINER,
    a_booking_access,
    a_contact,
    a_fact,
    a_sign_in,
    an_offer,
    facts_together,
)

CLIENTS = tuple(UUID(int=number) for number in (1, 11, 12))
TRAINERS = (TRAINER, UUID(int=13))
MEMBERS = (
    CareTeamAccess(member_id=golden.PHYSICIAN, role="physician", share=("progress",)),
    CareTeamAccess(member_id=golden.FRIEND, role="other", share=("plan",)),
)
ROLES: dict[UUID, Sequence[str]] = {
    **dict.fromkeys(CLIENTS, ("client",)),
    **dict.fromkeys(TRAINERS, ("trainer",)),
    golden.LEAD: ("lead", "staff"),
    golden.STAFF: ("staff", "trainer"),
    golden.PHYSICIAN: ("clinician",),
}
PREFERENCES = (
    None,
    Preferences(digest=True),
    Preferences(quiet=QuietTime(start="12:00", end="20:00")),
    Preferences(per_day=1),
)
ZONES = ("America/Toronto", "America/Vancouver", "Asia/Tokyo")
CHANGES: Sequence[type[BookingFact]] = (
    BookingRescheduled,
    BookingRescheduled,
    BookingCancelled,
    BookingCompleted,
    BookingFrozen,
    BookingMissed,
    BookingUnfrozen,
)


class NotifyLife:
    """Draws events; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._number = 1_000 * (seed + 1)
        self._versions: dict[UUID, int] = {}
        self._facts: dict[UUID, BookingFact] = {}

    def events(self, count: int) -> list[Event]:
        """About so many events; some come again."""
        found: list[Event] = []
        draws: Sequence[tuple[Callable[[], Iterator[Event]], int]] = (
            (self._contact, 6),
            (self._booked, 3),
            (self._changed, 6),
            (self._series, 1),
            (self._safety, 4),
            (self._told, 4),
            (self._clearance, 1),
        )
        kinds, weights = zip(*draws, strict=True)
        while len(found) < count:
            [draw] = self._chance.choices(kinds, weights)
            found += draw()
            if self._chance.random() < 0.1:
                found.append(self._chance.choice(found))
        return found

    def _contact(self) -> Iterator[ContactChanged]:
        who, chance = self._one_of(list(ROLES)), self._chance
        booked = chance.sample(list(self._facts), chance.randint(0, len(self._facts)))
        ways = EVERY_WAY if chance.random() < 0.5 else {}
        asked = a_sign_in(START, request_id=self._new()) if chance.random() < 0.2 else None
        team = MEMBERS[: chance.randint(0, 2)] if who in CLIENTS else ()
        yield a_contact(
            who,
            version=self._next(who),
            role=self._one_of(ROLES[who]),
            tz=self._one_of(ZONES),
            preferences=self._one_of(PREFERENCES),
            sign_in=asked,
            care_team=team,
            bookings=tuple(map(a_booking_access, booked)),
            **ways,
        )

    def _booked(self) -> Iterator[BookingFact]:
        booking = self._new()
        self._facts[booking] = a_fact(
            booking_id=booking,
            version=self._next(booking),
            client_id=self._one_of(CLIENTS),
            trainer_id=self._one_of(TRAINERS),
            start=self._soon(),
        )
        yield self._facts[booking]

    def _changed(self) -> Iterator[BookingFact]:
        if not self._facts:
            return
        before = self._facts[self._one_of(list(self._facts))]
        kind, more = self._one_of(CHANGES), dict[str, Any]()
        if kind is BookingRescheduled:
            more = {
                "previous_start": before.start,
                "previous_trainer_id": before.trainer_id,
                "start": self._soon(),
                "trainer_id": self._one_of(TRAINERS),
            }
        if kind is BookingCancelled:
            more = {"cancelled_by": "client"}
        start = {"start": before.start, "trainer_id": before.trainer_id}
        yield self._follows(kind, before, **start | more)

    def _series(self) -> Iterator[Event]:
        size, client = self._chance.randint(2, 4), self._one_of(CLIENTS)
        change, made = self._new(), list[BookingFact]()
        for fact in facts_together(size):
            booking = self._new()
            place = fact.together.model_copy(update={"change_id": change})
            of = {"booking_id": booking, "client_id": client, "together": place}
            made.append(fact.model_copy(update=of | {"version": self._next(booking)}))
        for fact in made:
            self._facts[fact.booking_id] = fact
            yield fact
            if self._chance.random() < 0.2:
                yield from self._contact()
        if self._chance.random() < 0.5:
            change = self._new()
            for fact in made:
                place = fact.together.model_copy(update={"change_id": change})  # type: ignore[attr-defined]
                yield self._follows(BookingFrozen, fact, together=place)

    def _safety(self) -> Iterator[Event]:
        minutes = timedelta(minutes=self._chance.randint(-90, 10))
        about = {"client_id": self._one_of(CLIENTS), "at": NOW + minutes}
        yield self._one_of(
            (
                golden.level(self._one_of(("modify", "stop", "emergency")), **about),
                golden.hold(**about),
                golden.hold(**about | {"trainer_ids": (), "notify": ["trainer"]}),
                golden.rule(**about | {"notify": ["trainer", "lead"], "trainer_ids": ()}),
                SafetyAcknowledged.model_validate(about | {"acknowledged_by": TRAINER}),
                SafetyHoldLifted.model_validate(
                    about | {"hold_id": UUID(int=70), "lifted_by": TRAINER}
                ),
                FlareSuspected.model_validate(
                    about | {"flare_id": UUID(int=71), "by": "client", "trainer_ids": [TRAINER]}
                ),
                SupportSuggested.model_validate(about | {"rule": "M1"}),
            )
        )

    def _told(self) -> Iterator[Event]:
        about: dict[str, Any] = {"client_id": self._one_of(CLIENTS)}
        booking = {"booking_id": self._one_of([*self._facts, UUID(int=4)])}
        yield self._one_of(
            (
                golden.invited(**about | booking, kind=self._one_of(("post", "next-morning"))),
                golden.recorded(**about | booking | {"check_in_id": self._new()}),
                golden.answered("ask-why").model_copy(
                    update=about | {"submission_id": self._new()}
                ),
                CheckInMissed.model_validate(
                    about | booking | {"at": NOW, "kind": "post", "misses": 1}
                ),
                MilestoneReached.model_validate(
                    about | {"at": NOW, "code": f"m{self._chance.randint(1, 9)}", "kind": "habit"}
                ),
                PlanActivated.model_validate(
                    about
                    | {"at": NOW, "plan_id": self._new(), "items": [], "activated_by": TRAINER}
                ),
                an_offer(**about, hold_id=self._new()),
            )
        )

    def _clearance(self) -> Iterator[Event]:
        about = {"clearance_id": self._new(), "client_id": self._one_of(CLIENTS)}
        yield golden.clearance(ClearanceRequested, **about)
        if self._chance.random() < 0.5:
            yield from self._contact()
            yield golden.clearance(ClearanceDecided, decision="granted", **about)

    def _follows(self, kind: type[BookingFact], before: BookingFact, **changes: Any) -> BookingFact:
        fact: BookingFact = a_fact(
            kind,
            booking_id=before.booking_id,
            client_id=before.client_id,
            version=self._next(before.booking_id),
            **changes,
        )
        # Only what is confirmed has no previous start: the kind a later change is made from.
        known = {"start": fact.start, "trainer_id": fact.trainer_id, "version": fact.version}
        self._facts[fact.booking_id] = a_fact(
            BookingConfirmed, booking_id=fact.booking_id, client_id=fact.client_id, **known
        )
        return fact

    def _soon(self) -> datetime:
        return NOW + timedelta(hours=self._chance.randint(1, 90))

    def _next(self, of: UUID) -> int:
        # Some versions are never heard of: a contact is compacted.
        self._versions[of] = self._versions.get(of, 0) + self._chance.choice((1, 1, 2))
        return self._versions[of]

    def _new(self) -> UUID:
        self._number += 1
        return UUID(int=self._number)

    def _one_of(self, choices: Sequence[Any]) -> Any:
        return self._chance.choice(choices)


def cut(events: Sequence[Event], seed: int, longest: int) -> list[list[Event]]:
    """The events in batches of any size."""
    chance, left, batches = random.Random(seed), list(events), []
    while left:
        size = chance.randint(1, longest)
        batches.append(left[:size])
        del left[:size]
    return batches
