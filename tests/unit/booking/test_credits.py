"""Credits: what staff may record, and which ends of a session give one back."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import bookings
from services.booking.domain import credits as rules
from services.booking.domain.bookings import Booking, Status
from services.booking.domain.services import SERVICES, Service
from shared.contracts.booking import Because, By
from shared.errors import Conflict, Invalid

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_booking(status: Status = "confirmed", *, ahead: timedelta = 24 * HOUR) -> Booking:
    """A training of one hour that begins `ahead` of now."""
    return Booking(
        id=UUID(int=9),
        client_id=UUID(int=1),
        trainer_id=UUID(int=2),
        service="training",
        mode="virtual",
        area=None,
        status=status,
        version=1,
        start=NOW + ahead,
        end=NOW + ahead + HOUR,
        tz="America/Toronto",
    )


@given(count=st.integers(-300, 300), left=st.integers(0, 300))
def test_what_is_recorded_never_leaves_less_than_nothing(count: int, left: int) -> None:
    if count == 0:
        with pytest.raises(Invalid):
            rules.recorded("training", count, left=left)
    elif count < -left:
        with pytest.raises(Conflict) as refused:
            rules.recorded("training", count, left=left)
        assert ("not-enough-credits", {"left": left}) == (refused.value.code, refused.value.extra)
    else:
        expected = "bought" if count > 0 else "withdrawn"
        assert expected == rules.recorded("training", count, left=left)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: str(service.id))
def test_what_is_free_needs_no_credit(service: Service) -> None:
    if not service.free:
        assert "bought" == rules.recorded(service.id, 1, left=0)
        return
    with pytest.raises(Invalid) as refused:
        rules.recorded(service.id, 1, left=0)
    assert ["service"] == [field.field for field in refused.value.fields]


@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize(
    ("ahead", "because", "in_flare", "status", "paid_by_client"),
    [
        (12 * HOUR, None, False, "confirmed", False),
        (11 * HOUR, None, False, "confirmed", True),
        (11 * HOUR, "illness", False, "confirmed", True),
        (11 * HOUR, "weather", False, "confirmed", True),
        (11 * HOUR, "flare", False, "confirmed", False),
        (11 * HOUR, None, True, "confirmed", False),
        (11 * HOUR, None, False, "frozen", False),
        (-2 * HOUR, None, False, "frozen", False),
    ],
)
def test_a_cancelled_session_is_paid_for_when_the_client_was_late_alone(
    by: By,
    ahead: timedelta,
    because: Because | None,
    in_flare: bool,
    status: Status,
    paid_by_client: bool,
) -> None:
    after, _ = bookings.cancel(
        a_booking(status, ahead=ahead), by=by, because=because, in_flare=in_flare, now=NOW
    )

    paid = by == "client" and paid_by_client
    assert (not paid) is rules.comes_back(after)


def test_a_session_that_took_place_or_was_missed_is_paid_for_unless_a_flare_prevented_it() -> None:
    begun = a_booking(ahead=-HOUR)
    done, _ = bookings.complete(begun, now=NOW)
    missed, _ = bookings.miss(begun, now=NOW)
    in_flare, _ = bookings.miss(begun, in_flare=True, now=NOW)

    assert [False, False, True] == [rules.comes_back(b) for b in (done, missed, in_flare)]
    assert not rules.comes_back(begun)
