"""Nobody shuts out every message by the clock without meaning to."""

import pytest

from services.booking.domain.preferences import check_leaves_time
from shared.contracts.contacts import Preferences, QuietTime, Window
from shared.errors import Invalid


def quiet(start: str, end: str) -> QuietTime:
    return QuietTime(start=start, end=end)


def window(start: str, end: str, day: int = 0) -> Window:
    return Window(day=day, start=start, end=end)


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(),
        Preferences(quiet=quiet("00:00", "23:59")),
        Preferences(windows=(window("07:00", "08:01"),)),
        Preferences(windows=(window("20:00", "06:00"),)),
        Preferences(windows=(window("22:00", "23:00"), window("09:00", "09:01", day=3))),
        Preferences(windows=(window("00:00", "00:00", day=6),)),
        Preferences(quiet=quiet("08:00", "20:00"), windows=(window("22:00", "23:00"),)),
        # Sunday's last window ends on Monday, after the quiet hours.
        Preferences(quiet=quiet("21:00", "07:00"), windows=(window("23:00", "07:01", day=6),)),
    ],
)
def test_times_that_leave_a_minute_are_taken(preferences: Preferences) -> None:
    check_leaves_time(preferences)


@pytest.mark.parametrize(
    ("preferences", "field"),
    [
        (Preferences(quiet=quiet("09:00", "09:00")), "quiet"),
        (Preferences(windows=(window("21:00", "08:00"),)), "windows"),
        (Preferences(windows=(window("22:00", "23:00"), window("03:00", "04:00", 5))), "windows"),
        (
            Preferences(quiet=quiet("08:00", "20:00"), windows=(window("08:00", "20:00", 2),)),
            "windows",
        ),
    ],
)
def test_times_that_leave_none_are_refused(preferences: Preferences, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_leaves_time(preferences)

    assert [field] == [one.field for one in refused.value.fields]
