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
}
"""By the name of the parameter."""


def of_body(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The example for a body's schema; None when there is none."""
    for found in (schema, *schema.get("anyOf", ())):
        name = found.get("$ref", "").rpartition("/")[2]
        if name in BODIES:
            return BODIES[name]
    return None
