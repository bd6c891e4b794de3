"""Booking, moving, cancelling and waiting, as clients do it."""

from datetime import datetime, timedelta
from typing import Any

from deploy.simulation import habits, sessions
from deploy.simulation.life import Life, Session, Stage, action, at, read_instant

DAYS_SEEN = ((1, 3), (4, 8), (9, 16))
"""Days ahead that somebody looks at, one page after the other until a time is free."""

CONSIDERED = 8
"""Times of a page that somebody compares."""

TRIES = 4
SOON = timedelta(hours=20)


@action("book-first", "first")
async def book_first(life: Life, stage: Stage) -> None:
    """Look around and book the free first workout."""
    person = life.person
    await stage.door.ask("look up an area", f"/v1/areas/{person.postal.replace(' ', '')}")
    slot = await _choose(life, stage, "first-workout")
    if slot is None:
        if life.tried("first-workout", TRIES):
            life.later(stage.now + SOON, "book-first")
        return
    wish = _time("first-workout", life, slot)
    held = await stage.door.send("hold a time", "POST", "/v1/holds", wish, also=("slot-taken",))
    if held.refusal:
        life.later(stage.now, "book-first")
        return
    body = {
        "hold": held.body["id"],
        "client": person.client(),
        "conditions": list(person.conditions),
        "goal": f"{person.goals[0]} without fear",
        "consent": {"reminders": person.reminders, "marketing": person.marketing},
        **_place(life),
    }
    life.tried("first booking", 1)
    key = f"simulated {stage.seed} {person.number} {life.tries['first booking']}"
    made = await stage.door.send("book a first workout", "POST", "/v1/bookings", body, key=key)
    is_new = not life.client_id
    life.client_id, life.trainer = made.body["client_id"], made.body["trainer"]["id"]
    sessions.expect(life, stage, _session(made.body))
    if is_new:
        life.since = stage.now
        sessions.begin(life, stage)


@action("book-assessment", "trainer")
async def book_assessment(life: Life, stage: Stage) -> None:
    """Book the assessment with the trainer of the first workout."""
    if await _book_one(life, stage, "assessment") is None and life.tried("assessment", TRIES):
        life.later(stage.now + SOON, "book-assessment")


@action("book-training", "trainer")
async def book_training(life: Life, stage: Stage, chain: int = 0) -> None:
    """Book the next training, or several weeks of it at once; `chain` 1 is a second one a week."""
    if chain == 0 and life.chance.random() < habits.SERIES:
        booked = await _book_series(life, stage)
    else:
        booked = await _book_one(life, stage, "training", chain)
    if booked is None and life.tried("training", TRIES * 5):
        life.later(stage.now + SOON, "book-training", chain=chain)
    elif booked is not None and not life.waits and life.chance.random() < habits.WAITS_TOO:
        await _wait(life, stage)


@action("move", "trainer")
async def move(life: Life, stage: Stage, session: Session) -> None:
    """Move a session to another time with the same trainer."""
    if session.gone or session.start <= stage.now + sessions.NOTICE:
        return
    slot = await _choose(life, stage, session.service, trainer=session.trainer)
    if slot is None:
        return
    now = await stage.door.ask("read a booking", f"/v1/bookings/{session.id}", token=life.token)
    if now.body["status"] != "confirmed":
        return
    moved = await stage.door.send(
        "move a booking",
        "POST",
        f"/v1/bookings/{session.id}/reschedule",
        {"start": slot["start"]},
        token=life.token,
        version=now.body["version"],
        also=("slot-taken",),
    )
    if moved.refusal:
        return
    session.start, session.end = read_instant(moved.body["start"]), read_instant(moved.body["end"])
    session.moves, stage.freed = session.moves + 1, True
    sessions.attend(life, session)


@action("cancel", "trainer")
async def cancel(life: Life, stage: Stage, session: Session, because: str | None = None) -> None:
    """Cancel a session that has not begun, and book again unless others are booked."""
    if session.gone or session.start <= stage.now:
        return
    session.gone = stage.freed = True
    await stage.door.send(
        "cancel a booking",
        "POST",
        f"/v1/bookings/{session.id}/cancel",
        {"because": because} if because else {},
        token=life.token,
    )
    sessions.go_on(life, stage, session)


@action("look-at-offer", "trainer")
async def look_at_offer(life: Life, stage: Stage) -> None:
    """See whether a time has come free for who waits; take it, or leave the list."""
    if not life.waits:
        return
    seen = await stage.door.ask("look at the waitlist", f"/v1/waitlist/{life.waits}",
                                token=life.token)  # fmt: skip
    offer, status = seen.body["offer"], seen.body["status"]
    if status in {"booked", "left", "ended"}:
        life.waits = ""
    elif offer is not None:
        start, end = read_instant(offer["start"]), read_instant(offer["end"])
        if not life.is_free(start, end) or life.chance.random() < 0.2:
            await stage.door.send("leave the waitlist", "DELETE", f"/v1/waitlist/{life.waits}",
                                  token=life.token)  # fmt: skip
            life.waits = ""
            return
        body = {"hold": offer["hold"], "client": life.person.client(), **_place(life)}
        made = await stage.door.send(
            "book what was offered", "POST", "/v1/bookings", body, token=life.token
        )
        life.waits = ""
        sessions.expect(life, stage, _session(made.body, chain=2))


async def _book_one(life: Life, stage: Stage, service: str, chain: int = 0) -> Session | None:
    slot = await _choose(life, stage, service)
    if slot is None:
        return None
    body = {**_time(service, life, slot), "client": life.person.client(), **_place(life)}
    made = await stage.door.send(
        f"book {service}", "POST", "/v1/bookings", body, token=life.token,
        also=("slot-taken", "safety-hold"),
    )  # fmt: skip
    if made.refusal:
        return None
    session = _session(made.body, chain)
    sessions.expect(life, stage, session)
    return session


async def _book_series(life: Life, stage: Stage) -> Session | None:
    slot = await _choose(life, stage, "training")
    if slot is None:
        return None
    body = {
        "service": "training",
        "mode": life.person.mode,
        "trainer": life.trainer,
        "first": slot["start"],
        "every_weeks": 1,
        "count": habits.SERIES_COUNT,
        "skip_conflicts": True,
        **_place(life),
    }
    made = await stage.door.send(
        "book a series", "POST", "/v1/series", body, token=life.token,
        also=("series-conflict", "safety-hold"),
    )  # fmt: skip
    if made.refusal:
        return None
    booked = [_session(one) for one in made.body["bookings"]]
    for session in booked:
        sessions.expect(life, stage, session)
    return booked[0] if booked else None


async def _wait(life: Life, stage: Stage) -> None:
    """Would rather come sooner than what was booked."""
    first = life.local(stage.now).date() + timedelta(days=1)
    body = {
        "service": "training",
        "mode": life.person.mode,
        "from": str(first),
        "to": str(first + timedelta(days=4)),
        "trainer": life.trainer,
    }
    if life.person.visits:
        body["postal"] = life.person.postal
    made = await stage.door.send("join the waitlist", "POST", "/v1/waitlist", body,
                                 token=life.token)  # fmt: skip
    life.waits = made.body["id"]


async def _choose(
    life: Life, stage: Stage, service: str, *, trainer: str | None = None
) -> dict[str, Any] | None:
    """A free time at an hour that suits them, of the first days that have one; None: there is none.

    Unless a trainer is named, the first workout is with whom Limber suggests, all else with the
    trainer they know.
    """
    person, today = life.person, life.local(stage.now).date()
    query = {"service": service, "mode": person.mode, "tz": person.city.tz}
    if person.visits:
        query["postal"] = person.postal
    if service == "first-workout" and trainer is None:
        query |= {"condition": person.conditions[0], "language": person.language}
    else:
        query["trainer"] = trainer or life.trainer
    for first, last in DAYS_SEEN:
        days = {"from": str(today + timedelta(days=first)), "to": str(today + timedelta(days=last))}
        reply = await stage.door.ask("look for times", "/v1/slots", token=life.token or None,
                                     query=query | days)  # fmt: skip
        free = [one for one in reply.body["slots"] if _suits(life, one)]
        from_hour, to_hour = person.hours
        liked = [one for one in free if from_hour <= _hour(one) < to_hour]
        if liked or free:
            found: dict[str, Any] = life.chance.choice((liked or free)[:CONSIDERED])
            return found
    return None


def _suits(life: Life, slot: dict[str, Any]) -> bool:
    return life.is_free(read_instant(slot["start"]), read_instant(slot["end"]))


def _hour(slot: dict[str, Any]) -> int:
    return datetime.fromisoformat(slot["local"]).hour


def _time(service: str, life: Life, slot: dict[str, Any]) -> dict[str, Any]:
    trainer = life.trainer if service != "first-workout" else slot["trainers"][0]["id"]
    wish = {
        "service": service,
        "mode": life.person.mode,
        "start": at(read_instant(slot["start"])),
        "trainer": trainer,
    }
    return wish | ({"postal": life.person.postal} if life.person.visits else {})


def _place(life: Life) -> dict[str, Any]:
    return {"address": life.person.address()} if life.person.visits else {}


def _session(booking: dict[str, Any], chain: int = 0) -> Session:
    return Session(
        id=booking["id"],
        service=booking["service"],
        trainer=booking["trainer"]["id"],
        start=read_instant(booking["start"]),
        end=read_instant(booking["end"]),
        chain=chain,
    )
