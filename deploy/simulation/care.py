"""From the questions about health to a plan that runs: gates, clinicians, assessment, goals."""

from datetime import timedelta
from typing import Any

from deploy.simulation import habits, reports
from deploy.simulation.life import Life, Session, Stage, action

REGION = {
    "back-pain": "lower-back", "neck-pain": "neck", "shoulder-pain": "shoulder",
    "osteoarthritis-knee": "knee", "osteoarthritis-hip": "hip",
}  # fmt: skip
DRAFT_TRIES = 12
"""Days a trainer waits for what stands before a plan; then the client goes elsewhere."""

FEVER_OVER = timedelta(days=5)
NOON = 13.0
LIMIT = 5
"""The effort a limited clearance allows."""


@action("answer-health")
async def answer_health(life: Life, stage: Stage) -> None:
    """Answer the questions about health."""
    person = life.person
    again = life.tries.get("health", 0)
    life.tried("health", 1)
    health = person.health | ({"fever": False} if again else {})
    body = {
        "health": health,
        "active": person.active,
        "wish": person.wish,
        "conditions": list(person.conditions),
        "red_flags": [],
        "enjoys": list(person.enjoys),
    }
    path = f"/v1/clients/{life.client_id}/screening"
    await life.report(stage, "answer about health", path, body, then=health_heard)
    if health["fever"]:
        life.later(stage.now + FEVER_OVER, "answer-health")


async def health_heard(life: Life, stage: Stage, answer: dict[str, Any]) -> None:
    """See whether a clinician has to look first; then ask one."""
    if answer["status"] != "done":
        stage.door.account.wonder(f"screening: rejected: {answer.get('reason')}")
        return
    path = f"/v1/clients/{life.client_id}/progress"
    view = (await stage.door.ask("read progress", path, token=life.token)).body
    clearance = view["clearance"]
    if clearance is None or clearance["status"] != "requested":
        return
    clinician = stage.clinicians[life.person.number % len(stage.clinicians)]
    body = {"email": clinician, "role": "physician", "share": ["progress", "plan", "assessment"]}
    path = f"/v1/clients/{life.client_id}/care-team"
    await stage.door.send("share with a clinician", "POST", path, body, token=life.token)
    days = life.chance.randint(1, 3)
    when = life.at(stage.now, NOON, days=days)
    life.later(when, "decide", clearance=clearance["id"], clinician=clinician)


@action("decide")
async def decide(life: Life, stage: Stage, clearance: str, clinician: str) -> None:
    """The clinician looks and decides."""
    token = stage.clinician_tokens[clinician]
    path = f"/v1/clients/{life.client_id}/progress"
    view = (await stage.door.ask("read progress", path, token=token)).body
    if view["clearance"] is None or view["clearance"]["id"] != clearance:
        return
    [decision] = life.chance.choices(list(habits.DECISIONS), list(habits.DECISIONS.values()))
    body: dict[str, Any] = {"decision": decision}
    if decision == "limited":
        body["limits"] = {"max_effort": LIMIT}
    await life.report(
        stage, f"decide {decision}", f"/v1/clearances/{clearance}/decision", body, token=token
    )


@action("assess")
async def assess(life: Life, stage: Stage, session: Session) -> None:
    """The trainer records what the assessment showed; the client says what matters."""
    chance, pain = life.chance, life.body.said(life.body.pain(life.day(stage)))
    region = REGION.get(life.person.conditions[0], "lower-back")
    body = {
        "posture": [{"region": region, "finding": "guarding", "severity": chance.randint(1, 2)}],
        "mechanics": [
            {"movement": "sit-to-stand", "finding": "stiff", "severity": chance.randint(0, 2)},
            {"movement": "walking", "finding": "slow", "severity": chance.randint(0, 1)},
        ],
        "rom": [
            {"joint": "hip", "side": side, "motion": "flexion",
             "degrees": chance.randint(80, 120), "active": True}
            for side in ("left", "right")
        ],
        "chair_stand": chance.randint(6, 16),
        "baseline": {"pain_now": pain, "pain_week": life.body.said(life.body.mean)},
    }  # fmt: skip
    token = stage.trainers[session.trainer]
    await life.report(stage, "record an assessment", f"/v1/clients/{life.client_id}/assessments",
                      body, token=token)  # fmt: skip
    goals = [{"name": one, "rating": chance.randint(1, 6)} for one in life.person.goals]
    await life.report(stage, "set goals", f"/v1/clients/{life.client_id}/goals",
                      {"activities": goals})  # fmt: skip
    life.later(stage.now + timedelta(hours=1), "draft")


@action("draft")
async def draft(life: Life, stage: Stage) -> None:
    """The trainer drafts a plan once nothing stands before it."""
    token = stage.trainers[life.trainer]
    path = f"/v1/clients/{life.client_id}/progress"
    view = (await stage.door.ask("read progress", path, token=token)).body
    held = any(hold["kind"] != "option" for hold in view["holds"])
    if held:
        reports.alarm(life, stage)
    if held or view["safety"]["gates"]:
        if life.tried("draft", DRAFT_TRIES):
            life.later(life.at(stage.now, NOON, days=1), "draft")
        else:
            life.later(stage.now, "leave")
        return
    await life.report(stage, "draft a plan", f"/v1/clients/{life.client_id}/plans", {},
                      token=token, then=drafted)  # fmt: skip


async def drafted(life: Life, stage: Stage, answer: dict[str, Any]) -> None:
    """The trainer lets the draft begin."""
    if answer["status"] != "done":
        stage.door.account.wonder(f"draft: rejected: {answer.get('reason')}")
        return
    await life.report(stage, "begin a plan", f"/v1/plans/{answer['id']}/activate", {},
                      token=stage.trainers[life.trainer], then=begun)  # fmt: skip


async def begun(life: Life, stage: Stage, answer: dict[str, Any]) -> None:
    """Training can be booked."""
    if answer["status"] != "done":
        stage.door.account.wonder(f"plan: rejected by {answer.get('rule')}: {answer.get('reason')}")
        return
    life.later(stage.now, "book-training")
    if life.chance.random() < habits.TWICE_A_WEEK:
        life.later(stage.now, "book-training", chain=1)


@action("leave", "trainer")
async def leave(life: Life, stage: Stage) -> None:
    """Say goodbye: nothing booked is left, nothing is sent any more; some ask to be forgotten."""
    for session in life.ahead(stage.now):
        session.gone = stage.freed = True
        await stage.door.send("cancel on leaving", "POST", f"/v1/bookings/{session.id}/cancel", {},
                              token=life.token)  # fmt: skip
    if life.waits:
        await stage.door.send("leave the waitlist", "DELETE", f"/v1/waitlist/{life.waits}",
                              token=life.token)  # fmt: skip
        life.waits = ""
    quiet = {"reminders": False, "marketing": False}
    await stage.door.send("ask for quiet", "PATCH", "/v1/me", quiet, token=life.token)
    if stage.can_forget and life.chance.random() < habits.ASKS_TO_BE_FORGOTTEN:
        await stage.door.ask("take one's data away", "/v1/me/export", token=life.token)
        await stage.door.send("ask to be forgotten", "DELETE", "/v1/me", token=life.token)
    life.leave(stage.now)
