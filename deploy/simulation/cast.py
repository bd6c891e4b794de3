"""The people around the clients: enough trainers and clinicians, made by staff through the API."""

import random
from math import ceil
from typing import Any

from deploy.commands.failure import Failure
from deploy.simulation import habits, people
from deploy.simulation.backstage import Backstage
from deploy.simulation.life import Stage

STAFF = "staff@limber.example"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PAGE = "100"


async def gather(stage: Stage, behind: Backstage, clients: int) -> None:
    """Fill the stage with who is needed for so many clients.

    Raises:
        Failure: the demo's people are missing, or this seed has lived here before.
    """
    if not await behind.knows(STAFF):
        raise Failure(f"{STAFF} is missing; start the stack with its demo people")
    if await behind.knows(people.person(stage.seed, 0).email):
        raise Failure(f"seed {stage.seed} has lived on this stack already; take another --seed")
    stage.staff = (await behind.tokens([STAFF]))[STAFF]
    known = await _trainers(stage)
    for number in range(max(0, ceil(clients / habits.CLIENTS_PER_TRAINER) - len(known))):
        await _engage_trainer(stage, number)
    for number in range(ceil(clients / habits.CLIENTS_PER_CLINICIAN)):
        email = people.address_of(stage.seed, f"clinician{number:02}")
        await _engage(stage, "clinician", email, random.Random(email))
        stage.clinicians.append(email)
    document = await stage.door.ask("read the API", "/openapi.json")
    paths = document.body["paths"]
    stage.can_forget = "delete" in paths.get("/v1/me", {}) and "/v1/me/export" in paths


async def let_in(stage: Stage, behind: Backstage) -> None:
    """Open sessions for all who work here; tokens run out after some weeks."""
    stage.staff = (await behind.tokens([STAFF]))[STAFF]
    emails = await _trainers(stage)
    tokens = await behind.tokens(emails.values())
    stage.trainers = {trainer: tokens[email] for trainer, email in emails.items()}
    stage.clinician_tokens = await behind.tokens(stage.clinicians)


async def _trainers(stage: Stage) -> dict[str, str]:
    """The addresses of all trainers by their ids, as staff sees them."""
    found: dict[str, str] = {}
    query = {"role": "trainer", "limit": PAGE}
    while True:
        page = await stage.door.ask("list people", "/v1/people", token=stage.staff, query=query)
        found |= {one["id"]: one["email"] for one in page.body["items"]}
        if page.body["next"] is None:
            return found
        query["cursor"] = page.body["next"]


async def _engage_trainer(stage: Stage, number: int) -> None:
    email = people.address_of(stage.seed, f"trainer{number:03}")
    chance = random.Random(email)
    visited = [one for one in habits.CITIES if one.postals[0].startswith(("M", "L", "K"))]
    city = chance.choices(visited, [one.share for one in visited])[0]
    trainer = await _engage(stage, "trainer", email, chance)
    where = f"/v1/trainers/{trainer}"
    profile = {
        "tz": city.tz,
        "areas": [city.name],
        "modes": ["in-person", "virtual"],
        "languages": ["en", "fr"] if chance.random() < 0.4 else ["en"],
        "conditions": list(habits.CONDITIONS),
    }
    await stage.door.send("save a profile", "PUT", f"{where}/profile", profile, token=stage.staff)
    free = set(chance.sample(DAYS, 2))
    weekly = [{"day": day, "from": "09:00", "to": "17:00"} for day in DAYS if day not in free]
    hours = {"tz": city.tz, "weekly": weekly}
    await stage.door.send("save hours", "PUT", f"{where}/hours", hours, token=stage.staff)


async def _engage(stage: Stage, role: str, email: str, chance: random.Random) -> str:
    name = f"{chance.choice(people.FIRST_NAMES)} {chance.choice(people.LAST_NAMES)}"
    body: dict[str, Any] = {
        "role": role,
        "name": name,
        "email": email,
        "tz": habits.CITIES[0].tz,
        "language": "en",
    }
    made = await stage.door.send("engage somebody", "POST", "/v1/people", body, token=stage.staff)
    return str(made.body["id"])
