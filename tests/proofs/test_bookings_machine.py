"""Random lives of a calendar, beside a model of ten lines: they never disagree."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from services.booking.handlers.holds import HOLD_LIVES
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    TEN,
    a_client,
    a_time,
    a_wish,
    utc,
)
from tests.integration.booking.test_races import DISAGREEMENTS, OVERLAPS
from tests.proofs.machine import DoorMachine, live

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

LIVES, STEPS = 250, 40

LENGTHS = {"training": 60, "assessment": 90}

STARTS = st.integers(0, 9).map(lambda n: TEN + n * HALF)
TRAINERS = st.sampled_from((AMARA, BENOIT))
SERVICES = st.sampled_from(tuple(LENGTHS))


@dataclass(frozen=True)
class Taken:
    """What the model knows of a time that is taken. `expires` is None for bookings."""

    trainer: UUID
    start: datetime
    service: str
    expires: datetime | None = None

    @property
    def end(self) -> datetime:
        """When the session ends."""
        return self.start + timedelta(minutes=LENGTHS[self.service])


class Calendar(DoorMachine):
    """Hold, let expire, give back, book, move, cancel: the door answers as the model expects."""

    holds: Bundle[str] = Bundle("holds")
    bookings: Bundle[Any] = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Taken] = {}

    def is_free(self, wish: Taken, besides: str = "") -> bool:
        """Whether the model has nothing in the way of a wish."""
        return not any(
            one.trainer == wish.trainer and one.start < wish.end and wish.start < one.end
            for name, one in self.model.items()
            if name != besides and (one.expires is None or one.expires > self.door.clock.now)
        )

    @rule(target=holds, trainer=TRAINERS, start=STARTS, service=SERVICES)
    def hold(self, trainer: UUID, start: datetime, service: str) -> Any:
        """Hold a time."""
        wish = Taken(trainer, start, service, self.door.clock.now + HOLD_LIVES)
        body = a_time(start, trainer=trainer, service=service)

        answer = self.run(self.door.post("/v1/holds", body))

        assert (201 if self.is_free(wish) else 409) == answer.status_code
        if answer.status_code == 409:
            return multiple()
        self.model[answer.json()["id"]] = wish
        return answer.json()["id"]

    @rule(minutes=st.integers(1, 9))
    def time_passes(self, minutes: int) -> None:
        """Holds may run out."""
        self.door.clock.advance(minutes=minutes)

    @rule(hold=consumes(holds))
    def give_back(self, hold: str) -> None:
        """Release a hold; one that ran out may be gone already."""
        kept = self.model.pop(hold)
        ran_out = kept.expires is not None and kept.expires <= self.door.clock.now

        answer = self.run(self.door.ask("DELETE", f"/v1/holds/{hold}"))

        assert answer.status_code in ({204, 404} if ran_out else {204})

    @rule(target=bookings, hold=consumes(holds))
    def book_the_hold(self, hold: str) -> Any:
        """A hold becomes a booking, unless it ran out."""
        kept = self.model.pop(hold)
        ran_out = kept.expires is not None and kept.expires <= self.door.clock.now
        body = {"hold": hold, "client": a_client(self.a_new_client())}

        answer = self.run(self.door.post("/v1/bookings", body))

        assert (410 if ran_out else 201) == answer.status_code
        return multiple() if ran_out else self._booked(answer.json(), replace(kept, expires=None))

    @rule(target=bookings, trainer=TRAINERS, start=STARTS, service=SERVICES)
    def book(self, trainer: UUID, start: datetime, service: str) -> Any:
        """Book straight from a time."""
        wish = Taken(trainer, start, service)
        body = a_wish(start, trainer=trainer, service=service, email=self.a_new_client())

        answer = self.run(self.door.post("/v1/bookings", body))

        assert (201 if self.is_free(wish) else 409) == answer.status_code
        return multiple() if answer.status_code == 409 else self._booked(answer.json(), wish)

    def _booked(self, booking: Any, taken: Taken) -> Any:
        assert (utc(taken.start), str(taken.trainer)) == (
            booking["start"],
            booking["trainer"]["id"],
        )
        self.model[booking["id"]] = taken
        return booking

    @precondition(lambda self: self.model)
    @rule(booking=bookings, trainer=TRAINERS, start=STARTS)
    def move(self, booking: Any, trainer: UUID, start: datetime) -> None:
        """Move a booking; a taken time leaves it where it was."""
        before = self.model.get(booking["id"])
        body = {"start": utc(start), "trainer": str(trainer)}
        path = f"/v1/bookings/{booking['id']}"

        moved = self.run(self.door.post(f"{path}/reschedule", body, token=booking["manage_token"]))

        if before is None:
            assert 409 == moved.status_code
            return
        wish = replace(before, trainer=trainer, start=start)
        free = wish == before or self.is_free(wish, besides=booking["id"])
        assert (200 if free else 409) == moved.status_code
        self.model[booking["id"]] = wish if free else before
        now = self.run(self.door.ask("GET", path, token=booking["manage_token"])).json()
        assert utc(self.model[booking["id"]].start) == now["start"]

    @rule(booking=bookings)
    def cancel(self, booking: Any) -> None:
        """Cancel a booking; again changes nothing."""
        path = f"/v1/bookings/{booking['id']}/cancel"

        answer = self.run(self.door.post(path, token=booking["manage_token"]))

        assert (200, "cancelled") == (answer.status_code, answer.json()["status"])
        self.model.pop(booking["id"], None)

    @invariant()
    def the_tables_agree_with_the_model(self) -> None:
        """Nobody is in two places, and every live time of the model is reserved, no other."""
        if self.opened is None:
            return
        value = self.door.value
        assert (0, 0) == (self.run(value(OVERLAPS)), self.run(value(DISAGREEMENTS)))
        now = self.door.clock.now
        ids = "select array_agg(id::text order by id) from reservations where"
        booked = {name for name, one in self.model.items() if one.expires is None}
        held = {n for n, one in self.model.items() if one.expires is not None and one.expires > now}
        assert sorted(booked) == (self.run(value(f"{ids} kind = 'booking'")) or [])
        assert sorted(held) == (self.run(value(f"{ids} expires_at > $1", now)) or [])


def test_a_calendar_agrees_with_the_model_whatever_happens(
    database_url: str, migrated_template: str
) -> None:
    live(Calendar, database_url, migrated_template, lives=LIVES, steps=STEPS)
