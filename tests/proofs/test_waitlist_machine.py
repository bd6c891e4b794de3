"""Random lives of a calendar that people wait for: freed time is theirs first, and sold once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    invariant,
    multiple,
    rule,
)

from services.booking.sweeper import Sweeper
from tests.integration.booking.front_door import (
    AMARA,
    HALF,
    TEN,
    a_client,
    a_time,
    a_wish,
    utc,
)
from tests.integration.booking.test_races import DISAGREEMENTS, OVERLAPS
from tests.integration.booking.waiting import a_wait
from tests.proofs.machine import DoorMachine, live
from tests.proofs.test_bookings_machine import LENGTHS, SERVICES, STARTS

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

LIVES, STEPS = 150, 40

HOURS = TEN - timedelta(hours=1), TEN + timedelta(hours=7)
"""Amara's working day."""

UNHELD = (
    "select count(*) from (select hold_id from waitlist_offers where status = 'open') o"
    " full join (select id from holds where waitlist_id is not null) h on h.id = o.hold_id"
    " where h.id is null or o.hold_id is null"
)
"""Open offers without their hold, or holds of the waitlist without their open offer."""

AT_ODDS = (
    "select count(*) from waitlist w where (w.status = 'offered') <> (1 = (select count(*)"
    " from waitlist_offers o where o.waitlist_id = w.id and o.status = 'open'))"
)
"""Places whose status and open offers disagree, or with more than one."""


class Waiting(DoorMachine):
    """Join, book, hold, cancel, let run out, sweep, take an offer, decline, leave."""

    bookings: Bundle[Any] = Bundle("bookings")
    places: Bundle[Any] = Bundle("places")

    @rule(target=bookings, start=STARTS, service=SERVICES)
    def book(self, start: datetime, service: str) -> Any:
        """Book straight from a time."""
        body = a_wish(start, service=service, email=self.a_new_client())
        answer = self.run(self.door.post("/v1/bookings", body))
        assert answer.status_code in {201, 409}
        return answer.json() if answer.status_code == 201 else multiple()

    @rule(start=STARTS, service=SERVICES)
    def hold(self, start: datetime, service: str) -> None:
        """Hold a time, and forget about it."""
        answer = self.run(self.door.post("/v1/holds", a_time(start, service=service)))
        assert answer.status_code in {201, 409}

    @rule(target=places, service=SERVICES)
    def join(self, service: str) -> Any:
        """Wait for Amara."""
        body = a_wait(self.a_new_client(), service=service)
        place = self.run(self.door.made("/v1/waitlist", body))
        self.door.clock.advance(seconds=1)
        return place

    @rule(place=consumes(places))
    def leave(self, place: Any) -> None:
        """Wait no more; an open offer is declined."""
        path = f"/v1/waitlist/{place['id']}"
        answer = self.run(self.door.ask("DELETE", path, token=place["waitlist_token"]))
        assert answer.status_code in {204, 404, 409}

    @rule(booking=consumes(bookings))
    def cancel(self, booking: Any) -> None:
        """Give a booking back: whoever is new to that time and fits has it at once."""
        path = f"/v1/bookings/{booking['id']}/cancel"
        answer = self.run(self.door.post(path, token=booking["manage_token"]))
        assert (200, "cancelled") == (answer.status_code, answer.json()["status"])
        start, end = (datetime.fromisoformat(booking[name]) for name in ("start", "end"))
        assert [] == self.run(self.passed_over(start, end))

    @rule(minutes=st.sampled_from((1, 9, 31)))
    def time_passes(self, minutes: int) -> None:
        """Holds and offers may run out."""
        self.door.clock.advance(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        """What ran out is cleared, and offered on."""
        self.run(Sweeper(self.door.db, self.door.clock, lambda: None).sweep())
        ran_out = "select count(*) from reservations where expires_at <= $1"
        assert 0 == self.run(self.door.value(ran_out, self.door.clock.now))

    @rule(target=bookings)
    def take_the_oldest_offer(self) -> Any:
        """Whoever has an offer books it, unless it ran out."""
        offer = self.run(
            self.door.value(
                "select json_build_object('hold', o.hold_id, 'email', p.email, 'late',"
                " o.expires_at <= $1) from waitlist_offers o"
                " join waitlist w on w.id = o.waitlist_id join people p on p.id = w.client_id"
                " where o.status = 'open' order by o.offered_at, o.hold_id limit 1",
                self.door.clock.now,
            )
        )
        if offer is None:
            return multiple()
        body = {"hold": offer["hold"], "client": a_client(offer["email"])}
        answer = self.run(self.door.post("/v1/bookings", body))
        assert (410 if offer["late"] else 201) == answer.status_code
        return multiple() if offer["late"] else answer.json()

    async def passed_over(self, start: datetime, end: datetime) -> list[str]:
        """Places that wait though a free session of theirs meets the freed time for the first time.

        Whoever was offered any time of Amara before, or had one, is left out: what counts as the
        same time is proved elsewhere.
        """
        async with self.door.db.reading() as connection:
            waiting = await connection.fetch(
                "select w.id::text, w.service from waitlist w where w.status = 'waiting'"
                " and not exists (select from waitlist_offers o where o.waitlist_id = w.id)"
            )
            taken = await connection.fetch(
                "select lower(blocked) as since, upper(blocked) as until from reservations"
                " where trainer_id = $1 and (expires_at is null or expires_at > $2)",
                AMARA,
                self.door.clock.now,
            )
        found = []
        for place in waiting:
            length = timedelta(minutes=LENGTHS[place["service"]])
            starts = [HOURS[0] + n * HALF for n in range(16)]
            found += [
                f"{place['id']} {utc(one)}"
                for one in starts
                if one + length <= HOURS[1]
                and one < end
                and start < one + length
                and not any(row["since"] < one + length and one < row["until"] for row in taken)
            ]
        return found

    @invariant()
    def offers_and_holds_agree_and_nobody_is_in_two_places(self) -> None:
        """Whatever happened."""
        if self.opened is not None:
            for wrong in (OVERLAPS, DISAGREEMENTS, UNHELD, AT_ODDS):
                assert 0 == self.run(self.door.value(wrong)), wrong


def test_freed_time_goes_to_who_waits_and_is_sold_once_whatever_happens(
    database_url: str, migrated_template: str
) -> None:
    live(Waiting, database_url, migrated_template, lives=LIVES, steps=STEPS)
