"""The golden table: for each event exactly these messages, to these people, by these channels."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.notify.consumers import listen
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
    ClientErased,
    SafetyAcknowledged,
)
from shared.contracts.conclusions import (
    CheckInInvited,
    CheckInMissed,
    ClearanceDecided,
    ClearanceRequested,
    FlareSuspected,
    MilestoneReached,
    PlanActivated,
    SupportSuggested,
)
from shared.contracts.contacts import CareTeamAccess, ContactChanged
from shared.contracts.event import Event
from shared.contracts.progress import (
    CheckInRecorded,
    RuleFired,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
)
from shared.contracts.waitlist import WaitlistOffered
from shared.postgres import Database
from tests.integration.notify.ears import EVERY_WAY, Ears, Scheduled, undone
from tests.unit.notify.builders import (
    BOOKING,
    CLIENT,
    NOW,
    START,
    TRAINER,
    a_contact,
    a_fact,
    a_sign_in,
    an_offer,
    facts_together,
)

LEAD, STAFF, PHYSICIAN, FRIEND, OTHER_TRAINER = (UUID(int=number) for number in range(60, 65))
ABOUT = {"client_id": CLIENT, "at": NOW}
MEMBERS = (
    CareTeamAccess(member_id=PHYSICIAN, role="physician", share=("progress",)),
    CareTeamAccess(member_id=FRIEND, role="other", share=("plan",)),
)
PEOPLE = (
    a_contact(),
    a_contact(TRAINER, role="trainer", bookings=()),
    a_contact(LEAD, role="lead", bookings=()),
    a_contact(STAFF, role="staff", bookings=()),
    a_contact(PHYSICIAN, role="clinician", bookings=()),
)


def a_move(**changes: Any) -> BookingRescheduled:
    moved = {"version": 2, "previous_start": START, "previous_trainer_id": TRAINER} | changes
    fact: BookingRescheduled = a_fact(BookingRescheduled, **moved)
    return fact


def level(name: str, **changes: Any) -> SafetyLevelChanged:
    values: dict[str, Any] = {
        "level": name,
        "previous": "go",
        "rules": ["D4"],
        "rules_version": "1",
        "trainer_ids": [TRAINER],
    }
    return SafetyLevelChanged.model_validate(ABOUT | values | changes)


def hold(**changes: Any) -> SafetyHoldPlaced:
    values: dict[str, Any] = {
        "hold_id": UUID(int=70),
        "kind": "session",
        "rule": "R2",
        "level": "hold",
        "notify": ["client", "trainer", "lead", "clinician"],
        "trainer_ids": [TRAINER],
    }
    return SafetyHoldPlaced.model_validate(ABOUT | values | changes)


def rule(**changes: Any) -> RuleFired:
    values: dict[str, Any] = {
        "rule": "A5",
        "rules_version": "1",
        "level": "modify",
        "codes": ["review-plan"],
        "notify": ["trainer"],
        "trainer_ids": [TRAINER],
    }
    return RuleFired.model_validate(ABOUT | values | changes)


def invited(**changes: Any) -> CheckInInvited:
    until = {"booking_id": BOOKING, "until": NOW + timedelta(hours=30)}
    return CheckInInvited.model_validate(ABOUT | {"kind": "post"} | until | changes)


def recorded(**changes: Any) -> CheckInRecorded:
    given: dict[str, Any] = dict.fromkeys(
        ("stiffness", "energy", "mood", "confidence", "effort", "enjoyment", "worst_pain")
    )
    values = {
        "check_in_id": UUID(int=80),
        "kind": "next-morning",
        "booking_id": BOOKING,
        "pain": 4,
        "exercises": [],
        "red_flags": [],
        "why": [],
        "flare": False,
    }
    return CheckInRecorded.model_validate(ABOUT | given | values | changes)


def answered(*codes: str) -> SubmissionAnswered:
    actions = [
        {"rule": "A2", "level": "modify", "action": "", "detail": "", "code": code}
        for code in codes
    ]
    return SubmissionAnswered.model_validate(
        {
            "client_id": CLIENT,
            "submission_id": UUID(int=80),
            "status": "done",
            "level": "modify",
            "actions": actions,
        }
    )


def clearance(kind: type[Event], **more: Any) -> Event:
    return kind.model_validate(ABOUT | {"clearance_id": UUID(int=90), "rules": ["G2"]} | more)


Told = tuple[str, UUID]
REMINDED: list[Told] = [
    ("reminder-24h", CLIENT),
    ("reminder-2h", CLIENT),
    ("check-in-before", CLIENT),
]
CALLED: list[Told] = [
    ("safety-escalation", LEAD),
    ("safety-escalation", LEAD),
    ("safety-escalation", STAFF),
]
MISSED = {"booking_id": BOOKING, "kind": "next-morning"}

GOLDEN: list[tuple[str, Sequence[Event], list[Told]]] = [
    (
        "confirmed",
        [a_fact()],
        [("booking-confirmed", CLIENT), ("trainer-booked", TRAINER), *REMINDED],
    ),
    (
        "confirmed-together",
        facts_together(2),
        [("booking-confirmed", CLIENT), ("trainer-booked", TRAINER), *REMINDED, *REMINDED],
    ),
    (
        "moved",
        [a_move()],
        [("booking-rescheduled", CLIENT), ("trainer-moved", TRAINER), *REMINDED],
    ),
    (
        "moved-to-another",
        [a_move(previous_trainer_id=OTHER_TRAINER)],
        [
            ("booking-rescheduled", CLIENT),
            ("trainer-booked", TRAINER),
            ("trainer-cancelled", OTHER_TRAINER),
            *REMINDED,
        ],
    ),
    (
        "cancelled",
        [a_fact(BookingCancelled, version=2, cancelled_by="staff")],
        [("booking-cancelled", CLIENT), ("trainer-cancelled", TRAINER)],
    ),
    ("frozen", [a_fact(BookingFrozen, version=2)], [("booking-frozen", CLIENT)]),
    ("frozen-together", facts_together(3, BookingFrozen, version=2), [("booking-frozen", CLIENT)]),
    (
        "unfrozen",
        [a_fact(BookingUnfrozen, version=3)],
        [("booking-unfrozen", CLIENT), *REMINDED],
    ),
    ("completed", [a_fact(BookingCompleted, version=2)], []),
    ("missed", [a_fact(BookingMissed, version=2)], []),
    ("offered", [an_offer()], [("waitlist-offer", CLIENT)]),
    (
        "asked-for-a-code",
        [a_contact(version=2, sign_in=a_sign_in(START))],
        [("sign-in-code", CLIENT)],
    ),
    (
        "care-team-grew",
        [a_contact(version=2, care_team=MEMBERS)],
        [("care-team-invitation", PHYSICIAN), ("care-team-invitation", FRIEND)],
    ),
    ("calm", [level("modify")], []),
    ("level-hold", [level("hold")], []),
    ("stop", [level("stop")], [("safety-alert", TRAINER), *CALLED]),
    (
        "emergency",
        [level("emergency", rules=["R1"])],
        [("safety-alert", TRAINER), ("safety-alert", LEAD), *CALLED],
    ),
    (
        "emergency-with-its-hold",
        [
            level("emergency", rules=["R1"]),
            hold(rule="R1", level="emergency", notify=["client", "trainer", "lead"]),
        ],
        [("safety-alert", TRAINER), ("safety-alert", LEAD), *CALLED],
    ),
    # R2 names the lead, so the lead hears at once although the level is no emergency.
    (
        "hold-that-names-the-lead",
        [level("hold", rules=["R2"]), hold()],
        [("safety-alert", TRAINER), ("safety-alert", LEAD), *CALLED],
    ),
    (
        "hold-of-an-option",
        [hold(kind="option", option="wall-slide", rule="A3", notify=["client", "trainer"])],
        [("safety-alert", TRAINER), *CALLED],
    ),
    (
        "hold-that-names-nobody",
        [a_fact(BookingCompleted, version=2), hold(trainer_ids=(), notify=["trainer"])],
        [("safety-alert", TRAINER), *CALLED],
    ),
    (
        "looked-at",
        [SafetyAcknowledged.model_validate(ABOUT | {"acknowledged_by": TRAINER})],
        [],
    ),
    (
        "lifted",
        [SafetyHoldLifted.model_validate(ABOUT | {"hold_id": UUID(int=70), "lifted_by": TRAINER})],
        [],
    ),
    ("rule", [rule()], [("trainer-notice", TRAINER)]),
    # A gate that closes holds the plan, but places no hold: a trainer would not hear otherwise.
    ("rule-of-a-gate", [rule(rule="G3", level="hold")], [("trainer-notice", TRAINER)]),
    ("rule-for-nobody", [rule(notify=["clinician"], trainer_ids=())], []),
    ("rule-that-is-an-alert", [rule(level="stop")], []),
    (
        "flare",
        [
            FlareSuspected.model_validate(
                ABOUT | {"flare_id": UUID(int=71), "by": "client", "trainer_ids": [TRAINER]}
            )
        ],
        [("trainer-notice", TRAINER)],
    ),
    ("first-miss", [CheckInMissed.model_validate(ABOUT | MISSED | {"misses": 1})], []),
    (
        "second-miss",
        [CheckInMissed.model_validate(ABOUT | MISSED | {"misses": 2, "trainer_ids": [TRAINER]})],
        [("trainer-notice", TRAINER)],
    ),
    # How somebody feels is for the lead, whom the rule names.
    (
        "support",
        [SupportSuggested.model_validate(ABOUT | {"rule": "M1"})],
        [("trainer-notice", LEAD)],
    ),
    ("asked-after", [invited()], [("check-in-after", CLIENT)]),
    ("asked-in-the-morning", [invited(kind="next-morning")], [("check-in-morning", CLIENT)]),
    (
        "asked-again",
        [invited(kind="next-morning", reminder=True)],
        [("check-in-morning-again", CLIENT)],
    ),
    ("told", [recorded()], []),
    ("answered", [answered("keep-dose")], []),
    ("answered-with-a-question", [answered("ask-why")], [("why-it-hurt", CLIENT)]),
    (
        "milestone",
        [MilestoneReached.model_validate(ABOUT | {"code": "steady-weeks", "kind": "habit"})],
        [("milestone", CLIENT)],
    ),
    (
        "plan",
        [
            PlanActivated.model_validate(
                ABOUT | {"plan_id": UUID(int=72), "items": [], "activated_by": TRAINER}
            )
        ],
        [("plan-ready", CLIENT)],
    ),
    ("clearance-alone", [clearance(ClearanceRequested)], [("clearance-needed", CLIENT)]),
    (
        "clearance-with-a-care-team",
        [a_contact(version=2, care_team=MEMBERS), clearance(ClearanceRequested)],
        [
            ("care-team-invitation", PHYSICIAN),
            ("care-team-invitation", FRIEND),
            ("clearance-needed", CLIENT),
            ("clearance-request", PHYSICIAN),
        ],
    ),
    # A clinician who joins later is asked for what still waits.
    (
        "clearance-then-a-care-team",
        [clearance(ClearanceRequested), a_contact(version=2, care_team=MEMBERS)],
        [
            ("clearance-needed", CLIENT),
            ("care-team-invitation", PHYSICIAN),
            ("care-team-invitation", FRIEND),
            ("clearance-request", PHYSICIAN),
        ],
    ),
    (
        "clearance-decided-then-a-care-team",
        [
            clearance(ClearanceRequested),
            clearance(ClearanceDecided, decision="granted"),
            a_contact(version=2, care_team=MEMBERS[:1]),
        ],
        [("clearance-needed", CLIENT), ("care-team-invitation", PHYSICIAN)],
    ),
]


async def test_an_event_leads_to_exactly_these_messages_however_often_it_comes(
    notify_db: Database,
) -> None:
    expected, once, again = {}, {}, {}
    for name, events, told in GOLDEN:
        expected[name] = sorted(Scheduled(template, "email", who) for template, who in told)
        async with undone(notify_db) as ears:
            await ears.hear(*PEOPLE, *events)
            once[name] = await ears.scheduled()
            await ears.hear(*events, *reversed(events), *PEOPLE)
            again[name] = await ears.scheduled()

    assert expected == once
    assert expected == again


async def test_old_events_that_are_replayed_tell_nobody_anything(notify_db: Database) -> None:
    ears = Ears(notify_db, now=NOW + timedelta(days=400))

    for _, events, _ in GOLDEN:
        await ears.hear(*events, at=NOW)

    assert [] == await ears.scheduled()


def test_every_event_that_notify_hears_has_its_rows_in_the_golden_table() -> None:
    rows = {type(event) for _, events, _ in GOLDEN for event in events}

    # Who is erased gets nothing: tests of the erasure show it.
    assert listen(lambda: NOW, lambda: None).types == rows | {ClientErased}
    assert {BookingConfirmed, WaitlistOffered, ContactChanged} < rows


CHANNELS = {
    "reminder-2h": ["email", "push", "sms"],
    "waitlist-offer": ["email", "push", "sms"],
    "safety-alert": ["email", "push", "sms"],
    "safety-escalation": ["email", "push", "sms"],
    "check-in-before": ["email", "push"],
    "check-in-after": ["email", "push"],
    "check-in-morning": ["email", "push"],
    "check-in-morning-again": ["email", "push"],
    "why-it-hurt": ["email", "push"],
    "milestone": ["email", "push"],
}
"""What goes by more than mail to whoever agreed to all."""


async def test_who_agreed_to_all_channels_gets_what_belongs_there(notify_db: Database) -> None:
    everybody = [person.model_copy(update=EVERY_WAY) for person in PEOPLE]
    known = {person.person_id for person in PEOPLE}
    expected, found = {}, {}
    for name, events, told in GOLDEN:
        theirs = [
            event.model_copy(update=EVERY_WAY) if isinstance(event, ContactChanged) else event
            for event in events
        ]
        expected[name] = sorted(
            Scheduled(template, channel, who)
            for template, who in told
            for channel in (CHANNELS.get(template, ["email"]) if who in known else ["email"])
        )
        async with undone(notify_db) as ears:
            await ears.hear(*everybody, *theirs)
            found[name] = await ears.scheduled()

    assert expected == found
