"""Examples of what is sent, for /openapi.json: each one is a request that would be read."""

from typing import Any

TRAINER = "0190d3a0-0000-7000-8000-000000000001"
START = "2026-10-05T14:00:00Z"

_CLIENT: dict[str, Any] = {
    "name": "Ada Example",
    "email": "ada@example.org",
    "tz": "America/Toronto",
    "language": "en",
}
_TIME: dict[str, Any] = {"service": "training", "mode": "in-person", "start": START}
_ADDRESS = {"street": "1 Front Street West", "postal": "M5V 2T6"}

BODIES: dict[str, dict[str, Any]] = {
    "TimeFields": _TIME | {"postal": "M5V 2T6"},
    "BookingFields": _TIME
    | {
        "client": _CLIENT,
        "address": _ADDRESS,
        "conditions": ["back-pain"],
        "consent": {"reminders": True, "marketing": False},
    },
    "WaitFields": {
        "service": "training",
        "mode": "virtual",
        "from": "2026-10-05",
        "to": "2026-10-09",
        "client": _CLIENT,
    },
    "RescheduleFields": {"start": START},
    "CancelFields": {"reason": "A better day has come up."},
    "EmailFields": {"email": "ada@example.org"},
    "CodeFields": {"email": "ada@example.org", "code": "123456"},
    "CheckInFields": {"kind": "pre", "pain": 4, "stiffness": 5, "why": ["poor-sleep"]},
    "ScreeningFields": {
        "health": {
            "heart_condition": False,
            "chest_pain": False,
            "dizziness": False,
            "other_chronic": False,
            "medication": True,
            "joint_problem": True,
            "supervised_only": False,
            "pregnant": False,
            "fever": False,
        },
        "active": False,
        "wish": "light",
        "conditions": ["back-pain"],
        "red_flags": [],
        "enjoys": ["easy-walk", "calm"],
        "medications": "Something against blood pressure.",
    },
    "AssessmentFields": {
        "posture": [{"region": "upper-back", "finding": "rounded-upper-back", "severity": 1}],
        "mechanics": [{"movement": "hinge", "finding": "back-rounds", "severity": 2}],
        "rom": [
            {"joint": "hip", "side": "left", "motion": "flexion", "degrees": 95, "active": True}
        ],
        "chair_stand": 11,
        "baseline": {"pain_now": 4, "pain_week": 5},
    },
    "QuestionnaireFields": {
        "instrument": "peg",
        "version": "1",
        "language": "en",
        "answers": [5, 6, 4],
    },
    "GoalsFields": {
        "activities": [
            {"name": "Carry the shopping home", "rating": 3},
            {"name": "Play with my grandson on the floor", "rating": 2},
        ]
    },
    "WeightsFields": {"relief": 0.4, "enjoyment": 0.25, "done": 0.2, "next_day": 0.15},
    "SwapFields": {
        "set": TRAINER.replace("000001", "000002"),
        "given_up": "easy-pedalling",
        "taken": "easy-walk",
        "reason": "The bicycle is being mended.",
    },
    "PlanFields": {
        "items": [
            {"option": "knee-rolls", "per_week": 5, "sets": 2, "repetitions": 8},
            {"option": "easy-walk", "per_week": 3, "minutes": 15},
        ],
        "note": "Mornings are best.",
    },
    "CommentFields": {"text": "Good to go; please wait with the stairs until June."},
    "DecisionFields": {
        "decision": "limited",
        "limits": {"max_effort": 5, "avoid": ["high-chair-stands"]},
        "valid_until": "2027-03-31",
    },
    "LiftFields": {"reason": "We spoke; the doctor has seen the leg."},
    "HoursFields": {
        "tz": "America/Toronto",
        "weekly": [
            {"day": "mon", "from": "09:00", "to": "17:00"},
            {"day": "tue", "from": "18:00", "to": "02:00"},
        ],
        "overrides": [
            {"date": "2026-12-24", "from": "09:00", "to": "12:00"},
            {"date": "2026-12-25"},
        ],
    },
    "SettingsFields": {
        "notice_minutes": 240,
        "window_days": None,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 15,
        "base_postal": "M5V 2T6",
    },
    "TimeOffFields": {
        "start": "2026-12-24T17:00:00Z",
        "end": "2027-01-02T14:00:00Z",
        "reason": "Holidays",
    },
    "SeriesFields": {
        "service": "training",
        "mode": "virtual",
        "first": START,
        "every_weeks": 1,
        "count": 8,
        "skip_conflicts": True,
    },
    "CreditFields": {"service": "training", "count": 10, "note": "Paid by card."},
    "MemberFields": {
        "email": "dr.li@example.org",
        "role": "physician",
        "share": ["progress", "assessment"],
    },
    "PreferencesFields": {
        "grants": [
            {"message_class": "service", "channel": "email", "granted": True},
            {"message_class": "service", "channel": "sms", "granted": True},
        ],
        "quiet": {"start": "20:30", "end": "08:30"},
        "windows": [{"day": "mon", "start": "09:00", "end": "12:00"}],
        "digest": True,
        "per_day": 2,
        "phone": "+1 416 555 0123",
    },
    "DeviceFields": {
        "endpoint": "https://push.example.org/send/abc",
        "keys": {
            "p256dh": (
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
            ),
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    },
    "MeFields": {"phone": "+1 416 555 0123", "language": "fr", "reminders": True},
    "PersonFields": {
        "role": "trainer",
        "name": "Ben Example",
        "email": "ben@example.org",
        "tz": "America/Toronto",
    },
    "ProfileFields": {
        "tz": "America/Toronto",
        "areas": ["toronto", "hamilton"],
        "modes": ["in-person", "virtual"],
        "languages": ["en", "fr"],
        "conditions": ["back-pain", "other"],
    },
}
"""By the name of the body's schema."""

PARAMETERS: dict[str, Any] = {
    "service": "training",
    "mode": "virtual",
    "from": "2026-10-05",
    "to": "2026-10-11",
    "tz": "America/Toronto",
    "postal": "M5V 2T6",
    "start": START,
    "trainer": TRAINER,
    "condition": "back-pain",
    "language": "en",
    "area": "toronto",
    "family": "mobility",
    "region": "lower-back",
    "q": "ada",
    "lang": "fr",
}
"""By the name of the parameter."""


def of_body(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The example for a body's schema; None when there is none."""
    for found in (schema, *schema.get("anyOf", ())):
        name = found.get("$ref", "").rpartition("/")[2]
        if name in BODIES:
            return BODIES[name]
    return None
