"""Golden scenarios about the next day: mornings, second days, and silence (A1 to A4)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.model import Booking, Client, Exercise, Report
from tests.unit.progress.builders import BOOKING, NOW, a_booking
from tests.unit.progress.golden import (
    Scenario,
    a_client,
    ago,
    dailies,
    hears,
    past,
    says,
    time,
    waits,
)

ROW, SQUAT = (Exercise("row", True, 1, None),), (Exercise("squat", True, 1, None),)
CALM = (Exercise("soft-belly-breathing", True, 0, None),)
A1, A2 = "go | A1:may-progress", "modify | A2:ask-why"
KEEP = "go-care | A1:keep-dose"
A3 = "hold | A3:option-locked | hold option row"
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)


def session(
    end: datetime, pain: int | None = 3, *, exercises: tuple[Exercise, ...] = ROW, **more: Any
) -> list[Report]:
    """What was told before and after a session that ended then."""
    told = [past("post", 1, end, worst_pain=1, exercises=exercises, level="go")]
    if pain is not None:
        told.append(past("pre", pain, end - HOURS, **more))
    return told


def morning(pain: int, after_end: datetime, **more: Any) -> Report:
    """What was told the morning after."""
    return past("next-morning", pain, after_end + 17 * HOURS, **more)


YESTERDAY = ago(hours=19)
TOLD = a_client(session(YESTERDAY))
STIFF = a_client(session(YESTERDAY, stiffness=1))

MORNING = (
    hears("A1 as before", A1, TOLD, says("next-morning", 3)),
    hears("A1 1 above", A1, TOLD, says("next-morning", 4)),
    hears("A2 2 above", A2, TOLD, says("next-morning", 5)),
    hears("A1 1 stiffer", A1, STIFF, says("next-morning", 4, stiffness=2)),
    hears("A1 2 stiffer", KEEP, STIFF, says("next-morning", 4, stiffness=3)),
    hears("A2 2 above and 2 stiffer", A2, STIFF, says("next-morning", 5, stiffness=3)),
    hears("A1 stiffness not told", "unknown", STIFF, says("next-morning", 3)),
    hears("A1 stiff, not asked before", KEEP, TOLD, says("next-morning", 3, stiffness=2)),
    hears("A1 a little stiff, not asked before", A1, TOLD, says("next-morning", 3, stiffness=1)),
    hears(
        "A1 after a worse morning", KEEP, TOLD,
        says("next-morning", 5, 1, at=NOW - HOURS), says("next-morning", 4, 2),
    ),
    hears(
        "A2 twice a morning", A2, TOLD,
        says("next-morning", 5, 1, at=NOW - HOURS), says("next-morning", 5, 2),
    ),
    hears(
        "A2 a red morning told after a green one", A2, TOLD,
        says("next-morning", 3, 1), says("next-morning", 5, 2, at=NOW - HOURS, submitted_at=NOW),
    ),
    hears("A1 needs the pain before", "unknown", a_client(session(YESTERDAY, None)),
        says("next-morning", 1)),
    hears("A1 does not take the usual for it", "unknown",
        a_client([*session(YESTERDAY, None), *dailies(3)]), says("next-morning", 3)),
    hears("A2 takes the usual for it", A2,
        a_client([*session(YESTERDAY, None), *dailies(3)]), says("next-morning", 5)),
    hears(
        "A2 with the pain before told too late", "modify | A2:ask-why",
        a_client([*session(YESTERDAY, None), past("next-morning", 5, NOW - HOURS)]),
        says("pre", 3, at=YESTERDAY - HOURS, submitted_at=NOW),
    ),
    hears(
        "A2 with the exercises told too late", "modify | A2:ask-why D1:may-progress",
        a_client([past("pre", 3, YESTERDAY - HOURS), past("next-morning", 5, NOW - HOURS)]),
        says("post", 1, worst_pain=1, at=YESTERDAY, submitted_at=NOW,
            exercises=[{"option": "row", "done": True}]),
    ),
    hears("A1 of the session before is not this one's", "unknown",
        a_client(session(ago(hours=43))), says("next-morning", 3)),
)  # fmt: skip


def two_days(hours: float, pain: int, *between: Report, before: int | None = 3) -> Any:
    """A client whose session ended so many hours ago, and what they say now."""
    return a_client([*session(ago(hours=hours), before), *between]), says("daily", pain)


GREEN, RED = morning(3, ago(hours=41)), morning(5, ago(hours=41))
BOOKED = {"booking_id": BOOKING}
SECOND_DAY = (
    hears("A3 at 40 h", A3, *two_days(40, 5)),
    hears("A3 not before 40 h", "go", *two_days(39.5, 5)),
    hears("A3 at 72 h", A3, *two_days(72, 5)),
    hears("A3 not after 72 h", "go", *two_days(72.5, 5)),
    hears("A3 not 1 above", "go", *two_days(41, 4)),
    hears("A3 after a red morning", A3, *two_days(41, 5, RED)),
    hears("A3 not after a green morning", "go", *two_days(41, 5, GREEN)),
    hears("A3 by the first report alone", "go",
        *two_days(43, 5, RED, past("daily", 3, ago(hours=1)))),
    hears("A3 needs something to compare with", "go", *two_days(41, 5, before=None)),
    hears("A3 takes the usual where the pain before is not told",
        "hold | A3:option-locked P2:reduce-dose | hold option row",
        a_client([*session(ago(hours=41), None), *dailies(3)]), says("daily", 5)),
    hears("A3 in the next session's first report", A3, two_days(41, 5, RED)[0], says("pre", 5)),
    hears("A3 where nobody said which exercise", "hold | A3:option-locked | hold option",
        a_client(session(ago(hours=41), exercises=())), says("daily", 5)),
    hears("A3 names each exercise", f"{A3} | hold option squat",
        a_client(session(ago(hours=41), exercises=(*ROW, *SQUAT))), says("daily", 5)),
    hears("A3 spares what is calm", A3,
        a_client(session(ago(hours=41), exercises=(*ROW, *CALM))), says("daily", 5)),
    hears("A3 names what is calm where nothing else was done",
        "hold | A3:option-locked | hold option soft-belly-breathing",
        a_client(session(ago(hours=41), exercises=CALM)), says("daily", 5)),
    hears("A3 counts from the booking's end", "go",
        a_client(
            [past("pre", 3, ago(hours=42), **BOOKED), past("post", 1, ago(hours=41), **BOOKED)],
            bookings=[a_booking(start_at=ago(hours=40.5), status="completed")],
        ),
        says("daily", 5)),
    hears("A3 a first report that comes late is heard", A3,
        two_days(43, 5)[0],
        says("daily", 3, 1),
        says("daily", 5, 2, at=NOW - HOURS, submitted_at=NOW)),
)  # fmt: skip


def twice(days: float, *, now: tuple[Exercise, ...] = ROW, then: int = 5) -> Client:
    """A red morning so many days before one that comes now."""
    first = YESTERDAY - timedelta(days=days)
    return a_client(
        [
            *session(first),
            past("next-morning", then, NOW - timedelta(days=days)),
            *session(YESTERDAY, exercises=now),
        ]
    )


SECOND_TIME = (
    hears("A3 at the second red morning", "hold | A3:option-locked A2:ask-why | hold option row",
        twice(7), says("next-morning", 5)),
    hears("A3 not at the first red morning", A2, twice(7, then=4), says("next-morning", 5)),
    hears("A3 not where the second is green", A1, twice(7), says("next-morning", 4)),
    hears("A3 not for another exercise", A2, twice(7, now=SQUAT), says("next-morning", 5)),
    hears("A3 within 28 days", "hold | A3:option-locked A2:ask-why | hold option row",
        twice(28), says("next-morning", 5)),
    hears("A3 not beyond 28 days", A2, twice(28.02), says("next-morning", 5)),
)  # fmt: skip


def attended(end: datetime, number: int = 3, **more: Any) -> Booking:
    """A session that took place."""
    start = end - HOURS
    return a_booking(id=UUID(int=number), start_at=start, **({"status": "completed"} | more))


def quiet(client: Client) -> Client:
    """The client, who has been asked all there is to ask."""
    asked = client.care.model_copy(update={"invited_at": NOW + 30 * DAYS})
    return replace(client, care=asked)


WAITING = a_client(bookings=[attended(NOW)])
ANSWER = past("next-morning", 2, NOW + 20 * HOURS)
ASKED = time(NOW + 35 * HOURS)
A4 = "A4:keep-dose | missed 1"
SILENCE = (
    waits("invitations begin 15 minutes after the end", timedelta(minutes=15), WAITING),
    hears("invitations: how was it", "unknown | asked post", WAITING, time(NOW + HOURS)),
    waits("invitations go on at 8 in the morning", 22 * HOURS, WAITING, time(NOW + HOURS)),
    hears("invitations: how is it now", "unknown | asked next-morning", WAITING,
        time(NOW + HOURS), time(NOW + 22 * HOURS)),
    waits("invitations come once more", 32 * HOURS, WAITING, time(NOW + 22 * HOURS)),
    hears("invitations: once more", "unknown | reminded next-morning", WAITING,
        time(NOW + 22 * HOURS), time(NOW + 32 * HOURS)),
    waits("invitations skip what was told", 22 * HOURS, WAITING,
        says("post", 1, at=NOW + HOURS / 10)),
    waits("invitations end with the morning told", None, WAITING, time(NOW + 22 * HOURS),
        says("next-morning", 1, at=NOW + 23 * HOURS)),
    waits("A4 is due 36 h after the end", 36 * HOURS, WAITING, ASKED),
    hears("A4 no answer", f"unknown | {A4}", WAITING, ASKED, time(NOW + 36 * HOURS)),
    hears("A4 not before", "unknown", WAITING, ASKED, time(NOW + 35.9 * HOURS)),
    hears("A4 green is green no more", f"unknown | {A4}",
        quiet(replace(TOLD, bookings=(attended(YESTERDAY),))), time(YESTERDAY + 36 * HOURS)),
    hears("A4 stop stays stop",
        "stop | A4:keep-dose D4:stop-session D4:ask-red-flags D1:may-progress | missed 1",
        quiet(WAITING),
        says("post", 1, worst_pain=1, red_flags=["locking"]), time(NOW + 36 * HOURS)),
    hears("A4 the second in a row is told", "unknown | A4:keep-dose | missed 1 | missed 2 told",
        quiet(a_client(bookings=[attended(NOW - DAYS), attended(NOW, 4)])), time(NOW + 36 * HOURS)),
    hears("A4 ends with any check-in", "go", WAITING, time(NOW + 36 * HOURS),
        says("daily", 2, at=NOW + 37 * HOURS)),
    hears("A4 an answer between starts the count again", "unknown | A4:keep-dose | missed 1",
        quiet(a_client(
            bookings=[attended(NOW), attended(NOW + 3 * DAYS, 4), attended(NOW + 6 * DAYS, 5)]
        )),
        time(NOW + 2 * DAYS), says("next-morning", 2, at=NOW + 3.8 * DAYS, booking=UUID(int=4)),
        time(NOW + 9 * DAYS)),
    waits("A4 not with an answer", None, replace(a_client([ANSWER]), bookings=(attended(NOW),))),
    *(waits(f"A4 not when {status}", None, a_client(bookings=[attended(NOW, status=status)]))
        for status in ("cancelled", "missed", "frozen")),
)  # fmt: skip

SCENARIOS: tuple[Scenario, ...] = (*MORNING, *SECOND_DAY, *SECOND_TIME, *SILENCE)
