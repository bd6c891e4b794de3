"""What comes with a booked session: what clients say around it, and what trainers do after it."""

from datetime import datetime, timedelta
from typing import Any

from deploy.simulation import habits, reports
from deploy.simulation.life import Life, Session, Stage, action, at

NOTICE = timedelta(hours=2)
"""Less than this before its start nobody is offered a time."""

PRE_BEFORE, LEFT_OPTION_DONE = timedelta(minutes=40), 0.92
DECIDES_EARLY, DECIDES_LATE, MOVES_BEFORE = (
    timedelta(hours=15), timedelta(hours=3), timedelta(hours=20),
)  # fmt: skip
"""Before the start: cancelled in time, cancelled late, moved."""

OPTIONS_DONE = (3, 4)
UNLOCKS = 0.7
"""Chance that a trainer who looks opens an option again that was locked."""


def begin(life: Life, stage: Stage) -> None:
    """Begin to look at one's page: the questions about health on the first evening, then daily."""
    life.later(stage.now, "answer-health")
    life.later(life.at(stage.now, reports.EVENING), "evening")


def expect(life: Life, stage: Stage, session: Session) -> None:
    """Put what comes with a new session on the agenda, and what may come between."""
    life.sessions.append(session)
    roll = life.chance.random()
    in_time = stage.now + DECIDES_EARLY < session.start
    if roll < habits.CANCELS and in_time:
        because = life.chance.choice((None, "illness", "other"))
        life.later(session.start - DECIDES_EARLY, "cancel", session=session, because=because)
    elif roll < habits.CANCELS + habits.CANCELS_LATE:
        life.later(session.start - DECIDES_LATE, "cancel", session=session)
    elif roll < habits.CANCELS + habits.CANCELS_LATE + habits.MOVES and in_time:
        life.later(session.start - MOVES_BEFORE, "move", session=session)
    attend(life, session)


def attend(life: Life, session: Session) -> None:
    """Put what comes around a session on the agenda, for the time it has now."""
    which: dict[str, Any] = {"session": session, "moves": session.moves}
    life.later(session.start - PRE_BEFORE, "before-session", **which)
    life.later(session.end, "session-over", **which)


def go_on(life: Life, stage: Stage, session: Session) -> None:
    """What follows a session that took place or did not: the next one that is not booked yet."""
    if session.service == "first-workout":
        used_up = session.over
        goes_on = habits.GOES_ON if not session.gone else habits.GOES_ON_AFTER_MISSING
        if used_up and life.chance.random() >= goes_on:
            life.later(stage.now, "leave")
        else:
            life.later(stage.now, "book-assessment" if used_up else "book-first")
    elif session.service == "assessment" and session.gone:
        life.later(stage.now, "book-assessment")
    elif session.service == "training" and session.chain < 2:
        others = [one for one in life.ahead(stage.now) if one.chain == session.chain]
        if not others:
            life.later(stage.now, "book-training", chain=session.chain)


@action("before-session")
async def before(life: Life, stage: Stage, session: Session, moves: int) -> None:
    """Look at the booking, and say how one comes; in a flare some stay at home."""
    if session.gone or session.moves != moves:
        return
    if life.body.in_flare(life.day(stage)) and life.chance.random() < habits.STAYS_AWAY_IN_FLARE:
        life.later(stage.now, "cancel", session=session, because="flare")
        return
    if life.chance.random() >= habits.ANSWERS["pre"] + life.person.keen:
        return
    seen = await stage.door.ask("read a booking", f"/v1/bookings/{session.id}", token=life.token)
    if seen.body["status"] == "confirmed":
        await reports.check_in(life, stage, "pre", booking=session.id)


@action("session-over")
async def over(life: Life, stage: Stage, session: Session, moves: int) -> None:
    """The trainer says whether the session took place, and looks at how the client does."""
    if session.gone or session.moves != moves:
        return
    door, token = stage.door, stage.trainers[session.trainer]
    where = f"/v1/bookings/{session.id}"
    seen = await door.ask("read a booking", where, token=token)
    if seen.body["status"] == "frozen":
        session.gone = True
        await door.send("cancel a frozen booking", "POST", f"{where}/cancel", {}, token=token)
        go_on(life, stage, session)
        return
    comes = life.chance.random() < habits.COMES[session.service]
    outcome = "complete" if comes else "no-show"
    said = await door.send(f"say {outcome}", "POST", f"{where}/{outcome}", token=token,
                           version=seen.body["version"])  # fmt: skip
    session.over, session.gone = said.body["status"] != "cancelled", not comes
    if comes:
        await _took_place(life, stage, session, token)
    go_on(life, stage, session)


@action("after-session")
async def after(life: Life, stage: Stage, session: Session) -> None:
    """Say how the session was."""
    told = min(stage.now, session.end + timedelta(minutes=life.chance.randint(5, 40)))
    pain = life.body.pain(life.day(stage)) + session.felt
    exercises = [
        {
            "option": option,
            "done": life.chance.random() < LEFT_OPTION_DONE,
            "worst_pain": life.body.said(pain + life.chance.uniform(0, 1.2)),
            "enjoyment": life.chance.randint(4, 10),
        }
        for option in session.options
    ]
    efforts = [life.planned_efforts[one] for one in session.options]
    effort = max(efforts, default=2) + life.chance.choice((-1, 0, 0, 0, 1))
    await reports.check_in(
        life, stage, "post", booking=session.id, pain=pain, at=at(told), exercises=exercises,
        effort=max(0, min(10, effort)), enjoyment=life.chance.randint(5, 10),
    )  # fmt: skip


@action("next-morning")
async def morning(life: Life, stage: Stage, session: Session) -> None:
    """Say how the morning after a session is."""
    await reports.check_in(life, stage, "next-morning", booking=session.id)


async def _took_place(life: Life, stage: Stage, session: Session, token: str) -> None:
    view = await _look(life, stage, token)
    if session.service == "training":
        session.options = _done_today(life, view)
    session.felt = life.body.train(life.day(stage), session.options)
    if session.service == "assessment":
        life.later(stage.now, "assess", session=session)
    keen = life.person.keen
    if life.chance.random() < habits.ANSWERS["post"] + keen:
        life.later(session.end + timedelta(minutes=10), "after-session", session=session)
    if life.chance.random() < habits.ANSWERS["next-morning"] + keen:
        when = life.at(session.end, reports.MORNING, days=1)
        life.later(when, "next-morning", session=session)


async def _look(life: Life, stage: Stage, token: str) -> dict[str, Any]:
    """The trainer looks at the client's page, and opens what was locked where it seems right."""
    path = f"/v1/clients/{life.client_id}/progress"
    view: dict[str, Any] = (await stage.door.ask("read progress", path, token=token)).body
    for hold in view["holds"]:
        if hold["kind"] == "option" and life.chance.random() < UNLOCKS:
            await reports.lift(life, stage, hold["id"], token)
    return view


def _done_today(life: Life, view: dict[str, Any]) -> tuple[str, ...]:
    """What trainer and client choose from what the plan offers today."""
    if view["plan"] is None or view["plan"]["status"] != "active":
        return ()
    menu = [one for one in view["plan"]["menu"] if one["planned"]]
    life.planned_efforts |= {one["option"]: one["effort"] for one in menu}
    codes = [one["option"] for one in menu]
    return tuple(life.chance.sample(codes, min(len(codes), life.chance.choice(OPTIONS_DONE))))


def is_over(session: Session, now: datetime) -> bool:
    """Whether its time has passed."""
    return session.end <= now
