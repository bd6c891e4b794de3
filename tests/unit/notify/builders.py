"""Objects with sane defaults; a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notify.domain.delivery import Access, BookingNow, Code, Delivery, Person
from services.notify.domain.templates import TEMPLATES
from services.notify.writing.company import Company
from shared.contracts.booking import BookingConfirmed, BookingFact, Together
from shared.contracts.contacts import BookingAccess, Consent, ContactChanged, SignInCode
from shared.contracts.event import Envelope, Event
from shared.contracts.waitlist import WaitlistOffered

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
START = datetime(2026, 11, 26, 15, tzinfo=UTC)
"""10:00 in Toronto, three days after NOW."""

A_COMPANY = Company("Limber", "100 Example Street, Toronto, Ontario", "hello@limber.example")

CLIENT, TRAINER, BOOKING, CHANGE = (UUID(int=number) for number in (1, 2, 3, 4))


def an_envelope(event: Event, *, at: datetime = NOW) -> Envelope[Any]:
    return Envelope(
        id=str(uuid4()), source="/limber/test", type=event.type, time=at, subject=None, data=event
    )


def a_fact(kind: type[BookingFact] = BookingConfirmed, **changes: Any) -> Any:
    start = changes.pop("start", START)
    values: dict[str, Any] = {
        "booking_id": BOOKING,
        "client_id": CLIENT,
        "trainer_id": TRAINER,
        "service": "first-workout",
        "mode": "in-person",
        "area": "toronto",
        "start": start,
        "end": start + timedelta(minutes=45),
        "tz": "America/Toronto",
        "version": 1,
    }
    return kind(**(values | changes))


def an_offer(**changes: Any) -> WaitlistOffered:
    values: dict[str, Any] = {
        "waitlist_id": UUID(int=4),
        "client_id": CLIENT,
        "hold_id": UUID(int=6),
        "trainer_id": TRAINER,
        "service": "training",
        "mode": "virtual",
        "area": None,
        "start": START,
        "end": START + timedelta(minutes=60),
        "tz": "America/Toronto",
        "expires_at": NOW + timedelta(minutes=30),
    }
    return WaitlistOffered(**(values | changes))


def facts_together(size: int, kind: type[BookingFact] = BookingConfirmed, **changes: Any) -> Any:
    """Facts of one change, a week apart; the bookings are numbered from 101."""
    return [
        a_fact(
            kind,
            **{
                "booking_id": UUID(int=100 + place),
                "start": START + timedelta(weeks=place - 1),
                "together": Together(change_id=CHANGE, place=place, size=size),
            }
            | changes,
        )
        for place in range(1, size + 1)
    ]


def a_booking_access(booking_id: UUID = BOOKING, **changes: Any) -> BookingAccess:
    values: dict[str, Any] = {
        "booking_id": booking_id,
        "manage_token": "manage-token",
        "calendar_token": "calendar-token",
        "join_url": None,
        "address": "5 Main Street, Toronto",
        "with_name": "Maya Trainer",
    }
    return BookingAccess(**(values | changes))


def a_contact(person_id: UUID = CLIENT, **changes: Any) -> ContactChanged:
    values: dict[str, Any] = {
        "person_id": person_id,
        "version": 1,
        "role": "client",
        "name": "Ada Sample",
        "email": "ada@example.org",
        "phone": None,
        "language": "en",
        "tz": "America/Toronto",
        "consent": Consent(reminders=True, marketing=False),
        "bookings": (a_booking_access(),),
    }
    return ContactChanged(**(values | changes))


def a_sign_in(expires_at: datetime, **changes: Any) -> SignInCode:
    return SignInCode(
        **({"request_id": uuid4(), "code": "123456", "expires_at": expires_at} | changes)
    )


GATHERED: dict[str, dict[str, Any]] = {
    "weekly-summary": {
        "sessions_done": 2,
        "check_ins": 1,
        "milestones": [{"code": "steady-weeks", "kind": "habit"}],
        "waiting": [
            {"template": "tip", "detail": {"option": "colourful-plate"}},
            {"template": "plan-ready", "detail": {}},
        ],
        "next": {
            "start": START.isoformat(),
            "service": "training",
            "with_name": "Maya Trainer",
            "mode": "virtual",
        },
    },
    "trainer-agenda": {
        "day": "2026-11-26",
        "sessions": [
            {
                "start": START.isoformat(),
                "end": (START + timedelta(minutes=45)).isoformat(),
                "service": "first-workout",
                "mode": "in-person",
                "client_name": "Ada Sample",
                "address": "5 Main Street, Toronto",
                "join_url": None,
            },
            {
                "start": (START + timedelta(hours=2)).isoformat(),
                "end": (START + timedelta(hours=3)).isoformat(),
                "service": "training",
                "mode": "virtual",
                "client_name": "Bo Sample",
                "address": None,
                "join_url": "https://meet.example/bo",
            },
        ],
    },
}
"""What digests sum up, by template."""


def a_person(**changes: Any) -> Person:
    values: dict[str, Any] = {
        "id": CLIENT,
        "role": "client",
        "name": "Ada Sample",
        "email": "ada@example.org",
        "language": "en",
        "tz": "America/Toronto",
        "reminders": True,
        "marketing": False,
    }
    return Person(**(values | changes))


def a_delivery(template: str = "booking-confirmed", **changes: Any) -> Delivery:
    kind = TEMPLATES[template]
    values: dict[str, Any] = {
        "id": UUID(int=9),
        "template": template,
        "subject_id": BOOKING,
        "subject_version": 1,
        "recipient_id": CLIENT,
        "booking_id": BOOKING if kind.nature in {"announcement", "reminder"} else None,
        "channel": "email",
        "message_class": kind.message_class,
        "nature": kind.nature,
        "detail": {
            "service": "first-workout",
            "mode": "in-person",
            "start": START.isoformat(),
            "end": (START + timedelta(minutes=45)).isoformat(),
            "tz": "America/Toronto",
            "at": NOW.isoformat(),
            "level": "stop",
            "code": "first-session",
            "kind": "habit",
            "what": "rule",
            "rule": "A2",
            "option": "colourful-plate",
            "until": (NOW + timedelta(minutes=30)).isoformat(),
        },
        "due_at": NOW,
        "expires_at": START,
        "created_at": NOW,
        "attempts": 0,
        "unknowns": 0,
        "lease": UUID(int=8),
        "person": a_person(),
        "access": Access(
            "manage-token", "calendar-token", None, "5 Main Street, Toronto", "Maya Trainer"
        ),
        "code": Code(BOOKING, "123456", START) if kind.nature == "code" else None,
        "booking": BookingNow(1, "confirmed"),
        "other_name": "Ada Sample",
        "leave_token": "leave-token" if kind.nature == "offer" else None,
        "gathered": GATHERED.get(template),
    }
    return Delivery(**(values | changes))


def a_delivery_of(template: str, count: int = 3, **changes: Any) -> Delivery:
    """A message about several sessions, a week apart; the bookings are numbered from 101."""
    sessions = [
        {
            "booking_id": str(UUID(int=100 + n)),
            "version": n,
            "start": (START + timedelta(weeks=n - 1)).isoformat(),
            "end": (START + timedelta(weeks=n - 1, minutes=60)).isoformat(),
        }
        for n in range(1, count + 1)
    ]
    detail = a_delivery().detail | {"service": "training", "mode": "virtual", "sessions": sessions}
    accesses = {
        UUID(int=100 + n): Access(f"manage-{n}", f"cal-{n}", f"https://meet.example/{n}", None, "M")
        for n in range(1, count + 1)
    }
    return a_delivery(
        template,
        **{
            "subject_id": CHANGE,
            "subject_version": 0,
            "booking_id": UUID(int=101),
            "detail": detail,
            "access": accesses[UUID(int=101)],
            "accesses": accesses,
        }
        | changes,
    )
