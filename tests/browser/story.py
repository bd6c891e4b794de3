"""A plausible client on a running stack: weeks told over the public calls, the clock turned."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from services.booking.demo import demo_id
from tests.e2e.reach import Reach, eventually

TRAINER = "trainer01@limber.example"
DOCTOR = "dr.lavoie@example.org"
EMAIL = "margaret.osei@example.org"
NAME = "Margaret Osei"
TORONTO = "America/Toronto"
POSTAL = "M5V 2T6"

AT_HOME = {
    "mode": "in-person",
    "postal": POSTAL,
    "address": {"street": "1 Front Street West", "postal": POSTAL},
}
ONLINE = {"mode": "virtual"}

SESSION_DAYS = {0, 2, 4}
"""Days of each week on which she trains; the mornings after are asked about."""

HEALTH = (
    "heart_condition", "chest_pain", "dizziness", "other_chronic", "medication", "joint_problem",
    "supervised_only", "pregnant", "fever",
)  # fmt: skip

ASSESSMENT = {
    "posture": [
        {"region": "upper-back", "finding": "rounded-upper-back", "severity": 1},
        {"region": "neck", "finding": "head-forward", "severity": 2},
    ],
    "mechanics": [{"movement": "hinge", "finding": "back-rounds", "severity": 2}],
    "rom": [{"joint": "hip", "side": "left", "motion": "flexion", "degrees": 95, "active": True}],
    "chair_stand": 11,
    "baseline": {"pain_now": 5, "pain_week": 6},
}

GOALS = [
    {"name": "Carry the shopping home", "rating": 3},
    {"name": "Play with my grandson on the floor", "rating": 2},
]


class Story:
    """One client, her trainer, and what they tell."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.client_id = ""
        self.manage_token = ""

    async def begin(self) -> None:
        """She books, answers about her health, is assessed and has a plan that runs."""
        async with self._reach.http() as visitor:
            booked = await _posted(
                visitor, "/v1/bookings", await _wish(visitor, "first-workout", AT_HOME)
            )
        self.client_id, self.manage_token = booked["client_id"], booked["manage_token"]
        async with await self._as(EMAIL) as her, await self._as(TRAINER) as trainer:
            health = dict.fromkeys(HEALTH, False)
            screening = {"health": health, "active": True, "wish": "light"}
            lists = {"conditions": ["back-pain"], "red_flags": [], "enjoys": ["easy-walk", "calm"]}
            await self._told(her, "screening", screening | lists)
            await self._told(her, "goals", {"activities": GOALS})
            peg = {"instrument": "peg", "version": "1", "language": "en", "answers": [5, 6, 4]}
            await self._told(her, "questionnaires", peg)
            await self._told(trainer, "assessments", ASSESSMENT)
            plan = await self._told(trainer, "plans", {})
            activated = await _posted(trainer, f"/v1/plans/{plan}/activate", {})
            await self._answered(trainer, activated)
            everything = ["progress", "plan", "assessment"]
            member = {"email": DOCTOR, "role": "physician", "share": everything}
            await _posted(her, f"/v1/clients/{self.client_id}/care-team", member)

    async def live(self, days: int) -> None:
        """Days with less pain from week to week, some of them better and some worse."""
        draw = random.Random("margaret")
        async with await self._as(EMAIL) as her:
            view = (await her.get(f"/v1/clients/{self.client_id}/progress")).json()
            options = [item["option"] for item in (view["plan"] or {}).get("items", ())]
            for day in range(days):
                await self._reach.limber("clock", "advance", "24h")
                for body in _day(day, options, draw):
                    await self._told(her, "check-ins", body)
            await _posted(her, "/v1/bookings", await _wish(her, "training", ONLINE, lived=days))

    async def check_in(self, **body: Any) -> None:
        """One more check-in, answered."""
        async with await self._as(EMAIL) as her:
            await self._told(her, "check-ins", body)

    async def _as(self, email: str) -> httpx.AsyncClient:
        return self._reach.http(await self._reach.token(email))

    async def _told(self, who: httpx.AsyncClient, what: str, body: dict[str, Any]) -> str:
        made = await _posted(who, f"/v1/clients/{self.client_id}/{what}", body)
        await self._answered(who, made)
        return str(made["id"])

    async def _answered(self, who: httpx.AsyncClient, made: dict[str, Any]) -> None:
        async def look() -> dict[str, Any] | None:
            answer: dict[str, Any] = (await who.get(made["url"])).json()
            return None if answer["status"] == "pending" else answer

        answer = await eventually(look, f"an answer at {made['url']}")
        if answer["status"] != "done":
            raise RuntimeError(f"progress refused: {answer}")


async def _wish(
    who: httpx.AsyncClient, service: str, place: dict[str, Any], *, lived: int = 0
) -> dict[str, Any]:
    """The first free hour of her trainer, from three days on; so many days were lived before."""
    wish = {"service": service, "trainer": str(demo_id(TRAINER))} | place
    first = datetime.now(UTC).date() + timedelta(days=lived + 3)
    span = {"from": str(first), "to": str(first + timedelta(days=7)), "tz": TORONTO}
    asked = {name: value for name, value in wish.items() if name != "address"} | span
    slots = (await who.get("/v1/slots", params=asked)).raise_for_status().json()["slots"]
    return wish | {
        "start": slots[0]["start"],
        "client": {"name": NAME, "email": EMAIL, "tz": TORONTO},
        "conditions": ["back-pain"],
        "consent": {"reminders": True, "marketing": False},
    }


async def _posted(who: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = await who.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    if answer.is_error:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
    return answer.json()


def _day(day: int, options: list[str], draw: random.Random) -> list[dict[str, Any]]:
    """What she tells on one day."""
    pain = max(1, round(5 - day / 9 + draw.gauss(0, 0.5)))
    feels = {"mood": draw.randint(5, 8), "energy": draw.randint(4, 7), "confidence": 4 + day // 7}
    if day % 7 in SESSION_DAYS:
        done = [{"option": one, "done": True} for one in draw.sample(options, min(3, len(options)))]
        after = {"effort": 2, "enjoyment": draw.randint(6, 9), "exercises": done}
        return [
            {"kind": "pre", "pain": pain},
            {"kind": "post", "pain": max(0, pain - draw.choice([0, 1, 1, 2])), **after},
        ]
    if (day - 1) % 7 in SESSION_DAYS:
        return [{"kind": "next-morning", "pain": max(0, pain - 1), "stiffness": 3, **feels}]
    return [{"kind": "daily", "pain": pain, "stiffness": 3, **feels}]
