"""The course of one person's pain: what they feel, of which they report whole numbers.

Pain of a day = the person's mean + a memory of yesterday (AR 1) + life's weeks + a flare, less what
training has brought so far. A session moves the pain of its day by what its options do to this
person; a part of that is left the next morning. All of it is drawn from the seed alone.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.options.catalogue import catalogue

MEAN, MEAN_SD, MEAN_RANGE = 4.6, 1.3, (1.5, 7.5)
"""Average pain of people in chronic pain programmes, 0 to 10."""

MEMORY, INNOVATION_SD = 0.5, 0.7
"""Day to day: half of a bad day is left on the next one."""

WEEK_SD = 0.4
"""Sleep, work, weather and worry make whole weeks better or worse."""

FLARE_A_DAY, FLARE_POINTS, FLARE_DAYS = 0.009, (2.2, 3.4), (3, 8)
"""About one flare in sixteen weeks; it fades over its days."""

RESPONDS, RESPONSE, NO_RESPONSE = 0.6, (0.8, 2.8), (-0.5, 0.5)
"""Who improves, and by how many points once training has had its whole effect."""

SESSIONS_FOR_MOST = 8.0
"""After so many sessions about two thirds of the response is there."""

FAMILY_EFFECT = {"mobility": -0.22, "strength": -0.12, "low-impact": -0.25, "calm": -0.18}
OPTION_SD, PERSON_SD, SESSION_SD = 0.10, 0.12, 0.35
"""How options differ, how people differ on an option, and sessions of one person."""

NEXT_DAY_SHARE = 0.4
TOO_MUCH, TOO_MUCH_POINTS = 0.05, (1.5, 3.0)
"""A session is followed by a worse morning now and then."""

REPORT_SD = 0.35


def option_effects(seed: int) -> dict[str, float]:
    """What each option does on average to pain, in points right after it."""
    chance = random.Random(f"options/{seed}")
    return {
        option.code: FAMILY_EFFECT[option.family] + chance.gauss(0, OPTION_SD)
        for option in catalogue().options
    }


@dataclass
class Body:
    """One person's pain, day by day from 0. `effects` are what options do on average."""

    chance: random.Random
    effects: dict[str, float]
    sessions: int = 0
    flares: list[tuple[int, int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = self.chance
        self.mean = min(max(draw.gauss(MEAN, MEAN_SD), MEAN_RANGE[0]), MEAN_RANGE[1])
        self.responds = draw.random() < RESPONDS
        self.response = draw.uniform(*(RESPONSE if self.responds else NO_RESPONSE))
        self.own = {code: draw.gauss(0, PERSON_SD) for code in self.effects}
        # A course of its own: what somebody does or says never changes what life brings.
        self._course = random.Random(draw.random())
        self._memory = self._course.gauss(0, INNOVATION_SD)
        self._week = 0.0
        self._days: list[float] = []
        self._moved: dict[int, float] = {}

    def pain(self, day: int) -> float:
        """Pain on a day, before any session of that day."""
        while len(self._days) <= day:
            self._days.append(self._next_day(len(self._days)))
        trained = self.response * (1 - math.exp(-self.sessions / SESSIONS_FOR_MOST))
        return self._days[day] - trained + self._moved.get(day, 0.0)

    def in_flare(self, day: int) -> bool:
        """Whether a flare runs on a day."""
        self.pain(day)
        return any(begins <= day < begins + length for begins, length, _ in self.flares)

    def train(self, day: int, options: Sequence[str]) -> float:
        """Do a session of these options; how far pain moves right after it."""
        felt = sum(self.effects[one] + self.own[one] for one in options)
        felt += self.chance.gauss(0, SESSION_SD)
        next_day = felt * NEXT_DAY_SHARE
        if self.chance.random() < TOO_MUCH:
            next_day += self.chance.uniform(*TOO_MUCH_POINTS)
        self._moved[day + 1] = self._moved.get(day + 1, 0.0) + next_day
        self.sessions += 1
        return felt

    def said(self, pain: float) -> int:
        """What somebody says who feels that pain."""
        return max(0, min(10, round(pain + self.chance.gauss(0, REPORT_SD))))

    def _next_day(self, day: int) -> float:
        draw = self._course
        self._memory = MEMORY * self._memory + draw.gauss(0, INNOVATION_SD)
        if day % 7 == 0:
            self._week = draw.gauss(0, WEEK_SD)
        running = [one for one in self.flares if one[0] <= day < one[0] + one[1]]
        if not running and draw.random() < FLARE_A_DAY:
            running = [(day, draw.randint(*FLARE_DAYS), draw.uniform(*FLARE_POINTS))]
            self.flares += running
        flare = sum(points * (1 - (day - begins) / length) for begins, length, points in running)
        return self.mean + self._memory + self._week + flare
