"""Who lives: names, places, conditions and habits, drawn from the seed alone."""

import random
from dataclasses import dataclass
from typing import Any

from deploy.simulation import habits
from deploy.simulation.body import Body
from deploy.simulation.habits import City

FIRST_NAMES = (
    "Ada", "Aisha", "Alain", "Amir", "Anna", "Beatrice", "Carlos", "Chantal", "Dana", "Denis",
    "Elif", "Emma", "Fatima", "Gabriel", "Hana", "Hugo", "Ines", "Ivan", "Jade", "Josef", "Kira",
    "Laila", "Leo", "Lucie", "Maya", "Miguel", "Nora", "Omar", "Paula", "Pierre", "Rosa", "Sami",
    "Sofia", "Theo", "Uma", "Viktor", "Wen", "Yara", "Yves", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Adams", "Ahmed", "Bouchard", "Brown", "Chan", "Costa", "Diaz", "Dubois", "Evans", "Fischer",
    "Fortin", "Garcia", "Gagnon", "Hall", "Ito", "Jones", "Khan", "Kim", "Lavoie", "Lee", "Martin",
    "Morin", "Nguyen", "Novak", "Okoye", "Patel", "Poirier", "Quinn", "Roy", "Rossi", "Singh",
    "Smith", "Tremblay", "Ueda", "Vidal", "Weber", "Wong", "Xu", "Young", "Zhang",
)  # fmt: skip

ACTIVITIES = ("gardening", "stairs", "carrying groceries", "sleeping through", "playing with kids")
FAMILIES = ("mobility", "strength", "low-impact", "calm")
WISHES = {"light": 0.35, "moderate": 0.6, "vigorous": 0.05}
HOURS = ((9, 12), (12, 15), (15, 17), (9, 17))
"""When people like to come, by the clock of the trainer."""

MOST_DIFFERENCE = 0.15
"""How far a person's adherence lies from the average, either way."""


@dataclass(frozen=True)
class Person:
    """A client before they ever look at Limber."""

    number: int
    name: str
    email: str
    city: City
    postal: str
    language: str
    visits: bool
    conditions: tuple[str, ...]
    hours: tuple[int, int]
    keen: float
    health: dict[str, bool]
    active: bool
    wish: str
    enjoys: tuple[str, ...]
    reminders: bool
    marketing: bool
    goals: tuple[str, ...]

    @property
    def mode(self) -> str:
        """How sessions take place."""
        return "in-person" if self.visits else "virtual"

    def client(self) -> dict[str, Any]:
        """Who the booking is for, as the API takes it."""
        return {
            "name": self.name,
            "email": self.email,
            "tz": self.city.tz,
            "language": self.language,
        }

    def address(self) -> dict[str, Any]:
        """Where a visit goes, as the API takes it."""
        return {"street": f"{self.number % 900 + 1} Maple Street", "postal": self.postal}


def person(seed: int, number: int) -> Person:
    """The client of a number."""
    chance = random.Random(f"person/{seed}/{number}")
    city = chance.choices(habits.CITIES, [one.share for one in habits.CITIES])[0]
    [condition] = chance.choices(list(habits.CONDITIONS), list(habits.CONDITIONS.values()))
    second = chance.choice(list(habits.CONDITIONS)) if chance.random() < 0.2 else condition
    postal = chance.choice(city.postals)
    is_visited = not city.postals[0].startswith(("V", "R", "B"))
    name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
    doctor = chance.random() < habits.NEEDS_DOCTOR
    return Person(
        number=number,
        name=name,
        email=address_of(seed, f"client{number:05}"),
        city=city,
        postal=postal,
        language="fr" if chance.random() < city.french else "en",
        visits=is_visited and chance.random() < habits.HOME_VISITS,
        conditions=tuple(dict.fromkeys((condition, second))),
        hours=chance.choice(HOURS),
        keen=chance.uniform(-MOST_DIFFERENCE, MOST_DIFFERENCE),
        health={
            "heart_condition": doctor and chance.random() < 0.5,
            "chest_pain": False,
            "dizziness": doctor and chance.random() < 0.2,
            "other_chronic": doctor,
            "medication": chance.random() < 0.4,
            "joint_problem": True,
            "supervised_only": False,
            "pregnant": False,
            "fever": chance.random() < habits.FEVER_AT_SCREENING,
        },
        active=not doctor and chance.random() < 0.6,
        wish=chance.choices(list(WISHES), list(WISHES.values()))[0],
        enjoys=tuple(chance.sample(FAMILIES, 2)),
        reminders=chance.random() >= habits.NO_REMINDERS,
        marketing=chance.random() < habits.AGREES_TO_MARKETING,
        goals=tuple(chance.sample(ACTIVITIES, chance.choice((1, 2, 3)))),
    )


def body(seed: int, number: int, effects: dict[str, float]) -> Body:
    """The body of a client."""
    return Body(random.Random(f"body/{seed}/{number}"), effects)


def address_of(seed: int, name: str) -> str:
    """The e-mail address of somebody simulated."""
    return f"{name}.seed{seed}@simulated.example.org"
