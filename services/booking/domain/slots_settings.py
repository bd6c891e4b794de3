"""How a trainer may be booked, with the company's defaults."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor

from services.booking.domain.slots_walls import Range


@dataclass(frozen=True)
class SlotSettings:
    """How soon, how far ahead and how close together a trainer may be booked.

    Buffers are kept free on both sides of a session; they may lie outside the hours.
    """

    notice_minutes: int
    window_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int

    @property
    def notice(self) -> timedelta:
        """The least time from booking to start."""
        return timedelta(minutes=self.notice_minutes)

    @property
    def window(self) -> timedelta:
        """The most time from booking to start."""
        return timedelta(days=self.window_days)

    def bookable(self, now: datetime) -> Range:
        """The starts that notice and booking window allow at `now`."""
        return ceil((now + self.notice).timestamp()), floor((now + self.window).timestamp()) + 1

    def blocked(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """A session's time with the buffers."""
        before = timedelta(minutes=self.buffer_before_minutes)
        return start - before, end + timedelta(minutes=self.buffer_after_minutes)


COMPANY = SlotSettings(
    notice_minutes=120,  # a trainer must be able to see a booking and get there
    window_days=400,  # a year of weekly sessions, with room to plan it
    buffer_before_minutes=0,  # travel is counted for itself; who needs a pause sets one
    buffer_after_minutes=0,
)
"""What holds for a trainer who has not set anything else."""


def with_defaults(
    notice_minutes: int | None,
    window_days: int | None,
    buffer_before_minutes: int | None,
    buffer_after_minutes: int | None,
) -> SlotSettings:
    """A trainer's own settings; what is null follows the company."""

    def chosen(own: int | None, company: int) -> int:
        return company if own is None else own

    return SlotSettings(
        chosen(notice_minutes, COMPANY.notice_minutes),
        chosen(window_days, COMPANY.window_days),
        chosen(buffer_before_minutes, COMPANY.buffer_before_minutes),
        chosen(buffer_after_minutes, COMPANY.buffer_after_minutes),
    )
