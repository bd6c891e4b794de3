"""What clients say: check-ins, questions about health and function; and how alarms are settled."""

from datetime import timedelta
from typing import Any

from deploy.simulation import habits
from deploy.simulation.life import Life, Stage, action
from shared.instruments.table import instrument

MORNING, EVENING = 8.5, 20.0
"""Hours by the client's clock."""

CALLED_BACK = (3, 20)
"""Hours until a trainer has spoken with somebody whose sessions wait."""

OPENS, CLOSES = 9, 17
CALLED_FOR = frozenset({"R1", "R2", "R3", "T2"})
"""Rules that hold sessions or a joint until somebody has spoken with the client."""

SIGNS = (
    (habits.FLAG_R1, ("chest-pain", "fainting", "saddle-numbness")),
    (habits.FLAG_R2, ("night-pain", "weight-loss", "trauma")),
    (habits.FLAG_R3, ("hot-swollen-joint",)),
    (habits.FLAG_D4, ("dizziness", "giving-way", "locking", "new-numbness")),
)
CAUSES = ("too-much", "new-exercise", "poor-sleep", "stress", "long-sitting", "weather", "no-idea")


async def check_in(
    life: Life,
    stage: Stage,
    kind: str,
    *,
    pain: float | None = None,
    **more: Any,  # noqa: ANN401 - fields of a check-in
) -> None:
    """Check in: pain as it is felt, what goes with it, now and then a sign or a flare."""
    chance, day = life.chance, life.day(stage)
    felt = life.body.pain(day) if pain is None else pain
    said = life.body.said(felt)
    body: dict[str, Any] = {
        "kind": kind,
        "pain": said,
        "stiffness": life.body.said(felt * 0.8),
        "energy": life.body.said(8 - felt * 0.6),
        "mood": life.body.said(8.5 - felt * 0.5),
        "confidence": life.body.said(7.5 - felt * 0.4 + life.body.sessions * 0.05),
        "red_flags": [chance.choice(signs) for rate, signs in SIGNS if chance.random() < rate],
        "flare": life.body.in_flare(day) and chance.random() < habits.TELLS_FLARE,
        **more,
    }
    if life.asked_why and chance.random() < habits.TELLS_WHY:
        body["why"] = [chance.choice(CAUSES)]
    life.asked_why = False
    path = f"/v1/clients/{life.client_id}/check-ins"
    await life.report(stage, f"check in {kind}", path, body, then=heard, watched=True)


async def heard(life: Life, stage: Stage, answer: dict[str, Any]) -> None:
    """Read what a check-in was answered."""
    if answer["status"] != "done":
        stage.door.account.wonder(f"check-in: rejected: {answer.get('reason')}")
        return
    stage.door.account.answers["level", answer["level"]] += 1
    life.asked_why = any(one["code"] == "ask-why" for one in answer["actions"])
    if any(one["rule"] in CALLED_FOR for one in answer["actions"]):
        alarm(life, stage)


def alarm(life: Life, stage: Stage) -> None:
    """Sessions wait: somebody takes it on at once, and calls within a day."""
    if life.on_call:
        return
    life.on_call = True
    life.later(stage.now, "take-on")
    when = life.local(stage.now + timedelta(hours=life.chance.randint(*CALLED_BACK)))
    if not OPENS <= when.hour < CLOSES:
        when = life.at(when, OPENS, days=when.hour >= CLOSES)
    life.later(when, "call-back")


@action("take-on")
async def take_on(life: Life, stage: Stage) -> None:
    """Say that one looks after the client's alert."""
    path = f"/v1/clients/{life.client_id}/safety-acknowledgement"
    await stage.door.send("acknowledge an alert", "POST", path, token=life.cared_by(stage))


@action("call-back")
async def call_back(life: Life, stage: Stage) -> None:
    """Speak with the client, then lift what holds their sessions."""
    life.on_call = False
    token = life.cared_by(stage)
    path = f"/v1/clients/{life.client_id}/progress"
    view = (await stage.door.ask("read progress", path, token=token)).body
    for hold in view["holds"]:
        if hold["kind"] != "option":
            await lift(life, stage, hold["id"], token)


async def lift(life: Life, stage: Stage, hold_id: str, token: str) -> None:
    """Lift a hold."""
    path = f"/v1/clients/{life.client_id}/safety-holds/{hold_id}/lift"
    reason = {"reason": "We spoke on the phone; it has settled."}
    await life.report(stage, "lift a hold", path, reason, token=token)


@action("evening")
async def evening(life: Life, stage: Stage) -> None:
    """The end of a day: perhaps a check-in, perhaps a look at one's page, seldom a farewell."""
    chance, person = life.chance, life.person
    life.later(life.at(stage.now, EVENING, days=1), "evening")
    if chance.random() < habits.LEAVES_A_WEEK / 7:
        life.later(stage.now, "leave")
        return
    if chance.random() < habits.AGREES_LATER / 7:
        await stage.door.send("agree to news", "PATCH", "/v1/me", {"marketing": True},
                              token=life.token)  # fmt: skip
    trained = any(one.over and life.local(one.start).date() == life.local(stage.now).date()
                  for one in life.sessions)  # fmt: skip
    if not trained and (life.asked_why or chance.random() < habits.DAILY + person.keen):
        await check_in(life, stage, "daily")
    if chance.random() < habits.LOOKS_AT_PAGE:
        await look_at_page(life, stage)


async def look_at_page(life: Life, stage: Stage) -> None:
    """Open one's page and do what it asks for."""
    path = f"/v1/clients/{life.client_id}/progress"
    view = (await stage.door.ask("read progress", path, token=life.token)).body
    step = view["next"]
    if step is None:
        return
    if step["code"] == "await-trainer":
        alarm(life, stage)
    elif step["code"] == "screening" and life.tried("screening again", 3):
        life.later(stage.now, "answer-health")
    elif step["code"] == "questionnaire":
        await _answer(life, stage, step["instrument"], view)


async def _answer(life: Life, stage: Stage, name: str, view: dict[str, Any]) -> None:
    """Answer a questionnaire from how pain is and has been."""
    pain = life.body.pain(life.day(stage))
    better = life.body.mean - pain
    goals = len(view["goals"]["newest"]) if view["goals"] else 1
    middle, count = {
        "peg": (pain, 3),
        "psfs": (5 + better, goals),
        "pgic": (4 - better, 1),
        "paces-s": (4, 4),
    }[name]
    entry = instrument(name)
    answers = [
        max(entry.answers.at_least, min(entry.answers.at_most, life.body.said(middle)))
        for _ in range(count)
    ]
    body = {
        "instrument": name, "version": "1.0.0", "language": life.person.language,
        "answers": answers,
    }  # fmt: skip
    path = f"/v1/clients/{life.client_id}/questionnaires"
    await life.report(stage, f"answer {name}", path, body)
