"""The events that the kit's rows send: confirmed bookings, on a topic of the bench's own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.contracts.booking import BookingConfirmed
from shared.contracts.event import Event

EVENTS = 20_000
CLIENTS = 500
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def fact_on(topic: str) -> type[BookingConfirmed]:
    """The type of a confirmed booking, published on another topic."""
    return type("ConfirmedHere", (BookingConfirmed,), {"topic": topic, "__module__": __name__})


def facts(topic: str, count: int = EVENTS) -> list[Event]:
    """Confirmed bookings of `CLIENTS` clients in turn."""
    kind = fact_on(topic)
    return [
        kind(
            booking_id=UUID(int=number),
            client_id=UUID(int=number % CLIENTS),
            trainer_id=UUID(int=number % 20),
            service="first-workout",
            mode="in-person",
            area="toronto",
            start=NOW + timedelta(hours=number),
            end=NOW + timedelta(hours=number + 1),
            tz="America/Toronto",
            version=1,
        )
        for number in range(count)
    ]
